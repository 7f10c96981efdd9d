/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands against giving one PCI device to a guest. */
#include "cardcheck.h"

#include <stdio.h>
#include <string.h>

#include "cardscreen.h"
#include "isolation.h"
#include "pciport.h"
#include "quirk.h"
#include "record.h"
#include "releasable.h"
#include "sysfs.h"

/*
 * Theory of operation
 *
 * The order is that of what a person has to put right first: the IOMMU, who else is in the group
 * and why, what kind of device it is, what the host keeps, who uses it now. The codes are those of
 * refusal.h where vxm-isolate would refuse for the same reason, so that both can be compared.
 */

#define VENDOR_AMD 0x1002

/* Given to the same guest, so not in its way. */
static bool is_configured(const struct guest *guest, const struct pciaddr *addr)
{
	for (size_t i = 0; guest && i < guest->pci_count; i++)
		if (pciaddr_compare(&guest->pci[i]->device, addr) == 0)
			return true;
	return guest && pciaddr_is_same_slot(&guest->gpu.device, addr);
}

static void put_member(FILE *out, const struct pcidev *dev)
{
	char bdf[PCIADDR_SIZE], id[PCIIDS_SIZE];
	struct pciids ids = dev->ids;

	ids.has_subsystem = false;
	fprintf(out, "%s (%s, %s%s)", pciaddr_format(&dev->addr, bdf), pciids_format(&ids, id),
		dev->driver[0] ? "driver " : "no driver", dev->driver);
}

/* The foreign members of one group: how many, and OUT gets their names. */
static size_t put_group(FILE *out, const struct cardcheck *check, const struct iommu_set *set,
			int group)
{
	size_t n = 0;

	for (size_t i = 0; i < set->foreign_count; i++) {
		if (set->foreign[i]->iommu_group != group ||
		    is_configured(check->guest, &set->foreign[i]->addr))
			continue;
		fprintf(out, "%s", n++ > 0 ? ", " : "");
		put_member(out, set->foreign[i]);
	}
	return n;
}

/* One reason for each group, told of the first of the functions that are in it. */
static void check_foreign(const struct cardcheck *check, const struct iommu_set *set,
			  struct reason_list *reasons)
{
	for (size_t i = 0; i < set->own_count; i++) {
		const struct pcidev *own = set->own[i];
		char bdf[PCIADDR_SIZE], *names = NULL;
		bool known = own->iommu_group < 0;
		size_t size, n;
		FILE *out;

		for (size_t k = 0; k < i && !known; k++)
			known = set->own[k]->iommu_group == own->iommu_group;
		out = known ? NULL : open_memstream(&names, &size);
		if (!out) {
			reasons->failed = reasons->failed || !known;
			continue;
		}
		n = put_group(out, check, set, own->iommu_group);
		if (fclose(out) != 0)
			reasons->failed = true;
		else if (n > 0)
			reason_add(reasons, REASON_BLOCKS, "foreign-member",
				   "put the card into another slot (one of the processor's own is "
				   "best), or give the guest those devices as well, each with a "
				   "[PCI] section of its own",
				   "%s shares IOMMU group %d, which is handed over whole, with %s",
				   pciaddr_format(&own->addr, bdf), own->iommu_group, names);
		free(names);
	}
}

/* ACS decides the groups, so what a port lacks is worth a word only where a group has others in it.
 */
static void check_acs(const struct cardcheck *check, const struct iommu_set *set,
		      struct reason_list *reasons)
{
	struct pciport ports[PCIPORT_MAX];
	size_t count, unseen = 0;
	char bdf[PCIADDR_SIZE];

	if (set->verdict == IOMMU_NONE)
		return;
	if (pciport_path(check->host, &set->device->addr, ports, &count) < 0) {
		reason_add(reasons, REASON_UNSEEN, "acs",
			   "ask on the machine itself: sudo vxm check",
			   "which ports lead to %s, and their ACS, is not on record",
			   pciaddr_format(&set->device->addr, bdf));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		unseen += ports[i].acs == PCIPORT_ACS_UNSEEN;
		if (set->verdict != IOMMU_SHARED || !pciport_is_open(&ports[i]))
			continue;
		reason_add(reasons, REASON_WARNS, "acs",
			   ports[i].acs == PCIPORT_ACS_OFF
				   ? "switch on \"ACS\" (and \"AER\") in the firmware's setup, "
				     "where it "
				     "has them, or put the card into another slot"
				   : "put the card into a slot behind another port",
			   "the %s %s above it has %s, so the kernel puts what is behind it into "
			   "one group",
			   pciport_kind_word(ports[i].kind), pciaddr_format(&ports[i].addr, bdf),
			   ports[i].acs == PCIPORT_ACS_OFF ? "ACS switched off" : "no ACS");
	}
	if (unseen > 0)
		reason_add(reasons, REASON_UNSEEN, "acs", "sudo vxm check",
			   "the ACS of %zu of the ports above %s: their config space is root's",
			   unseen, pciaddr_format(&set->device->addr, bdf));
}

