/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the machine has, now, all that a guest's file asks for beside its cards. */
#include "guestfit.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "deadline.h"
#include "gate.h"
#include "hugeclaim.h"
#include "hugeshow.h"
#include "inputmatch.h"
#include "isolation.h"
#include "preflight.h"
#include "refusal.h"
#include "releasable.h"

#define PREFLIGHT_TIMEOUT_MS 10000
#define GUEST_USER	     "vxm"

/* The sentences of refusal.c and preflight.c end in the way out, after their last colon. */
static void add_sentence(struct reason_list *reasons, const char *code, const char *sentence)
{
	const char *fix = NULL;

	for (const char *p = sentence; (p = strstr(p, ": ")); p += 2)
		fix = p;
	if (fix)
		reason_add(reasons, REASON_BLOCKS, code, fix + 2, "%.*s", (int)(fix - sentence),
			   sentence);
	else
		reason_add(reasons, REASON_BLOCKS, code, "see vxm-guest.conf(5)", "%s", sentence);
}

/* A line with the guest's name at its end, to be copied as it is. Returns buf. */
#define LINE_SIZE 192
static const char *line(char buf[static LINE_SIZE], const char *command, const struct guest *guest,
			const char *end)
{
	snprintf(buf, LINE_SIZE, "%s%s%s", command, guest->name, end);
	return buf;
}

static void add_refusal(const struct guest *guest, const struct refusal *refusal,
			struct reason_list *reasons)
{
	struct guest_origin origin = guest_where(guest, &guest->gpu.device);
	char fix[512];

	if (refusal->code != REFUSAL_ABSENT && refusal->code != REFUSAL_IDENTITY) {
		add_sentence(reasons, refusal_word(refusal->code), refusal->text);
		return;
	}
	snprintf(fix, sizeof(fix),
		 "correct Device= and Identity= in %s; vxm list-gpus shows both of each card",
		 origin.file ? origin.file : "the guest's file");
	reason_add(reasons, REASON_BLOCKS, refusal_word(refusal->code), fix, "%s", refusal->text);
}

/* Of whom a start would ask to let go, cardcheck tells. */
static void stay_silent(enum tell_kind kind, const char *text)
{
	(void)kind;
	(void)text;
}

static void check_devices(const struct host *host, const struct guest *guest,
			  const struct strlist *known, struct reason_list *reasons)
{
	_cleanup_isolation_ struct isolation iso = { 0 };
	_cleanup_record_ struct record *record = NULL;
	struct refusal refusal = { 0 };
	char fix[LINE_SIZE];
	int r = record_load(host, guest->name, "isolate", &record);

	if (r >= 0 || r == -ENOENT)
		r = isolation_observe(host, guest, record, &iso);
	if (r >= 0)
		r = gate_look(host, &iso);
	if (r >= 0)
		releasable_set_aside(guest, &iso, stay_silent);
	if (r < 0) {
		reason_add(reasons, REASON_UNSEEN, "devices",
			   line(fix, "sudo vxm-isolate check ", guest, ""),
			   "what is on record of the guest's devices: %s", strerror(-r));
		return;
	}
	if (!refusal_find(guest, &iso, &refusal) ||
	    strlist_has(known, refusal_word(refusal.code)) ||
	    (refusal.code == REFUSAL_HELD && iso.holders.count == 0)) /* nobody is seen */
		return;
	add_refusal(guest, &refusal, reasons);
}

static void check_generated(const struct host *host, const struct guest *guest,
			    struct reason_list *reasons)
{
	char file[256];

	if (guest_is_generated(host, guest->name, file) != 0)
		return;
	reason_add(reasons, REASON_BLOCKS, "not-loaded", "sudo systemctl daemon-reload",
		   "systemd has not read %s as it is now", file);
}

static void check_pages(const struct host *host, const struct guest *guest,
			struct reason_list *reasons)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	char text[1024], fix[LINE_SIZE];
	uint64_t have, need;
	int r;

	if (guest->hugepage_kib == 0)
		return;
	r = hugeclaim_load(host, guest->name, &claim);
	if (r >= 0)
		r = hugeclaim_observe(host, &claim);
	if (r >= 0) {
		need = hugepool_need(guest->memory_kib, guest->hugepage_kib);
		have = hugeclaim_usable(&claim, guest->hugepage_kib);
		r = have >= need ? 0
				 : hugeshow_refuse(host, guest, need - have, text, sizeof(text));
	}
	if (r > 0)
		reason_add(
			reasons, REASON_BLOCKS, "pages",
			line(fix,
			     "lower Memory= in [Guest], or have them made at each start of the "
			     "machine, while memory is whole: sudo systemctl enable vxm-prepare@",
			     guest, ".target"),
			"%s", text);
	else if (r < 0)
		reason_add(reasons, REASON_UNSEEN, "pages",
			   line(fix, "sudo vxm-hugepages show ", guest, ""),
			   "the pools of huge pages: %s", strerror(-r));
}

