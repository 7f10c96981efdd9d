/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rules that keep the host's drivers away from a prepared guest's functions. */
#include "preparerule.h"

/*
 * Theory of operation
 *
 * At boot udev replays an "add" for each PCI function, and its last rules file loads the driver
 * that the function's modalias names. driver_override is set before that: the attribute is
 * written while the rules are read, modules are loaded after all of them. From then on only
 * vfio-pci may bind. A line takes a function only if it is the one on record (address, vendor,
 * device, subsystem). A function that has a driver already is left to vxm-isolate(8), which can ask
 * who uses it.
 *
 * A function that comes later (rescan, hot-plug) may be bound by the kernel itself before udev
 * hears of it, for then the host's drivers are loaded. So systemd is told: vxm-appear@ runs
 * vxm-isolate(8). Such an "add" is the kernel's own, while those of the boot's replay, and of any
 * `udevadm trigger` later, carry SYNTH_UUID. Only the former starts something, or a replay would
 * take back a card from an admin who has stopped the target.
 *
 * The initramfs has a udev, and may have the host's driver too. Its rules are a copy made with it,
 * and nothing else of VxM is there to judge: so each line has the conditions of all functions, and
 * after a slot shift none is taken, as the generator has it. They only set the override. vfio-pci
 * does not have to be in the initramfs, for without it the function has no driver, which keeps the
 * host's away as well; the running system's rules load it. And they leave a note in udev's
 * database, by which the running system tells a copy that is out of date: 72-vxm-initramfs.rules.
 */

static void print_conditions(FILE *out, const struct prepared_function *f, const char *prefix)
{
	const struct {
		const char *attribute;
		unsigned id;
	} ids[] = {
		{ "vendor", f->ids.vendor },
		{ "device", f->ids.device },
		{ "subsystem_vendor", f->ids.subvendor },
		{ "subsystem_device", f->ids.subdevice },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		fprintf(out, "ATTR{%s%s}==\"0x%04x\", ", prefix, ids[i].attribute, ids[i].id);
}

void preparerule_print(FILE *out, const char *name, const struct prepared *prepared)
{
	fprintf(out,
		"# By vxm-generator(8), for vxm-prepare@%1$s.target, from /" PREPARED_DIRECTORY
		"/%1$s.\n"
		"ACTION!=\"add\", GOTO=\"vxm_prepare_end\"\n"
		"SUBSYSTEM!=\"pci\", GOTO=\"vxm_prepare_end\"\n"
		"# The functions that were meant when the target was enabled.\n",
		name);
	for (size_t i = 0; i < prepared->count; i++) {
		char address[PCIADDR_SIZE];

		fprintf(out, "KERNEL==\"%s\", ", pciaddr_format(&prepared->items[i].addr, address));
		print_conditions(out, &prepared->items[i], "");
		fprintf(out, "ENV{VXM_PREPARE}=\"%s\"\n", name);
	}
	fprintf(out,
		"ENV{VXM_PREPARE}!=\"%1$s\", GOTO=\"vxm_prepare_end\"\n"
		"DRIVER==\"\", ATTR{driver_override}=\"vfio-pci\", RUN{builtin}+=\"kmod load "
		"vfio-pci\"\n"
		"# Not replayed: it came after the boot.\n"
		"ENV{SYNTH_UUID}==\"\", TAG+=\"systemd\", "
		"ENV{SYSTEMD_WANTS}+=\"vxm-appear@%1$s.service\"\n"
		"LABEL=\"vxm_prepare_end\"\n",
		name);
}

void preparerule_print_initramfs(FILE *out, const char *name, const struct prepared *prepared)
{
	fprintf(out,
		"# vxm-prepare@%1$s.target, from /" PREPARED_DIRECTORY "/%1$s\n"
		"ACTION!=\"add|remove\", SUBSYSTEM==\"pci\", IMPORT{db}=\"VXM_INITRAMFS\", "
		"OPTIONS+=\"db_persist\"\n",
		name);
	for (size_t i = 0; i < prepared->count; i++) {
		char address[PCIADDR_SIZE], prefix[PCIADDR_SIZE + 8];

		fprintf(out, "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", DRIVER==\"\", ",
			pciaddr_format(&prepared->items[i].addr, address));
		for (size_t k = 0; k < prepared->count; k++) {
			pciaddr_format(&prepared->items[k].addr, address);
			snprintf(prefix, sizeof(prefix), "[pci/%s]", address);
			print_conditions(out, &prepared->items[k], prefix);
		}
		fprintf(out,
			"ATTR{driver_override}=\"vfio-pci\", ENV{VXM_INITRAMFS}=\"%s\", "
			"OPTIONS+=\"db_persist\"\n",
			name);
	}
}
