/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a guest's PCI functions cannot be handed over: the first reason, told to a person. */
#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "devicelock.h"
#include "gate.h"
#include "tuningplan.h"

/* More than these are counted, not named: the message is one line. */
#define REFUSAL_NAMED 6

struct text {
	char *buf;
	size_t size;
	size_t used;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *text, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text->buf + text->used, text->size - text->used, format, ap);
	va_end(ap);
	if (n > 0)
		text->used += (size_t)n < text->size - text->used ? (size_t)n
								  : text->size - text->used - 1;
}

/* "FILE:LINE: Key=", or the key alone for a default. */
static void put_where(struct text *text, const struct guest *guest, const void *field,
		      const char *key)
{
	struct guest_origin origin = guest_where(guest, field);

	if (origin.file)
		put(text, "%s:%u: ", origin.file, origin.line);
	put(text, "%s=", key);
}

/* "8086:10d3, driver e1000e"; with all four ids where the first two would not tell it apart. */
static void put_function(struct text *text, const struct pcidev *dev, bool four)
{
	struct pciids ids = dev->ids;
	char buf[PCIIDS_SIZE];

	ids.has_subsystem = four;
	put(text, "%s, %s%s", pciids_format(&ids, buf), dev->driver[0] ? "driver " : "no driver",
	    dev->driver);
}

static bool refuse_absent(const struct guest *guest, const struct isolation *iso,
			  const struct isolation_device *device, struct text *text)
{
	const struct guest_device *config = device->config;
	const struct pcidev *elsewhere = NULL;
	char bdf[PCIADDR_SIZE], ids[PCIIDS_SIZE], at[PCIADDR_SIZE];
	bool same;

	same = device->dev &&
	       (!config->has_identity || pciids_match(&config->identity, &device->dev->ids));
	if (same)
		return false;
	pciaddr_format(&config->device, bdf);
	put_where(text, guest, &config->device, "Device");
	put(text, "%s: ", bdf);
	if (device->dev) {
		put(text, "that is (");
		put_function(text, device->dev, config->identity.has_subsystem);
		put(text, ") and not the %s of Identity=", pciids_format(&config->identity, ids));
	} else {
		put(text, "no PCI function is at that address");
	}
	for (size_t i = 0; config->has_identity && i < iso->list.count && !elsewhere; i++)
		if (pciids_match(&config->identity, &iso->list.items[i].ids))
			elsewhere = &iso->list.items[i];
	if (elsewhere)
		put(text, "; %s is at %s now: if that is the one, write its address there",
		    pciids_format(&config->identity, ids), pciaddr_format(&elsewhere->addr, at));
	else
		put(text, "; see lspci -nn for what the machine has");
	return true;
}

static bool refuse_kind(const struct guest *guest, const struct isolation_device *device, bool gpu,
			struct text *text)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&device->config->device, bdf);
	if (pcidev_is_bridge(device->dev)) {
		put_where(text, guest, &device->config->device, "Device");
		put(text, "%s: a bridge cannot be handed to a guest; name the device behind it",
		    bdf);
		return true;
	}
	if (gpu && !pcidev_is_display(device->dev)) {
		put_where(text, guest, &device->config->device, "Device");
		put(text,
		    "%s: its class is %06x, which is no display; a device of another kind "
		    "belongs into [PCI]",
		    bdf, device->dev->class);
		return true;
	}
	return false;
}

static bool refuse_stuck(const struct isolation *iso, struct text *text)
{
	char bdf[PCIADDR_SIZE], why[DEVICELOCK_TEXT_SIZE];

	for (size_t i = 0; i < iso->count; i++) {
		if (!iso->functions[i].stuck)
			continue;
		pciaddr_format(&iso->functions[i].dev.addr, bdf);
		put(text, "%s", devicelock_tell(bdf, iso->functions[i].sleeper, why));
		return true;
	}
	return false;
}

static bool refuse_virtual_functions(const struct isolation *iso, struct text *text)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct pcidev *dev = &iso->functions[i].dev;
		char bdf[PCIADDR_SIZE];

		if (dev->vf_count == 0)
			continue;
		put(text,
		    "%s has %u virtual functions (SR-IOV), and vfio-pci does not take a function "
		    "that has any: write 0 to its sriov_numvfs first",
		    pciaddr_format(&dev->addr, bdf), dev->vf_count);
		return true;
	}
	return false;
}

