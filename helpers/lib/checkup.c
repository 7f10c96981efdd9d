/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that `vxm check` finds out, and the verdict it comes to. */
#include "checkup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardcheck.h"
#include "guestfit.h"
#include "hostcheck.h"
#include "isolation.h"
#include "monitorcheck.h"
#include "parse.h"
#include "usescan.h"

/*
 * Theory of operation
 *
 * Everything is looked at once: one scan of the PCI functions, one of the processes' descriptors
 * for all devices asked about. What is asked of one device afterwards depends on its slot and its
 * groups, so the whole grows with the machine and not with its square.
 *
 * Asked about the machine, the verdict is that of the best GPU: the one with the fewest things in
 * its way, of equals a card rather than a part of the processor, and one that the host does not
 * show its login screen on.
 */

static int add_device(struct checkup *checkup, const struct pciaddr *addr, bool gpu)
{
	struct checkup_device *device = &checkup->devices[checkup->count];
	const struct iommu_set *set = gpu ? gpu_find(&checkup->gpus, addr) : NULL;
	int r = 0;

	if (set) {
		device->set = set;
	} else {
		r = iommu_observe_indexed(&checkup->gpus.index, addr, false, &device->own_set);
		device->set = &device->own_set;
	}
	if (r >= 0)
		checkup->count++;
	return r;
}

/* An absent device of a guest is guestfit's to tell. */
static int add_devices(struct checkup *checkup, const struct pciaddr *addr)
{
	const struct guest *guest = checkup->guest;
	size_t room = guest ? guest->pci_count + 1 : addr ? 1 : checkup->gpus.count;
	int r = 0;

	checkup->count = 0;
	checkup->devices = calloc(room + 1, sizeof(*checkup->devices));
	if (!checkup->devices)
		return -ENOMEM;
	if (addr) {
		r = add_device(checkup, addr, true);
		return r == -ENOENT ? -ENODEV : r;
	}
	for (size_t i = 0; i < checkup->gpus.count && !guest; i++)
		checkup->devices[checkup->count++].set = &checkup->gpus.items[i];
	if (guest)
		r = add_device(checkup, &guest->gpu.device, true);
	for (size_t i = 0; guest && i < guest->pci_count && (r >= 0 || r == -ENOENT); i++)
		r = add_device(checkup, &guest->pci[i]->device, false);
	return r == -ENOENT ? 0 : r;
}

/* A function that the guest asked about has already: its own QEMU may hold it. */
static bool is_its_own(const struct record *record, const struct pcidev *dev)
{
	char bdf[PCIADDR_SIZE];

	return record && strcmp(dev->driver, ISOLATION_DRIVER) == 0 &&
	       record_get(record, pciaddr_format(&dev->addr, bdf), "home");
}

/* `vxm record` leaves them out, and a machine without any there is not. */
static bool has_processes(const struct host *host)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	unsigned pid;

	if (host_list(host, "proc", &names) < 0)
		return false;
	for (size_t i = 0; i < names.count; i++)
		if (parse_uint(names.items[i], &pid) >= 0)
			return true;
	return false;
}

/* Sound has neither disks nor networks nor keyboards. What a card shows is cardscreen's to tell. */
static bool may_be_used(const struct pcidev *dev)
{
	return !pcidev_is_display(dev) && dev->class >> 16 != 0x04;
}

/* What the machine itself uses of the functions. Of a guest, guestfit asks the gate. */
static int find_uses(const struct host *host, const struct checkup *checkup,
		     const struct holder_list *holders, struct hostuse_list *ret)
{
	_cleanup_free_ const struct pcidev **devs = NULL;
	size_t room = 1, count = 0;

	for (size_t i = 0; i < checkup->count && !checkup->guest; i++)
		room += checkup->devices[i].set->own_count;
	devs = calloc(room, sizeof(*devs));
	if (!devs)
		return -ENOMEM;
	for (size_t i = 0; i < checkup->count && !checkup->guest; i++)
		for (size_t n = 0; n < checkup->devices[i].set->own_count; n++)
			if (may_be_used(checkup->devices[i].set->own[n]))
				devs[count++] = checkup->devices[i].set->own[n];
	return count > 0 ? usescan_run(host, devs, count, holders, ret) : 0;
}

