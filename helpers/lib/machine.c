/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kind of machine this is, and why its IOMMU is off. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs.h"

/*
 * Theory of operation
 *
 * An IOMMU is on when functions are in groups; no command line and no table proves it. Where none
 * is in a group, the ACPI table tells whose fault it is: without a DMAR (Intel) or IVRS (AMD) the
 * firmware keeps the IOMMU off, with one the kernel does. The table's contents are root's, its name
 * is everybody's. Intel's is off by default in kernels without CONFIG_INTEL_IOMMU_DEFAULT_ON; AMD's
 * is on by default wherever there is a table, and amd_iommu=on is not a word that the kernel knows.
 */

#define TEXT_MAX ((size_t)256 * 1024)

static enum machine_cpu cpu_of_ids(const struct gpu_list *gpus)
{
	for (size_t i = 0; i < gpus->functions.count; i++) {
		const struct pcidev *dev = &gpus->functions.items[i];

		if (dev->class >> 8 != 0x0600)
			continue;
		if (dev->ids.vendor == 0x8086)
			return MACHINE_CPU_INTEL;
		if (dev->ids.vendor == 0x1022 || dev->ids.vendor == 0x1002 ||
		    dev->ids.vendor == 0x1d94)
			return MACHINE_CPU_AMD;
	}
	return MACHINE_CPU_UNKNOWN;
}

static enum machine_cpu observe_cpu(const struct host *host, const struct gpu_list *gpus)
{
	char text[1024];
	_cleanup_close_ int fd = host_openat(host, "proc/cpuinfo", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (strstr(text, "GenuineIntel"))
		return MACHINE_CPU_INTEL;
	if (strstr(text, "AuthenticAMD") || strstr(text, "HygonGenuine"))
		return MACHINE_CPU_AMD;
	return cpu_of_ids(gpus);
}

/* SMBIOS, "System Enclosure or Chassis Types". */
static bool is_portable(uint64_t chassis)
{
	return (chassis >= 8 && chassis <= 11) || chassis == 14 || (chassis >= 30 && chassis <= 32);
}

/* A battery of the machine itself; mice and headsets have some too, of scope "Device". */
static bool has_battery(const struct host *host)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;

	if (sysfs_list(host, &names, "class/power_supply") < 0)
		return false;
	for (size_t i = 0; i < names.count; i++) {
		char text[64];

		if (sysfs_read(host, text, sizeof(text), "class/power_supply/%s/type",
			       names.items[i]) >= 0 &&
		    strcmp(text, "Battery") == 0 &&
		    (sysfs_read(host, text, sizeof(text), "class/power_supply/%s/scope",
				names.items[i]) < 0 ||
		     strcmp(text, "Device") != 0))
			return true;
	}
	return false;
}

static void observe_dmi(const struct host *host, struct machine *machine)
{
	char vendor[64], product[60];
	uint64_t chassis;

	if (sysfs_read(host, vendor, sizeof(vendor), "class/dmi/id/sys_vendor") >= 0 &&
	    sysfs_read(host, product, sizeof(product), "class/dmi/id/product_name") >= 0)
		snprintf(machine->product, sizeof(machine->product), "%s %s", vendor, product);
	if (sysfs_read_u64(host, &chassis, "class/dmi/id/chassis_type") >= 0)
		machine->laptop = is_portable(chassis);
	machine->laptop = machine->laptop || has_battery(host);
}

static enum machine_table observe_table(const struct host *host)
{
	if (sysfs_exists(host, "firmware/acpi/tables/DMAR") == 0 ||
	    sysfs_exists(host, "firmware/acpi/tables/IVRS") == 0)
		return MACHINE_TABLE_PRESENT;
	return sysfs_exists(host, "firmware/acpi/tables") == 0 ? MACHINE_TABLE_ABSENT
							       : MACHINE_TABLE_UNKNOWN;
}

int machine_observe(const struct host *host, const struct gpu_list *gpus, struct machine *ret)
{
	struct machine machine = { .cpu = observe_cpu(host, gpus) };
	int r = host_read_file(host, "proc/cmdline", TEXT_MAX, &machine.cmdline, NULL);

	if (r == -ENOMEM)
		return r;
	observe_dmi(host, &machine);
	machine.table = observe_table(host);
	machine.has_groups = gpus->index.count > 0;
	*ret = machine;
	return 0;
}

void machine_done(struct machine *machine)
{
	free(machine->cmdline);
	*machine = (struct machine){ 0 };
}

