/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files of a machine belong to a record of it, and what of each. */
#include "recordingpart.h"

#include "cleanup.h"
#include "sysfs.h"

/*
 * Theory of operation
 *
 * What is not named here does not leave the machine: a list of what is allowed needs no list of
 * every place where a kernel, today or in a year, shows a serial number. Left out on purpose are
 * processes and what they hold, mounts, networks, /proc/version (who built the kernel, and where),
 * vital product data, all of DMI but names, dates and kinds, and the guests' files, which name
 * monitors and disks by their serials.
 */

#define PCI   SYSFS_MOUNT "bus/pci/devices/*/"
#define DRM   PCI "drm/card*/card*-*"
#define DMI   SYSFS_MOUNT "class/dmi/id/"
#define INPUT SYSFS_MOUNT "class/input/event*/device/"
#define NODE  SYSFS_MOUNT "devices/system/node/"
#define CPU   SYSFS_MOUNT "devices/system/cpu/"
#define UNIT  "systemd/system/vxm-guest@*"

#define TEXT(path)                       \
	{                                \
		path, RECORDINGPART_TEXT \
	}
#define MARK(path)                       \
	{                                \
		path, RECORDINGPART_MARK \
	}
#define PART(path, what)                   \
	{                                  \
		path, RECORDINGPART_##what \
	}

static const struct recordingpart parts[] = {
	/* PCI functions, their drivers and groups */
	TEXT(PCI "vendor"),
	TEXT(PCI "device"),
	TEXT(PCI "subsystem_vendor"),
	TEXT(PCI "subsystem_device"),
	TEXT(PCI "class"),
	TEXT(PCI "revision"),
	TEXT(PCI "modalias"),
	TEXT(PCI "driver"),
	PART(PCI "driver_override", OVERRIDE),
	TEXT(PCI "iommu_group"),
	TEXT(PCI "numa_node"),
	TEXT(PCI "local_cpulist"),
	TEXT(PCI "boot_vga"),
	TEXT(PCI "removable"),
	TEXT(PCI "enable"),
	TEXT(PCI "virtfn*"),
	TEXT(PCI "sriov_totalvfs"),
	TEXT(PCI "physfn"),
	TEXT(PCI "reset_method"),
	TEXT(PCI "resource"),
	TEXT(PCI "resource*_resize"),
	TEXT(PCI "power_state"),
	TEXT(PCI "power/control"),
	TEXT(PCI "power/runtime_status"),
	TEXT(PCI "d3cold_allowed"),
	TEXT(PCI "current_link_*"),
	TEXT(PCI "max_link_*"),
	TEXT(PCI "ari_enabled"),
	TEXT(PCI "graphics/*"),
	PART(PCI "config", CONFIG),
	TEXT(SYSFS_MOUNT "bus/pci/devices"),
	TEXT(SYSFS_MOUNT "bus/pci/drivers/*"),
	MARK(SYSFS_MOUNT "bus/pci/drivers_probe"),
	MARK(SYSFS_MOUNT "bus/pci/drivers/*/unbind"),
	TEXT(SYSFS_MOUNT "kernel/iommu_groups/*/type"),
	TEXT(SYSFS_MOUNT "kernel/iommu_groups/*/devices/*"),
	TEXT(SYSFS_MOUNT "class/iommu/*"),
	TEXT(SYSFS_MOUNT "class/vfio/*/dev"),
	TEXT(SYSFS_MOUNT "class/vfio"),

	/* outputs, consoles */
	TEXT(DRM),
	TEXT(DRM "/status"),
	TEXT(DRM "/enabled"),
	PART(DRM "/edid", EDID),
	TEXT(PCI "drm/*"),
	TEXT(SYSFS_MOUNT "class/graphics/*"),
	TEXT(SYSFS_MOUNT "class/vtconsole/*/name"),
	TEXT(SYSFS_MOUNT "class/vtconsole/*/bind"),

	/* keyboards and mice */
	TEXT(SYSFS_MOUNT "class/input"),
	TEXT(INPUT "id/*"),
	TEXT(INPUT "capabilities/*"),
	TEXT(INPUT "properties"),
	TEXT(INPUT "name"),
	TEXT(INPUT "phys"),
	PART(INPUT "uniq", SERIAL),
	TEXT(INPUT "device"),

	/* memory and processors */
	TEXT(CPU "online"),
	TEXT(CPU "possible"),
	TEXT(CPU "present"),
	TEXT(CPU "isolated"),
	TEXT(CPU "smt/active"),
	TEXT(CPU "cpu*/topology/*"),
	TEXT(NODE "online"),
	TEXT(NODE "possible"),
	TEXT(NODE "node*/cpulist"),
	TEXT(NODE "node*/distance"),
	TEXT(NODE "node*/meminfo"),
	TEXT(NODE "node*/hugepages/hugepages-*/*_hugepages"),
	TEXT(SYSFS_MOUNT "kernel/mm/hugepages/hugepages-*/*_hugepages"),
	TEXT("proc/meminfo"),
	TEXT("proc/buddyinfo"),
	PART("proc/cpuinfo", CPUINFO),

	/* kernel and firmware */
	PART("proc/cmdline", CMDLINE),
	PART("proc/modules", MODULES),
	TEXT("proc/devices"),
	TEXT("proc/sys/kernel/osrelease"),
	TEXT("proc/sys/kernel/io_uring_disabled"),
	TEXT(SYSFS_MOUNT "module/*/version"),
	TEXT(SYSFS_MOUNT "module/vfio*/parameters/*"),
	TEXT(SYSFS_MOUNT "module/kvm*/parameters/*"),
	MARK(SYSFS_MOUNT "firmware/acpi/tables/DMAR"),
	MARK(SYSFS_MOUNT "firmware/acpi/tables/IVRS"),
	TEXT(SYSFS_MOUNT "firmware/acpi/tables"),
	TEXT(DMI "sys_vendor"),
	TEXT(DMI "product_name"),
	TEXT(DMI "board_vendor"),
	TEXT(DMI "board_name"),
	TEXT(DMI "bios_vendor"),
	TEXT(DMI "bios_version"),
	TEXT(DMI "bios_date"),
	TEXT(DMI "chassis_type"),
	TEXT(SYSFS_MOUNT "class/power_supply/*/type"),
	TEXT(SYSFS_MOUNT "class/power_supply/*/scope"),

	/* what is installed */
	TEXT("etc/os-release"),
	TEXT("usr/share/qemu/firmware/*.json"),
	TEXT("etc/qemu/firmware/*.json"),
	TEXT("usr/lib/vxm/guest.conf"),
	TEXT("usr/local/lib/vxm/guest.conf"),
	TEXT("usr"),
	TEXT("dev"),
	MARK("dev/kvm"),
	PART("usr/bin/qemu-system-x86_64", QEMU),
	MARK("usr/bin/swtpm"),
	MARK("usr/bin/swtpm_setup"),
	TEXT("usr/lib/" UNIT ".service"),
	TEXT("etc/" UNIT ".service"),
	TEXT("etc/" UNIT ".service.d/*.conf"),

	/* what VxM did on it */
	TEXT("run/vxm/*/isolate"),
	TEXT("run/vxm/*/hugepages"),
	TEXT("etc/vxm/prepared/*"),
};

const struct recordingpart *recordingpart_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(parts);
	return parts;
}