static int find_holders(const struct host *host, struct checkup *checkup, struct holder_list *ret)
{
	_cleanup_free_ const struct pcidev **devs = NULL;
	_cleanup_record_ struct record *record = NULL;
	size_t room = 1, count = 0;
	int r;

	if (checkup->guest)
		(void)record_load(host, checkup->guest->name, "isolate", &record);
	for (size_t i = 0; i < checkup->count; i++)
		room += checkup->devices[i].set->own_count;
	devs = calloc(room, sizeof(*devs));
	if (!devs)
		return -ENOMEM;
	for (size_t i = 0; i < checkup->count; i++)
		for (size_t n = 0; n < checkup->devices[i].set->own_count; n++)
			if (!is_its_own(record, checkup->devices[i].set->own[n]))
				devs[count++] = checkup->devices[i].set->own[n];
	r = holder_scan(host, devs, count, ret);
	if (r < 0)
		reason_add(&checkup->reasons, REASON_UNSEEN, "held", "sudo vxm check",
			   "who holds the devices now: /proc cannot be read");
	else if (ret->unseen > 0)
		reason_add(&checkup->reasons, REASON_UNSEEN, "held", "sudo vxm check",
			   "who holds the devices now: %zu processes are not yours to look into",
			   ret->unseen);
	else if (host->recorded && !has_processes(host))
		reason_add(&checkup->reasons, REASON_UNSEEN, "held",
			   "ask on the machine itself: sudo vxm check",
			   "who holds the devices: not on record (no process is in its /proc)");
	return r == -ENOMEM ? r : 0;
}

/* Less is better. */
static size_t burden(const struct checkup *checkup, size_t i)
{
	const struct checkup_device *device = &checkup->devices[i];

	return reason_count(&device->reasons, REASON_BLOCKS) * 16 +
	       (gpu_is_integrated(&checkup->gpus, device->set->device) ? 8 : 0) +
	       (device->set->device->boot_vga == 1 ? 4 : 0) +
	       (reason_count(&device->reasons, REASON_WARNS) > 0 ? 1 : 0);
}

static bool has_failed(const struct checkup *checkup)
{
	bool failed = checkup->reasons.failed;

	for (size_t i = 0; i < checkup->count; i++)
		failed = failed || checkup->devices[i].reasons.failed;
	return failed;
}

static int fit_guest(const struct host *host, struct checkup *checkup)
{
	_cleanup_strlist_ struct strlist known = STRLIST_EMPTY;

	for (size_t i = 0; i < checkup->count; i++) {
		const struct reason_list *list = &checkup->devices[i].reasons;

		for (size_t n = 0; n < list->count; n++) {
			int r = strlist_add(&known, list->items[n].code);

			if (r < 0)
				return r;
		}
	}
	guestfit_run(host, checkup->guest, &known, &checkup->reasons);
	return 0;
}

int checkup_run(const struct host *host, const struct pciaddr *addr, struct guest *guest,
		struct checkup *ret)
{
	_cleanup_holder_list_ struct holder_list holders = { 0 };
	_cleanup_hostuse_list_ struct hostuse_list uses = { 0 };
	struct cardcheck check = { .host = host,
				   .machine = &ret->machine,
				   .gpus = &ret->gpus,
				   .holders = &holders,
				   .uses = &uses,
				   .guest = guest };
	int r;

	*ret = (struct checkup){ .guest = guest };
	r = gpu_scan(host, &ret->gpus);
	if (r >= 0)
		r = machine_observe(host, &ret->gpus, &ret->machine);
	if (r >= 0)
		r = add_devices(ret, addr);
	if (r >= 0)
		r = find_holders(host, ret, &holders);
	if (r >= 0)
		r = find_uses(host, ret, &holders, &uses);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ret->count; i++)
		cardcheck_run(&check, ret->devices[i].set, &ret->devices[i].reasons);
	r = guest ? fit_guest(host, ret) : 0;
	if (r < 0)
		return r;
	hostcheck_run(host, &ret->machine, guest, &ret->reasons);
	monitorcheck_run(host, guest, &ret->reasons);
	for (size_t i = 1; i < ret->count && !guest; i++)
		if (burden(ret, i) < burden(ret, ret->best))
			ret->best = i;
	return has_failed(ret) ? -ENOMEM : 0;
}

void checkup_done(struct checkup *checkup)
{
	for (size_t i = 0; i < checkup->count; i++) {
		iommu_set_done(&checkup->devices[i].own_set);
		reason_list_done(&checkup->devices[i].reasons);
	}
	free(checkup->devices);
	reason_list_done(&checkup->reasons);
	machine_done(&checkup->machine);
	gpu_list_done(&checkup->gpus);
	guest_free(checkup->guest);
	*checkup = (struct checkup){ 0 };
}

bool checkup_is_good(const struct checkup *checkup)
{
	size_t n = reason_count(&checkup->reasons, REASON_BLOCKS);

	for (size_t i = 0; i < checkup->count; i++)
		if (checkup->guest || i == checkup->best)
			n += reason_count(&checkup->devices[i].reasons, REASON_BLOCKS);
	return checkup->count > 0 && n == 0;
}