static void check_inputs(const struct host *host, const struct guest *guest,
			 struct reason_list *reasons)
{
	_cleanup_inputmatch_choices_ struct inputmatch_choices choices = { 0 };
	struct guest_error error = { .text = "" };
	int r;

	if (guest->input_count == 0)
		return;
	r = inputmatch_resolve(host, guest, &choices, &error);
	if (r < 0) {
		reason_add(
			reasons, r == -ENOENT ? REASON_UNSEEN : REASON_BLOCKS, "input",
			"plug it in, or correct [Input]; sudo vxm-access show lists what there is",
			"%s", error.text[0] ? error.text : "keyboards and mice: not on record");
		return;
	}
	for (size_t i = 0; i < choices.count; i++) {
		const struct inputmatch_choice *choice = &choices.items[i];

		if (!choice->is_keyboard || choice->has_toggle)
			continue;
		reason_add(
			reasons, REASON_WARNS, "ctrl-keys",
			"say another Toggle= in [Input] (alt-alt, shift-shift, meta-meta, "
			"scrolllock), or name another keyboard",
			"the keyboard %s (%s) has not both keys of Toggle=%s, which move keyboard "
			"and mouse to the guest and back",
			choice->dev.name, choice->dev.path,
			choice->section->toggle ? choice->section->toggle : "ctrl-ctrl");
	}
}

struct job {
	const struct host *host;
	const struct guest *guest;
	struct guest_error *error; /* shared with the child */
	uid_t uid;
	gid_t groups[2];
};

/* What vxm-check@.service runs as: User=vxm, SupplementaryGroups=kvm. */
static int look_as_user(void *data)
{
	const struct job *job = data;
	_cleanup_guest_ struct guest *readable = NULL;
	int r;

	if (setgroups(2, job->groups) < 0 ||
	    setresgid(job->groups[0], job->groups[0], job->groups[0]) < 0 ||
	    setresuid(job->uid, job->uid, job->uid) < 0)
		return -errno;
	/* A file that only root can read was read well up to here; its start would be refused. */
	r = guest_load(job->host, job->guest->name, &readable, job->error);
	return r < 0 ? r : preflight_run(job->host, job->guest, job->error);
}

/* 0, -errno with the story in ret_error; -EUCLEAN: there is no such user. */
static int run_as_user(const struct host *host, const struct guest *guest,
		       struct guest_error *ret_error)
{
	const struct passwd *user = getpwnam(GUEST_USER);
	const struct group *kvm = getgrnam("kvm");
	struct job job = { .host = host, .guest = guest };
	int r;

	if (!user)
		return -EUCLEAN;
	job.uid = user->pw_uid;
	job.groups[0] = user->pw_gid;
	job.groups[1] = kvm ? kvm->gr_gid : user->pw_gid;
	job.error = mmap(NULL, sizeof(*job.error), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job.error == MAP_FAILED)
		return -ENOMEM;
	r = deadline_run(look_as_user, &job, PREFLIGHT_TIMEOUT_MS, -1, NULL);
	*ret_error = *job.error;
	munmap(job.error, sizeof(*job.error));
	return r;
}

static void check_files(const struct host *host, const struct guest *guest,
			struct reason_list *reasons)
{
	bool as_user = !host->recorded && geteuid() == 0;
	struct guest_error error = { .text = "" };
	char fix[LINE_SIZE];
	int r = as_user ? run_as_user(host, guest, &error) : preflight_run(host, guest, &error);

	if (r == 0)
		return;
	if (r == -EUCLEAN)
		reason_add(reasons, REASON_BLOCKS, "user", "sudo systemd-sysusers",
			   "there is no user " GUEST_USER ", as whom QEMU runs");
	else if (host->recorded)
		reason_add(reasons, REASON_UNSEEN, "files",
			   line(fix, "ask on the machine itself: sudo vxm check ", guest, ""), "%s",
			   error.text[0] ? error.text : strerror(-r));
	else if (!as_user && (r == -EACCES || r == -EPERM))
		reason_add(reasons, REASON_UNSEEN, "files", line(fix, "sudo vxm check ", guest, ""),
			   "disks, firmware and /dev/kvm as the user " GUEST_USER
			   " would find them: that takes root");
	else
		add_sentence(reasons, "files", error.text[0] ? error.text : strerror(-r));
}

void guestfit_run(const struct host *host, const struct guest *guest, const struct strlist *known,
		  struct reason_list *reasons)
{
	check_devices(host, guest, known, reasons);
	check_generated(host, guest, reasons);
	check_pages(host, guest, reasons);
	check_inputs(host, guest, reasons);
	check_files(host, guest, reasons);
}