bool machine_has_option(const struct machine *machine, const char *option)
{
	size_t length = strlen(option);
	const char *p = machine->cmdline;

	while (p && *p) {
		size_t word = strcspn(p, " \n");

		if (word == length && memcmp(p, option, word) == 0)
			return true;
		p += word;
		p += strspn(p, " \n");
	}
	return false;
}

#define GRUB	     "GRUB_CMDLINE_LINUX in /etc/default/grub, then sudo update-grub, and restart"
#define KERNEL_INTEL "add intel_iommu=on to the kernel's command line: " GRUB

/* The word that keeps the IOMMU off, or NULL. */
static const char *find_off(const struct machine *machine)
{
	static const char *const words[] = { "iommu=off", "intel_iommu=off", "amd_iommu=off",
					     "acpi=off" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (machine_has_option(machine, words[i]))
			return words[i];
	return NULL;
}

/* What to look for in the firmware's setup. */
static const char *firmware_words(const struct machine *machine)
{
	switch (machine->cpu) {
	case MACHINE_CPU_INTEL:
		return "switch on \"VT-d\" (\"Intel Virtualization Technology for Directed I/O\") "
		       "in "
		       "the firmware's setup";
	case MACHINE_CPU_AMD:
		return "set \"IOMMU\" (often below \"AMD CBS\", \"NBIO\") to Enabled, not Auto, in "
		       "the "
		       "firmware's setup";
	case MACHINE_CPU_UNKNOWN:
	default:
		return "switch on the IOMMU in the firmware's setup (\"VT-d\" of Intel, \"IOMMU\" "
		       "of "
		       "AMD)";
	}
}

static const char *unknown_words(const struct machine *machine)
{
	switch (machine->cpu) {
	case MACHINE_CPU_INTEL:
		return "switch on \"VT-d\" in the firmware's setup; if that is on, " KERNEL_INTEL;
	case MACHINE_CPU_AMD:
		return firmware_words(machine);
	case MACHINE_CPU_UNKNOWN:
	default:
		return "switch on the IOMMU in the firmware's setup (\"VT-d\" of Intel, \"IOMMU\" "
		       "of "
		       "AMD); if that is on and the processor is Intel's, " KERNEL_INTEL;
	}
}

void machine_explain_iommu(const struct machine *machine, const struct pcidev *dev,
			   struct reason_list *reasons)
{
	const char *off = find_off(machine);
	char bdf[PCIADDR_SIZE], fix[256];

	pciaddr_format(&dev->addr, bdf);
	if (machine->has_groups) {
		reason_add(
			reasons, REASON_BLOCKS, "no-iommu",
			machine->cpu == MACHINE_CPU_INTEL && dev->addr.bus == 0
				? "boot with intel_iommu=on, which includes the processor's own "
				  "GPU; without it Debian's kernel leaves that one out"
				: "see what the kernel says of it: journalctl -k -g 'DMAR|AMD-Vi'",
			"%s is in no IOMMU group, although others are", bdf);
		return;
	}
	if (off) {
		snprintf(
			fix, sizeof(fix),
			"remove %s from GRUB_CMDLINE_LINUX* in /etc/default/grub, run update-grub, "
			"and restart",
			off);
		reason_add(
			reasons, REASON_BLOCKS, "no-iommu", fix,
			"%s is in no IOMMU group: the kernel was told to leave the IOMMU off (%s)",
			bdf, off);
	} else if (machine->table == MACHINE_TABLE_ABSENT) {
		reason_add(
			reasons, REASON_BLOCKS, "no-iommu", firmware_words(machine),
			"%s is in no IOMMU group: the firmware has the IOMMU switched off (there "
			"is no ACPI table DMAR or IVRS)",
			bdf);
	} else if (machine->table == MACHINE_TABLE_PRESENT) {
		reason_add(reasons, REASON_BLOCKS, "no-iommu",
			   machine->cpu == MACHINE_CPU_AMD
				   ? "see why the kernel does not use it: journalctl -k -g AMD-Vi "
				     "(amd_iommu=on would change nothing: it is on by default)"
				   : KERNEL_INTEL,
			   "%s is in no IOMMU group: the firmware offers an IOMMU, and the kernel "
			   "does not use it",
			   bdf);
	} else {
		reason_add(reasons, REASON_BLOCKS, "no-iommu", unknown_words(machine),
			   "%s is in no IOMMU group, so nothing would keep the guest out of the "
			   "host's memory; whether firmware or kernel has it off is not on record",
			   bdf);
	}
}
