/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine lacks for guests, whichever card they get: programs, firmware, memory, keys. */
#include "hostcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware.h"
#include "freemem.h"
#include "guestfile.h"
#include "hugepool.h"
#include "inputdev.h"
#include "memlock.h"
#include "qemuargs.h"
#include "sysfs.h"
#include "tpmstate.h"

#define LIVE_FIX    "ask on the machine itself: sudo vxm check"
#define GIB_IN_KIB  ((uint64_t)1 << 20)
#define PAGE_2M_KIB 2048
/* Windows 11 asks for 4 GiB, and a desktop beside it for as much. */
#define MEMORY_LEAST_KIB (8 * GIB_IN_KIB)

struct hostcheck {
	const struct host *host;
	const struct guest *guest;
	struct reason_list *reasons;
};

static bool is_there(const struct hostcheck *check, const char *path)
{
	struct stat st;

	return fstatat(check->host->root_fd, path, &st, 0) == 0;
}

/* A record of sysfs alone says nothing about what is installed. */
static bool is_recorded(const struct hostcheck *check, const char *path, const char *code,
			const char *what)
{
	if (!check->host->recorded || is_there(check, path))
		return true;
	reason_add(check->reasons, REASON_UNSEEN, code, LIVE_FIX,
		   "%s: not on record (there is no /%s)", what, path);
	return false;
}

static void check_programs(const struct hostcheck *check)
{
	bool tpm = !check->guest || check->guest->tpm;

	if (!is_there(check, QEMUARGS_PROGRAM + 1))
		reason_add(check->reasons, REASON_BLOCKS, "qemu",
			   "sudo apt install qemu-system-x86", "%s is not installed",
			   QEMUARGS_PROGRAM);
	if (tpm &&
	    (!is_there(check, TPMSTATE_SWTPM + 1) || !is_there(check, TPMSTATE_SWTPM_SETUP + 1)))
		reason_add(check->reasons, REASON_BLOCKS, "tpm",
			   "sudo apt install swtpm swtpm-tools (or say TPM=no in [Guest] of the "
			   "guest's file, for a guest that does without)",
			   "%s or %s is not installed, and Windows 11 wants a TPM", TPMSTATE_SWTPM,
			   TPMSTATE_SWTPM_SETUP);
}

static void check_firmware(const struct hostcheck *check)
{
	_cleanup_firmware_ struct firmware firmware = { 0 };
	bool plain = check->guest && check->guest->firmware == GUEST_FIRMWARE_UEFI;
	int r = firmware_find(check->host, plain ? FIRMWARE_PLAIN : FIRMWARE_SECURE, &firmware);

	if (r >= 0 && is_there(check, firmware.executable.filename + 1) &&
	    is_there(check, firmware.nvram_template.filename + 1))
		return;
	reason_add(check->reasons, REASON_BLOCKS, "firmware",
		   r >= 0 ? "sudo apt install --reinstall ovmf" : "sudo apt install ovmf",
		   r >= 0 ? "%sUEFI firmware is described and its files are not there"
			  : "%sUEFI firmware is not installed (no descriptor in "
			    "/usr/share/qemu/firmware)",
		   plain ? "" : "secure-boot ");
}

static void check_kvm(const struct hostcheck *check)
{
	if (is_there(check, "dev/kvm") || (check->guest && check->guest->accel == GUEST_ACCEL_TCG))
		return;
	reason_add(
		check->reasons, REASON_BLOCKS, "kvm",
		"switch on virtualisation in the firmware's setup (\"SVM Mode\" of AMD, \"VT-x\" "
		"of Intel); if it is on: sudo modprobe -a kvm_amd kvm_intel says why not",
		"there is no /dev/kvm: the processor's virtualisation is off, or its module not "
		"loaded");
}

static void check_memory(const struct hostcheck *check)
{
	uint64_t available, total;

	if (freemem_machine(check->host, &available, &total) < 0) {
		reason_add(check->reasons, REASON_UNSEEN, "memory", LIVE_FIX,
			   "the memory: /proc/meminfo cannot be read");
		return;
	}
	if (!check->guest && total < MEMORY_LEAST_KIB - GIB_IN_KIB)
		reason_add(check->reasons, REASON_WARNS, "memory",
			   "put in more: half of it, and at least 4 GiB, is what Memory= can name",
			   "the machine has %" PRIu64
			   " GiB of memory, and a guest's are taken whole",
			   total / GIB_IN_KIB);
	if (check->guest && check->guest->memory_kib + GIB_IN_KIB > total)
		reason_add(check->reasons, REASON_BLOCKS, "memory",
			   "lower Memory= in [Guest] of the guest's file",
			   "the guest is to have %" PRIu64 " MiB, and the machine has %" PRIu64
			   " MiB in all",
			   check->guest->memory_kib / 1024, total / 1024);
}

