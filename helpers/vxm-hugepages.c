/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds the huge pages one guest needs to the kernel's pools, and takes exactly these away. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cmdline.h"
#include "guest.h"
#include "host.h"
#include "hugechange.h"
#include "hugeclaim.h"
#include "hugeobtain.h"
#include "hugeshow.h"
#include "log.h"
#include "prepared.h"
#include "prepareplan.h"
#include "program.h"
#include "ready.h"
#include "record.h"
#include "sysfs.h"

#define HUGEPAGES_PROGRAM "vxm-hugepages"

static const char *arg_root;
static bool arg_dry_run;
static bool arg_json;

static void tell_undone(const char *guest, const struct hugepool *pool, uint64_t taken)
{
	char name[HUGEPOOL_NAME_SIZE];

	log_info("%s: %" PRIu64 " pages taken away, which a killed start or stop of %s had left",
		 hugepool_format(pool, name), taken, guest);
}

/* Takes the lock, brings all records up to date and reads this guest's. */
static int open_claim(const struct host *host, const char *name, struct hugeclaim *ret, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	int r = 0;

	if (!arg_dry_run) {
		ready_status("waiting for other guests' huge pages");
		fd = r = record_lock(host, HUGECLAIM_KIND);
	}
	if (r >= 0 && !arg_dry_run)
		r = hugechange_settle_all(host, name, tell_undone);
	if (r >= 0)
		r = hugeclaim_load(host, name, ret);
	if (r >= 0)
		r = hugeclaim_observe(host, ret);
	if (r < 0) {
		log_error("reading the records of huge pages (/run/vxm/*/" HUGECLAIM_KIND
			  ") failed: %s%s; nothing was changed",
			  strerror(-r), program_remedy(r));
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The node the GPU sits at, -1 where the machine does not say. */
static int find_node(const struct host *host, const struct guest *guest)
{
	char bdf[PCIADDR_SIZE];
	int node;

	if (!guest->gpu.has_device || sysfs_read_int(host, &node, "bus/pci/devices/%s/numa_node",
						     pciaddr_format(&guest->gpu.device, bdf)) < 0)
		return -1;
	return node;
}

static void tell_added(const struct hugeclaim *claim)
{
	char name[HUGEPOOL_NAME_SIZE];

	for (size_t i = 0; i < claim->count; i++)
		if (claim->parts[i].added > 0)
			log_info("%s: %" PRIu64 " pages added, %" PRIu64 " in the pool",
				 hugepool_format(&claim->parts[i].pool, name),
				 claim->parts[i].added, claim->parts[i].pool.total);
}

/* Gives back parts of every size but KEEP_KIB (0: of all sizes). */
static int give_back(const struct host *host, struct hugeclaim *claim, uint64_t keep_kib)
{
	char name[HUGEPOOL_NAME_SIZE];
	int r = 0;

	for (size_t i = 0; i < claim->count; i++) {
		struct hugeclaim_part *part = &claim->parts[i];
		uint64_t taken;
		int q;

		if (part->pool.page_kib == keep_kib || part->added == 0)
			continue;
		hugepool_format(&part->pool, name);
		if (arg_dry_run) {
			printf("%s: take %" PRIu64 " pages away\n", name, part->added);
			continue;
		}
		q = hugechange_shrink(host, claim, i, 0, 0, &taken);
		if (taken > 0)
			log_info("%s: %" PRIu64 " pages taken away, %" PRIu64 " in the pool", name,
				 taken, part->pool.total);
		if (q < 0) {
			log_error("%s: %" PRIu64 " pages are not given back: %s; systemctl start "
				  "and stop vxm-hugepages@%s.service tries again",
				  name, part->added,
				  q == -EAGAIN ? "the kernel keeps them" : strerror(-q),
				  claim->guest);
			r = q;
		}
	}
	return r;
}

static void tell_progress(uint64_t have, uint64_t need, bool compacting)
{
	ready_status("%" PRIu64 " of %" PRIu64 " huge pages%s", have, need,
		     compacting ? ", compacting memory for the others" : "");
}

static int obtain(const struct host *host, const struct guest *guest, struct hugeclaim *claim)
{
	uint64_t need = hugepool_need(guest->memory_kib, guest->hugepage_kib);
	uint64_t have = hugeclaim_usable(claim, guest->hugepage_kib);
	int node = find_node(host, guest), r;
	struct hugeobtain_shortage shortage = { .node = -1 };
	char text[1024];

	tell_progress(have, need, false);
	if (have >= need)
		return 0;
	if (arg_dry_run)
		r = hugeshow_plan(host, guest, need - have, node);
	else
		r = hugeobtain(host, claim, guest->hugepage_kib, need, node, tell_progress,
			       &shortage);
	if (r >= 0 && !arg_dry_run)
		tell_added(claim);
	else if (r == -ENOSPC)
		log_error("%s", hugeshow_shortage(guest, &shortage, text, sizeof(text)));
	else if (r == -ENOENT)
		log_error("%s", hugeshow_unknown_size(host, guest, text, sizeof(text)));
	else if (r < 0)
		log_error("adding %" PRIu64 " huge pages of %" PRIu64 " KiB failed: %s. %s", need,
			  guest->hugepage_kib, strerror(-r),
			  hugeshow_rest(guest, &shortage, text, sizeof(text)));
	return r;
}

/* A start whose record does not get closed has failed: the next helper of any guest would undo it.
 */
static int close_claim(const struct host *host, struct hugeclaim *claim, int result)
{
	int r = hugechange_end(host, claim, result >= 0);

	if (r < 0 && result >= 0)
		log_error("writing /run/vxm/%s/" HUGECLAIM_KIND " failed: %s; systemctl stop "
			  "vxm-hugepages@%s.service gives the pages back",
			  claim->guest, strerror(-r), claim->guest);
	return result < 0 ? result : r;
}

static int verb_start(const struct host *host, const char *name)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	_cleanup_guest_ struct guest *guest = NULL;
	_cleanup_close_ int lock_fd = -1;
	int r = program_load_guest(host, name, &guest);

	if (r < 0 || guest->hugepage_kib == 0)
		return r;
	r = open_claim(host, name, &claim, &lock_fd);
	if (r < 0)
		return r;
	hugechange_begin(&claim, true);
	/* First an earlier start's, of a size that is no longer configured. */
	r = give_back(host, &claim, guest->hugepage_kib);
	if (r >= 0)
		r = obtain(host, guest, &claim);
	return arg_dry_run ? r : close_claim(host, &claim, r);
}

static int verb_stop(const struct host *host, const char *name)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	_cleanup_close_ int lock_fd = -1;
	int r = open_claim(host, name, &claim, &lock_fd);

	if (r >= 0) {
		ready_status("giving huge pages back");
		hugechange_begin(&claim, false);
		r = give_back(host, &claim, 0);
	}
	/* A record of nothing, which a kill before the first write leaves. */
	if (r >= 0 && !arg_dry_run)
		r = record_remove(host, name, HUGECLAIM_KIND);
	return r;
}