static void check_kind(const struct cardcheck *check, const struct iommu_set *set,
		       struct reason_list *reasons)
{
	const struct pcidev *dev = set->device;
	char bdf[PCIADDR_SIZE], fix[128];

	pciaddr_format(&dev->addr, bdf);
	if (pcidev_is_bridge(dev))
		reason_add(reasons, REASON_BLOCKS, "kind", "name the device behind it",
			   "%s is a bridge, which cannot be given away", bdf);
	if (pcidev_is_display(dev) && gpu_is_management(dev))
		reason_add(reasons, REASON_BLOCKS, "management-display",
			   "leave it to the host, and give the guest a card",
			   "%s is the display of a server's management controller, and renders "
			   "nothing",
			   bdf);
	if (dev->removable && !(check->guest && check->guest->gpu.allow & GUEST_ALLOW_REMOVABLE))
		reason_add(
			reasons, REASON_BLOCKS, "removable",
			"if that is meant, say Allow=removable in [GPU] of the guest's file",
			"%s is removable (Thunderbolt): it may be unplugged under the guest, and "
			"another device get its address",
			bdf);
	for (size_t i = 0; i < set->own_count; i++) {
		if (set->own[i]->vf_count == 0)
			continue;
		pciaddr_format(&set->own[i]->addr, bdf);
		snprintf(fix, sizeof(fix), "echo 0 | sudo tee /sys/bus/pci/devices/%s/sriov_numvfs",
			 bdf);
		reason_add(reasons, REASON_BLOCKS, "virtual-functions", fix,
			   "%s has %u virtual functions (SR-IOV), and vfio-pci takes no function "
			   "that has any",
			   bdf, set->own[i]->vf_count);
	}
}

/* A display function that the host keeps; a management controller's will do. */
static bool has_other_gpu(const struct cardcheck *check, const struct iommu_set *set)
{
	for (size_t i = 0; i < check->gpus->count; i++) {
		const struct pcidev *dev = check->gpus->items[i].device;

		if (!pciaddr_is_same_slot(&dev->addr, &set->device->addr) &&
		    strcmp(dev->driver, ISOLATION_DRIVER) != 0 &&
		    !is_configured(check->guest, &dev->addr))
			return true;
	}
	return false;
}

static void check_host_screen(const struct cardcheck *check, const struct iommu_set *set,
			      struct reason_list *reasons)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&set->device->addr, bdf);
	if (!has_other_gpu(check, set))
		reason_add(reasons, REASON_BLOCKS, "only-gpu",
			   gpu_is_integrated(check->gpus, set->device)
				   ? "put in a graphics card for the guest; this one, which is "
				     "part of the "
				     "processor, is then the host's"
				   : "switch on the GPU of the processor in the firmware's setup "
				     "(\"Integrated "
				     "Graphics\", \"iGPU Multi-Monitor\"), or put in a second card",
			   "%s is the only GPU that the host has, and it would be left without a "
			   "screen",
			   bdf);
	if (set->device->boot_vga == 1 &&
	    !(check->guest && check->guest->gpu.allow & GUEST_ALLOW_BOOT_DISPLAY))
		reason_add(
			reasons, REASON_BLOCKS, "boot-display",
			"choose the other GPU as the primary display in the firmware's setup and "
			"plug the monitor into it, or say Allow=boot-display in [GPU] of the "
			"guest's file",
			"%s is the boot display: firmware, console and login screen are on it",
			bdf);
	if (gpu_is_integrated(check->gpus, set->device) && has_other_gpu(check, set))
		reason_add(reasons, REASON_WARNS, "integrated",
			   "give the guest the other card, and leave this one to the host",
			   "%s is part of the processor, and few of these start in a guest", bdf);
}

static void check_reset(const struct cardcheck *check, const struct iommu_set *set,
			struct reason_list *reasons)
{
	char text[128], bdf[PCIADDR_SIZE];