static bool refuse_removable(const struct guest *guest, const struct isolation *iso,
			     struct text *text)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];
		char bdf[PCIADDR_SIZE];

		if (!function->dev.removable || (guest->gpu.allow & GUEST_ALLOW_REMOVABLE) != 0)
			continue;
		put_where(text, guest, &function->config->device, "Device");
		put(text,
		    "%s is removable (Thunderbolt, hot-plug slot): it may be unplugged under the "
		    "guest, and another device may get its address; to accept that, say "
		    "Allow=removable in [GPU]",
		    pciaddr_format(&function->dev.addr, bdf));
		return true;
	}
	return false;
}

static bool refuse_quirk(const struct isolation *iso, struct text *text)
{
	const struct isolation_function *function;
	const struct quirk *quirk = isolation_find_quirk(iso, QUIRK_REFUSES, &function);
	char bdf[PCIADDR_SIZE];

	if (quirk)
		put(text, "%s: %s: %s (%s)", pciaddr_format(&function->dev.addr, bdf), quirk->text,
		    quirk->fix, quirk->source);
	return quirk != NULL;
}

static bool refuse_claimed(const struct isolation *iso, struct text *text)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];
		char bdf[PCIADDR_SIZE];

		if (!function->owner[0])
			continue;
		put(text,
		    "%s is held for the guest %s: systemctl stop vxm-guest@%s.service "
		    "vxm-prepare@%s.target first; if that guest keeps it (Release=), then "
		    "vxm-isolate stop %s --release",
		    pciaddr_format(&function->dev.addr, bdf), function->owner, function->owner,
		    function->owner, function->owner);
		return true;
	}
	return false;
}

static bool refuse_no_iommu(const struct isolation *iso, struct text *text)
{
	for (size_t i = 0; i < iso->count; i++) {
		char bdf[PCIADDR_SIZE];

		if (iso->functions[i].dev.iommu_group >= 0)
			continue;
		put(text,
		    "%s is in no IOMMU group, so nothing would keep the guest out of the host's "
		    "memory: switch on the IOMMU in the firmware's setup (Intel VT-d, AMD IOMMU), "
		    "and on Intel boot with intel_iommu=on",
		    pciaddr_format(&iso->functions[i].dev.addr, bdf));
		return true;
	}
	return false;
}

static bool is_moving(const struct isolation *iso, const struct pcidev *dev)
{
	for (size_t i = 0; i < iso->count; i++)
		if (pciaddr_compare(&iso->functions[i].dev.addr, &dev->addr) == 0)
			return true;
	return false;
}

static bool refuse_foreign(const struct guest *guest, const struct isolation *iso,
			   struct text *text)
{
	for (size_t i = 0; i < iso->device_count; i++) {
		const struct iommu_set *set = &iso->devices[i].set;
		char bdf[PCIADDR_SIZE];
		size_t named = 0, more = 0;

		for (size_t n = 0; n < set->foreign_count; n++) {
			const struct pcidev *dev = set->foreign[n];

			if (is_moving(iso, dev))
				continue;
			if (named >= REFUSAL_NAMED) {
				more++;
				continue;
			}
			if (named++ == 0) {
				put_where(text, guest, &iso->devices[i].config->device, "Device");
				put(text, "%s shares its IOMMU group with ",
				    pciaddr_format(&set->device->addr, bdf));
			} else {
				put(text, ", ");
			}
			put(text, "%s (group %d, ", pciaddr_format(&dev->addr, bdf),
			    dev->iommu_group);
			put_function(text, dev, false);
			put(text, ")");
		}
		if (named == 0)
			continue;
		if (more > 0)
			put(text, " and %zu more", more);
		put(text,
		    "; a group is handed over whole: put the card into another slot, or give the "
		    "guest those devices too, each in a [PCI] section");
		return true;
	}
	return false;
}

/* Another display function that the host keeps. */
static bool has_other_gpu(const struct isolation *iso)
{
	for (size_t i = 0; i < iso->list.count; i++) {
		const struct pcidev *dev = &iso->list.items[i];

		if (pcidev_is_display(dev) && strcmp(dev->driver, ISOLATION_DRIVER) != 0 &&
		    !is_moving(iso, dev))
			return true;
	}
	return false;
}