static int verb_check(const struct host *host, const char *name)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	_cleanup_guest_ struct guest *guest = NULL;
	uint64_t have, need;
	char text[1024];
	int r = program_load_guest(host, name, &guest);

	if (r < 0 || guest->hugepage_kib == 0)
		return r;
	r = hugeclaim_load(host, name, &claim);
	if (r >= 0)
		r = hugeclaim_observe(host, &claim);
	if (r < 0) {
		log_error("reading /run/vxm/%s/" HUGECLAIM_KIND " failed: %s", name, strerror(-r));
		return r;
	}
	need = hugepool_need(guest->memory_kib, guest->hugepage_kib);
	have = hugeclaim_usable(&claim, guest->hugepage_kib);
	r = have >= need ? 0 : hugeshow_refuse(host, guest, need - have, text, sizeof(text));
	if (r > 0)
		log_error("%s", text);
	return r > 0 ? -ENOSPC : r;
}

static int verb_show(const struct host *host, const char *name)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	_cleanup_guest_ struct guest *guest = NULL;
	int r = program_load_guest(host, name, &guest);
	char text[1024];

	if (r < 0)
		return r;
	r = hugeclaim_load(host, name, &claim);
	if (r >= 0)
		r = hugeclaim_observe(host, &claim);
	if (r >= 0)
		r = hugeshow_print(host, guest, &claim, arg_json);
	if (r == -ENOENT)
		log_error("%s", hugeshow_unknown_size(host, guest, text, sizeof(text)));
	else if (r < 0)
		log_error("reading the pools of huge pages failed: %s", strerror(-r));
	return r;
}

/* Each guest for itself: one that is configured wrongly does not cost the others their pages. */
static int verb_boot(const struct host *host, const char *argument)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int failed = 0, r = prepared_list(host, &names);

	(void)argument;
	if (r < 0)
		log_error("listing the prepared guests failed: %s", strerror(-r));
	for (size_t i = 0; r >= 0 && i < names.count; i++) {
		log_open(HUGEPAGES_PROGRAM, names.items[i]);
		/* The generator has said so: nothing is taken for a guest that cannot start. */
		if (!prepareplan_is_possible(host, names.items[i]))
			continue;
		if (verb_start(host, names.items[i]) < 0)
			failed = -EIO;
	}
	return r < 0 ? r : failed;
}

static const struct cmdline_verb verbs[] = {
	{ "check", "NAME", "say whether the guest's pages could be had now", verb_check },
	{ "start", "NAME", "add the guest's pages to the pool", verb_start },
	{ "stop", "NAME", "take away what start added", verb_stop },
	{ "show", "NAME", "show what the guest needs and has, and the pools", verb_show },
	{ "boot", NULL, "start for every prepared guest, while memory is whole", verb_boot },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline_option options[] = {
	{ "root", "DIR", "look at the machine recorded in DIR", NULL, &arg_root },
	{ "dry-run", NULL, "print what start or stop would write, and write nothing", &arg_dry_run,
	  NULL },
	{ "json", NULL, "show as JSON", &arg_json, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = {
	.program = HUGEPAGES_PROGRAM,
	.summary = "vxm-hugepages: the memory of a VxM guest, in huge pages",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	return program_run(&cmdline, &arg_root, argc, argv);
}
