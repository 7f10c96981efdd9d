/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person types first: which GPUs there are, whether a guest could have one, and a record of
 * the machine for somebody else to answer the same. */
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "checkupshow.h"
#include "cmdline.h"
#include "gpushow.h"
#include "log.h"
#include "program.h"
#include "recording.h"

static const char *arg_root;
static bool arg_json;

static void tell_unreadable(int r)
{
	if (r == -ENOENT)
		log_error("there is no PCI bus in the sysfs of %s%s: is it the root of a recorded "
			  "machine?",
			  arg_root ? "--root=" : "this machine", arg_root ? arg_root : "");
	else
		log_error("the PCI devices cannot be read: %s", strerror(-r));
}

static int verb_list_gpus(const struct host *host, const char *argument)
{
	_cleanup_gpu_list_ struct gpu_list gpus = { 0 };
	_cleanup_hwname_ struct hwname *names = NULL;
	int r = gpu_scan(host, &gpus);

	(void)argument;
	if (r < 0) {
		tell_unreadable(r);
		return r;
	}
	if (arg_json) {
		gpushow_print_json(stdout, &gpus);
		return 0;
	}
	if (gpus.count == 0)
		log_info("there is no GPU among the %zu PCI functions of this machine",
			 gpus.functions.count);
	/* Without the database the addresses and numbers still stand there. */
	(void)hwname_open(&names);
	return gpushow_print(stdout, gpus.items, gpus.count, names);
}

/* 1: good; 0: not; -errno, which was told. With --json the verdict is in what was printed. */
static int check(const struct host *host, const struct pciaddr *addr, struct guest *guest)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	_cleanup_hwname_ struct hwname *names = NULL;
	char bdf[PCIADDR_SIZE];
	int r = checkup_run(host, addr, guest, &checkup);

	if (r < 0) {
		if (r == -ENODEV)
			log_error("no PCI function is at %s; vxm list-gpus lists the GPUs",
				  pciaddr_format(addr, bdf));
		else
			tell_unreadable(r);
		return r;
	}
	if (arg_json) {
		checkupshow_print_json(stdout, &checkup);
		return 0;
	}
	(void)hwname_open(&names);
	r = checkupshow_print(stdout, host, &checkup, names);
	return r >= 0 && !checkup_is_good(&checkup) ? -EPERM : r;
}

static int verb_check(const struct host *host, const char *argument)
{
	(void)argument;
	return check(host, NULL, NULL);
}

/* A colon is in every address, and in no guest's name. */
static int verb_check_one(const struct host *host, const char *argument)
{
	struct guest *guest;
	struct pciaddr addr;
	char full[32];
	int r;

	if (!strchr(argument, ':')) {
		r = program_load_guest(host, argument, &guest);
		return r < 0 ? r : check(host, NULL, guest);
	}
	/* As lspci writes it where there is one domain: 01:00.0. */
	snprintf(full, sizeof(full), "%s%.20s", strlen(argument) == 7 ? "0000:" : "", argument);
	r = pciaddr_parse(full, &addr);
	if (r < 0) {
		log_error("\"%s\" is neither an address such as 0000:01:00.0 nor a guest's name",
			  argument);
		return r;
	}
	return check(host, &addr, NULL);
}

static void tell_unrecorded(const char *dir, int r)
{
	switch (r) {
	case -ENOTEMPTY:
	case -EEXIST:
	case -ENOTDIR:
	case -EBUSY:
		log_error("%s is there already%s: name a directory that is not there yet. Nothing "
			  "was recorded.",
			  dir, r == -ENOTDIR ? "" : " and not empty");
		break;
	case -EACCES:
	case -EPERM:
	case -EROFS:
		log_error("making %s beside its place failed: %s: name a directory where you may "
			  "write. Nothing was recorded.",
			  dir, strerror(-r));
		break;
	default:
		log_error("recording this machine in %s failed: %s. Nothing was left behind.", dir,
			  strerror(-r));
	}
}

static int verb_record(const struct host *host, const char *argument)
{
	struct recording recording;
	int r = recording_make(host, argument, &recording);

	if (r < 0) {
		tell_unrecorded(argument, r);
		return r;
	}
	log_info("recorded %zu files in %s; vxm check --root=%s answers from them", recording.files,
		 argument, argument);
	log_info("left out: serial numbers of the machine, its monitors, disks and input devices, "
		 "MAC addresses, the host's name, processes, mounts, networks, and the guests' "
		 "files (if one belongs to the report, read it and copy it to "
		 "%s/etc/vxm/guests)",
		 argument);
	if (recording.unseen > 0)
		log_info(
			"not recorded: %zu files that only root may read whole, such as the config "
			"space of bridges, which tells their ACS: sudo vxm record",
			recording.unseen);
	return 0;
}

static const struct cmdline_verb verbs[] = {
	{ "list-gpus", NULL, "list the GPUs, what moves with each, and who shares its IOMMU group",
	  verb_list_gpus },
	{ "check", NULL, "say whether a guest could have one of them, and what to put right first",
	  verb_check },
	{ "check", "NAME|BDF", "the same of a guest and all that it asks for, or of one device",
	  verb_check_one },
	{ "record", "DIR", "record the machine for a bug report, without serial numbers",
	  verb_record },
	{ NULL, NULL, NULL, NULL },
};

static const struct cmdline_option options[] = {
	{ "root", "DIR", "look at the machine recorded below DIR", NULL, &arg_root },
	{ "json", NULL, "print JSON", &arg_json, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct cmdline cmdline = {
	.program = "vxm",
	.summary = "Whether a GPU of this machine can be given to a guest, and what stands against "
		   "it.",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	/* For the branches of a tree, and names in UTF-8. */
	setlocale(LC_CTYPE, "");
	return program_run(&cmdline, &arg_root, argc, argv);
}