static bool refuse_boot_display(const struct guest *guest, const struct isolation *iso,
				struct text *text)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];
		char bdf[PCIADDR_SIZE];

		if (function->dev.boot_vga != 1 ||
		    (guest->gpu.allow & GUEST_ALLOW_BOOT_DISPLAY) != 0)
			continue;
		put_where(text, guest, &function->config->device, "Device");
		put(text,
		    "%s is the boot display, on which firmware, console and login screen are: "
		    "choose the other GPU as the primary one in the firmware's setup (or plug the "
		    "monitor into it), or say Allow=boot-display in [GPU]",
		    pciaddr_format(&function->dev.addr, bdf));
		return true;
	}
	return false;
}

static enum refusal_code find(const struct guest *guest, const struct isolation *iso,
			      struct text *text)
{
	if (iso->leftover[0]) {
		put(text,
		    "%s is still held for this guest, and the configuration no longer names it: "
		    "vxm-isolate stop %s --release first",
		    iso->leftover, guest->name);
		return REFUSAL_LEFTOVER;
	}
	for (size_t i = 0; i < iso->device_count; i++) {
		const struct isolation_device *device = &iso->devices[i];

		if (refuse_absent(guest, iso, device, text))
			return device->dev ? REFUSAL_IDENTITY : REFUSAL_ABSENT;
		if (refuse_kind(guest, device, i == 0, text))
			return REFUSAL_KIND;
	}
	if (refuse_stuck(iso, text))
		return REFUSAL_STUCK;
	if (refuse_virtual_functions(iso, text))
		return REFUSAL_VIRTUAL_FUNCTIONS;
	if (refuse_removable(guest, iso, text))
		return REFUSAL_REMOVABLE;
	if (refuse_quirk(iso, text))
		return REFUSAL_QUIRK;
	if (tuningplan_refuse(guest, iso, text->buf, text->size))
		return REFUSAL_TUNING;
	if (refuse_claimed(iso, text))
		return REFUSAL_CLAIMED;
	if (refuse_no_iommu(iso, text))
		return REFUSAL_NO_IOMMU;
	if (refuse_foreign(guest, iso, text))
		return REFUSAL_FOREIGN;
	if (!has_other_gpu(iso)) {
		char bdf[PCIADDR_SIZE];

		put(text,
		    "%s is the only GPU of this machine, and the host would have no screen left: "
		    "VxM needs a second one, a card, or beside a card the GPU of the processor "
		    "that the firmware's setup may have switched off",
		    pciaddr_format(&guest->gpu.device, bdf));
		return REFUSAL_ONLY_GPU;
	}
	if (refuse_boot_display(guest, iso, text))
		return REFUSAL_BOOT_DISPLAY;
	switch (gate_tell(iso, text->buf, text->size)) {
	case GATE_HELD:
		return REFUSAL_HELD;
	case GATE_USED:
		return REFUSAL_USED;
	case GATE_OPEN:
		break;
	}
	return REFUSAL_NONE;
}

bool refusal_find(const struct guest *guest, const struct isolation *iso, struct refusal *ret)
{
	struct text text = { .buf = ret->text, .size = sizeof(ret->text) };

	ret->text[0] = '\0';
	ret->code = find(guest, iso, &text);
	return ret->code != REFUSAL_NONE;
}

const char *refusal_word(enum refusal_code code)
{
	static const char *const words[] = {
		[REFUSAL_NONE] = "none",
		[REFUSAL_LEFTOVER] = "leftover",
		[REFUSAL_ABSENT] = "absent",
		[REFUSAL_IDENTITY] = "identity",
		[REFUSAL_KIND] = "kind",
		[REFUSAL_STUCK] = "stuck",
		[REFUSAL_VIRTUAL_FUNCTIONS] = "virtual-functions",
		[REFUSAL_REMOVABLE] = "removable",
		[REFUSAL_QUIRK] = "quirk",
		[REFUSAL_TUNING] = "tuning",
		[REFUSAL_CLAIMED] = "claimed",
		[REFUSAL_NO_IOMMU] = "no-iommu",
		[REFUSAL_FOREIGN] = "foreign-member",
		[REFUSAL_ONLY_GPU] = "only-gpu",
		[REFUSAL_BOOT_DISPLAY] = "boot-display",
		[REFUSAL_HELD] = "held",
		[REFUSAL_USED] = "in-use",
	};

	return words[code];
}