/* Why memory is used while no guest runs. */
static void check_pages(const struct hostcheck *check)
{
	_cleanup_free_ struct hugepool *pools = NULL;
	uint64_t idle = 0, total = 0;
	size_t count;

	if (check->guest || hugepool_list(check->host, PAGE_2M_KIB, &pools, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		idle += pools[i].free;
		total += pools[i].total;
	}
	if (idle * PAGE_2M_KIB >= GIB_IN_KIB)
		reason_add(check->reasons, REASON_WARNS, "pages-kept",
			   "vxm-hugepages show NAME says whose they are; systemctl stop "
			   "vxm-prepare@NAME.target gives a prepared guest's back; sysctl "
			   "vm.nr_hugepages those of nobody",
			   "%" PRIu64 " MiB are set aside as huge pages and unused (of %" PRIu64
			   " MiB): programs of the host cannot have them",
			   idle * PAGE_2M_KIB / 1024, total * PAGE_2M_KIB / 1024);
}

static void check_memlock(const struct hostcheck *check)
{
	char file[256];

	if (memlock_is_unlimited(check->host, check->guest ? check->guest->name : NULL, file) != 0)
		return;
	reason_add(check->reasons, REASON_BLOCKS, "memlock",
		   "remove LimitMEMLOCK= from that file, then: sudo systemctl daemon-reload",
		   "%s limits the memory that the guest's unit may lock, and VFIO locks all of the "
		   "guest's",
		   file);
}

static void report_keyboard(const struct hostcheck *check, const struct inputdev *dev)
{
	static const char *const toggles[] = { "alt-alt", "shift-shift", "meta-meta",
					       "scrolllock" };
	char fix[192] = "use a keyboard that has both, on one node";

	for (size_t i = 0; i < ARRAY_SIZE(toggles); i++)
		if (inputdev_has_toggle(dev, toggles[i])) {
			snprintf(fix, sizeof(fix), "say Toggle=%s in [Input] of the guest's file",
				 toggles[i]);
			break;
		}
	reason_add(check->reasons, REASON_WARNS, "ctrl-keys", fix,
		   "the keyboard %s (%s) has not both Ctrl keys, which move keyboard and mouse to "
		   "the guest and back",
		   dev->name, dev->path);
}

/* Of a guest, guestfit asks about the very keyboards it names. */
static void check_keyboards(const struct hostcheck *check)
{
	_cleanup_inputdev_list_ struct inputdev_list list = { 0 };
	const struct inputdev *lacking = NULL;
	size_t found = 0;
	int r;

	if (sysfs_exists(check->host, "class/input") < 0) {
		reason_add(check->reasons, REASON_UNSEEN, "keyboard", LIVE_FIX,
			   "keyboards: there is no input device in sysfs");
		return;
	}
	r = inputdev_scan(check->host, &list);
	for (size_t i = 0; r >= 0 && i < list.count; i++) {
		const struct inputdev *dev = &list.items[i];

		if (inputdev_classify(&list, dev) != INPUTDEV_KEYBOARD)
			continue;
		if (inputdev_has_toggle(dev, "ctrl-ctrl"))
			return;
		found++;
		lacking = dev;
	}
	if (lacking)
		report_keyboard(check, lacking);
	else if (found == 0)
		reason_add(check->reasons, REASON_WARNS, "keyboard",
			   "plug one in; the guest's file names it in [Input]",
			   "no keyboard is connected that a guest could share");
}

static void check_names(const struct hostcheck *check)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;

	(void)guestfile_list_misnamed(check->host, &names);
	for (size_t i = 0; i < names.count; i++)
		reason_add(check->reasons, REASON_WARNS, "guest-name",
			   "rename it to " GUESTFILE_NAMES,
			   "/" GUESTFILE_DIRECTORY
			   "/%s is no guest's file by its name, and passed over",
			   names.items[i]);
}

void hostcheck_run(const struct host *host, const struct machine *machine,
		   const struct guest *guest, struct reason_list *reasons)
{
	const struct hostcheck check = { host, guest, reasons };

	if (machine->laptop)
		reason_add(
			reasons, REASON_WARNS, "laptop",
			"see on which GPU the outputs are (list-gpus, class 0302 has none); "
			"NVIDIA's want their own ROM= in [GPU], and no output wants Looking Glass",
			"%s is a laptop: its screen often hangs on the processor's GPU alone",
			machine->product[0] ? machine->product : "this");
	if (is_recorded(&check, "usr", "programs", "QEMU, TPM and firmware")) {
		check_programs(&check);
		check_firmware(&check);
		check_memlock(&check);
	}
	if (is_recorded(&check, "dev", "kvm", "/dev/kvm"))
		check_kvm(&check);
	check_names(&check);
	check_memory(&check);
	check_pages(&check);
	if (!guest)
		check_keyboards(&check);
}
