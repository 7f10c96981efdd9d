/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands a guest's PCI functions to vfio-pci, and puts them back as they were found. */

/*
 * Theory of operation
 *
 * start: observe, refuse what can be refused, write the record of every old value, walk the plan
 * (handover.h), and give the vfio groups' nodes to the user vxm. stop: the record alone says what
 * goes back, so it works without the configuration and after a start that was killed at any write;
 * what cannot be put back stays in the record, for the next stop. Without a record it puts back
 * what a udev rule took at boot for a start that was then refused. Both run under one lock for all
 * guests. A start that fails in the middle leaves the undoing to stop: systemd's ExecStopPost=.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admission.h"
#include "cleanup.h"
#include "cmdline.h"
#include "gate.h"
#include "giveback.h"
#include "guest.h"
#include "handover.h"
#include "host.h"
#include "isolation.h"
#include "isolationshow.h"
#include "isolationtell.h"
#include "log.h"
#include "program.h"
#include "record.h"
#include "recordlock.h"
#include "release.h"
#include "sysfs.h"
#include "takeover.h"

#define ISOLATE_KIND "isolate"
/* Together below the unit's timeouts, with room for the writes, so that a helper that waits in vain
 * says so before it is killed. Another guest's may wait for a holder, and then for the kernel; */
#define ISOLATE_LOCK_TIMEOUT_MS 75000
/* and a virtual machine that was killed frees its memory before its descriptors are closed. */
#define ISOLATE_HOLDER_TIMEOUT_MS 45000

static const char *arg_root;
static bool arg_dry_run;
static bool arg_json;
static bool arg_release;

static void tell(enum tell_kind kind, const char *text)
{
	if (kind == TELL_FAILURE)
		log_error("%s", text);
	else if (kind == TELL_WARNING)
		log_warning("%s", text);
	else
		log_info("%s", text);
}

static int load_record(const struct host *host, const char *name, struct record **ret)
{
	int r = record_load(host, name, ISOLATE_KIND, ret);

	if (r < 0 && r != -ENOENT)
		log_error("the record /run/vxm/%s/" ISOLATE_KIND
			  " cannot be read: %s; it says what "
			  "the devices were before, so it is not thrown away. Nothing was changed.",
			  name, strerror(-r));
	return r == -ENOENT ? 0 : r;
}

/* Loads the configuration and looks; GUEST, RECORD and ISO are the caller's to free. */
static int observe(const struct host *host, const char *name, struct guest **guest,
		   struct record **record, struct isolation *iso)
{
	int r = program_load_guest(host, name, guest);

	if (r >= 0)
		r = load_record(host, name, record);
	if (r < 0)
		return r;
	r = isolation_observe(host, *guest, *record, iso);
	r = r < 0 ? r : gate_look(host, iso);
	if (r < 0)
		log_error("the PCI devices, or what is on record in /run/vxm or /etc/vxm/prepared, "
			  "cannot be read: %s. Nothing was changed.",
			  strerror(-r));
	return r;
}

/* For a start that moves something, which has the lock, also asks those to let go whom the guest's
 * file says to ask. */
static int refuse(const struct host *host, const struct guest *guest, int lock_fd,
		  struct isolation *iso)
{
	struct refusal refusal = { 0 };
	int r = lock_fd >= 0 ? admission_start(host, guest, ADMISSION_START_MS, lock_fd, iso, tell,
					       &refusal)
			     : admission_check(host, guest, arg_dry_run ? 0 : ADMISSION_CHECK_MS,
					       iso, tell, &refusal);

	if (r < 0 && refusal.unsettled)
		log_error("%s; vxm-isolate stop %s puts back what was asked for", refusal.text,
			  guest->name);
	else if (r < 0)
		log_error("%s. Nothing was changed.", refusal.text);
	return r;
}

static int take(const struct host *host, const char *name, const struct isolation *iso,
		const struct handover_plan *plan, int lock_fd)
{
	struct handover_failure failure;
	int r = takeover_run(host, name, iso, plan, lock_fd, &failure);

	if (r < 0) {
		log_error("%s", failure.text);
		return r;
	}
	isolationtell_taken(iso, tell);
	return 0;
}

/* A dry run needs none: it writes nothing. */
static int lock(const struct host *host, int *ret_fd)
{
	int fd = arg_dry_run ? -1 : recordlock_take(host, ISOLATE_KIND, ISOLATE_LOCK_TIMEOUT_MS);

	*ret_fd = fd;
	if (fd >= 0 || arg_dry_run)
		return 0;
	if (fd == -ETIMEDOUT)
		log_error("another guest's devices have been on the move for %d s: systemctl "
			  "status 'vxm-isolate@*' says whose, and what for. Nothing was changed.",
			  ISOLATE_LOCK_TIMEOUT_MS / 1000);
	else
		log_error("/run/vxm/.lock/" ISOLATE_KIND
			  " cannot be locked: %s%s. Nothing was changed.",
			  strerror(-fd), program_remedy(fd));
	return fd;
}