	/* With an audio function beside it no card shows "bus"; only AMD's fail for it. */
	if (set->device->ids.vendor != VENDOR_AMD ||
	    sysfs_read(check->host, text, sizeof(text), "bus/pci/devices/%s/reset_method",
		       pciaddr_format(&set->device->addr, bdf)) < 0 ||
	    strstr(text, "device_specific") || strstr(text, "flr") || strstr(text, "bus"))
		return;
	reason_add(reasons, REASON_WARNS, "reset",
		   "for Polaris, Vega and Navi 10 to 14: the kernel module vendor-reset; others: "
		   "if the guest's second start stays black, restart the machine between them",
		   "%s has no reset of its own (reset_method: %s): it may not start a second time",
		   bdf, text[0] ? text : "none");
}

/* The driver is not known where vfio-pci has the function now. */
static void check_quirks(const struct cardcheck *check, const struct pcidev *dev,
			 struct reason_list *reasons)
{
	bool taken = strcmp(dev->driver, ISOLATION_DRIVER) == 0;
	const struct quirk *quirks[QUIRK_LIMIT];
	size_t count = quirk_find(check->host, dev, taken ? "" : dev->driver, quirks);
	char bdf[PCIADDR_SIZE];

	for (size_t i = 0; i < count; i++)
		reason_add(reasons,
			   quirks[i]->action == QUIRK_REFUSES ? REASON_BLOCKS : REASON_WARNS,
			   "quirk", quirks[i]->fix, "%s: %s (%s)", pciaddr_format(&dev->addr, bdf),
			   quirks[i]->text, quirks[i]->source);
}

static bool is_own(const struct iommu_set *set, const struct pciaddr *addr)
{
	for (size_t i = 0; i < set->own_count; i++)
		if (pciaddr_compare(&set->own[i]->addr, addr) == 0)
			return true;
	return false;
}

static void check_holders(const struct cardcheck *check, const struct iommu_set *set,
			  struct reason_list *reasons)
{
	for (size_t i = 0; i < check->holders->count; i++) {
		const struct holder *holder = &check->holders->items[i];
		char bdf[PCIADDR_SIZE], fix[HOLDER_TEXT_SIZE], name[HOLDER_TEXT_SIZE];
		bool asked;

		if (!is_own(set, &holder->addr))
			continue;
		asked = check->guest && releasable_is_asked(check->guest, check->holders, holder);
		reason_add(reasons, asked ? REASON_WARNS : REASON_BLOCKS,
			   asked ? "held-asked" : "held",
			   asked ? "none: a start asks it to let go (Session=, Services=)"
				 : holder_remedy(holder, fix),
			   "%s is held by %s", pciaddr_format(&holder->addr, bdf),
			   holder_format(holder, name));
	}
}

static void check_uses(const struct cardcheck *check, const struct iommu_set *set,
		       struct reason_list *reasons)
{
	for (size_t i = 0; i < check->uses->count; i++) {
		const struct hostuse *use = &check->uses->items[i];
		char bdf[PCIADDR_SIZE];

		if (is_own(set, &use->addr))
			reason_add(reasons, REASON_BLOCKS, "in-use", use->remedy,
				   "%s is in use: %s", pciaddr_format(&use->addr, bdf), use->what);
	}
}

/* Of a guest, guestfit tells who else has its devices. */
static void check_claim(const struct cardcheck *check, const struct iommu_set *set,
			struct reason_list *reasons)
{
	char bdf[PCIADDR_SIZE], owner[GUEST_NAME_SIZE], fix[256];

	if (check->guest || record_owner(check->host, "isolate",
					 pciaddr_format(&set->device->addr, bdf), "", owner) <= 0)
		return;
	snprintf(fix, sizeof(fix),
		 "systemctl stop vxm-guest@%s.service vxm-prepare@%s.target gives it back; if that "
		 "guest keeps it (Release=), vxm-isolate stop %s --release",
		 owner, owner, owner);
	reason_add(reasons, REASON_WARNS, "claimed", fix, "%s is held for the guest %s now", bdf,
		   owner);
}

void cardcheck_run(const struct cardcheck *check, const struct iommu_set *set,
		   struct reason_list *reasons)
{
	for (size_t i = 0; i < set->own_count; i++)
		if (set->own[i]->iommu_group < 0) {
			machine_explain_iommu(check->machine, set->own[i], reasons);
			break;
		}
	check_foreign(check, set, reasons);
	check_acs(check, set, reasons);
	check_kind(check, set, reasons);
	if (pcidev_is_display(set->device)) {
		check_host_screen(check, set, reasons);
		cardscreen_check(check->host, set->device, check->guest, reasons);
		check_reset(check, set, reasons);
	}
	for (size_t i = 0; i < set->own_count; i++)
		check_quirks(check, set->own[i], reasons);
	check_claim(check, set, reasons);
	check_holders(check, set, reasons);
	check_uses(check, set, reasons);
}