static int verb_start(const struct host *host, const char *name)
{
	_cleanup_handover_plan_ struct handover_plan plan = { 0 };
	_cleanup_isolation_ struct isolation iso = { 0 };
	_cleanup_record_ struct record *record = NULL;
	_cleanup_guest_ struct guest *guest = NULL;
	_cleanup_recordlock_ int monitors_fd = -1;
	_cleanup_recordlock_ int lock_fd = -1;
	int r = lock(host, &lock_fd);

	if (r >= 0)
		monitors_fd = recordlock_hold_monitors(host);
	if (r >= 0)
		r = observe(host, name, &guest, &record, &iso);
	/* Before refuse(), which asks people to let go of the card once nothing speaks against it.
	 */
	if (r >= 0 && sysfs_exists(host, "bus/pci/drivers/%s", ISOLATION_DRIVER) < 0) {
		log_error("the kernel has no driver %s: modprobe vfio-pci says why (no such "
			  "module, or a line in modprobe.d keeps it out). Nothing was changed.",
			  ISOLATION_DRIVER);
		return -ENOENT;
	}
	if (r >= 0)
		r = refuse(host, guest, lock_fd, &iso);
	if (r < 0)
		return r;
	r = handover_plan_take(&iso, &plan);
	if (r < 0)
		return r;
	isolationtell_quirks(&iso, tell);
	if (!arg_dry_run)
		return take(host, name, &iso, &plan, lock_fd);
	r = release_print(stdout, host, guest, &iso);
	handover_print(stdout, &plan);
	return r;
}

static void report_return(const struct isolation_function *function, const struct giveback *result)
{
	isolationtell_returned(function, result, tell);
}

static int give_back(const struct host *host, const char *name, const struct isolation *iso,
		     int lock_fd)
{
	int record_error, r;

	r = giveback_run(host, name, iso, ISOLATE_HOLDER_TIMEOUT_MS, lock_fd, report_return,
			 &record_error);
	if (record_error < 0)
		log_error("the record in /run/vxm/%s cannot be brought up to date: %s", name,
			  strerror(-record_error));
	return r;
}

/* Of a start; or, where none came to be, what the boot took: recorded first, like a start's. */
static int recall(const struct host *host, const char *name, int lock_fd, struct isolation *iso)
{
	_cleanup_record_ struct record *record = NULL;
	int r = load_record(host, name, &record);

	if (r < 0)
		return r;
	r = record ? isolation_recall(host, record, lock_fd, iso)
		   : isolation_recall_prepared(host, name, iso);
	for (size_t i = 0; i < iso->count && arg_release; i++)
		iso->functions[i].keep = false;
	if (r >= 0 && !record && iso->count > 0 && !arg_dry_run)
		r = takeover_record(host, name, iso);
	if (r < 0)
		log_error("what /run/vxm/%s/" ISOLATE_KIND " or /etc/vxm/prepared/%s says cannot "
			  "be found again, or recorded: %s. Nothing was changed.",
			  name, name, strerror(-r));
	return r;
}

static int verb_stop(const struct host *host, const char *name)
{
	_cleanup_isolation_ struct isolation iso = { 0 };
	_cleanup_recordlock_ int lock_fd = -1;
	int r = lock(host, &lock_fd), released;
	bool units;

	if (r >= 0)
		r = recall(host, name, lock_fd, &iso);
	if (r < 0)
		return r;
	units = !isolation_is_kept(&iso);
	if (arg_dry_run) {
		r = handover_print_return(stdout, &iso);
		return r < 0 ? r : release_print_undo(stdout, host, name, units);
	}
	/* Also without a function: a start that was killed while saving left a temporary file. */
	r = give_back(host, name, &iso, lock_fd);
	released = release_undo(host, name, units, tell);
	return r < 0 ? r : released;
}

static int verb_check(const struct host *host, const char *name)
{
	_cleanup_isolation_ struct isolation iso = { 0 };
	_cleanup_record_ struct record *record = NULL;
	_cleanup_recordlock_ int monitors_fd = recordlock_hold_monitors(host);
	_cleanup_guest_ struct guest *guest = NULL;
	int r = observe(host, name, &guest, &record, &iso);

	return r < 0 ? r : refuse(host, guest, -1, &iso);
}

static int verb_show(const struct host *host, const char *name)
{
	_cleanup_isolation_ struct isolation iso = { 0 };
	_cleanup_record_ struct record *record = NULL;
	_cleanup_guest_ struct guest *guest = NULL;
	struct refusal refusal = { 0 };
	int r = observe(host, name, &guest, &record, &iso);

	if (r < 0)
		return r;
	refusal_find(guest, &iso, &refusal);
	if (arg_json)
		isolationshow_print_json(stdout, name, &iso, &refusal);
	else
		isolationshow_print(stdout, &iso, &refusal);
	return 0;
}

static const struct cmdline_verb verbs[] = {
	{ "check", "NAME", "say whether the guest's devices can be handed over; changes nothing",
	  verb_check },
	{ "start", "NAME", "hand them to " ISOLATION_DRIVER, verb_start },
	{ "stop", "NAME", "put them back as they were found", verb_stop },
	{ "show", "NAME", "show what moves, who else is in the groups, and the verdict",
	  verb_show },
	{ NULL, NULL, NULL, NULL },
};

static const struct cmdline_option options[] = {
	{ "root", "DIR", "look at the machine recorded below DIR", NULL, &arg_root },
	{ "dry-run", NULL, "print the steps of start or stop, and take none", &arg_dry_run, NULL },
	{ "json", NULL, "show: print JSON", &arg_json, NULL },
	{ "release", NULL, "stop: put back also what Release= keeps", &arg_release, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct cmdline cmdline = {
	.program = "vxm-isolate",
	.summary = "Hands a guest's PCI functions to " ISOLATION_DRIVER " and takes them back.",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	return program_run(&cmdline, &arg_root, argc, argv);
}
