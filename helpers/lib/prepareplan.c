/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PCI functions a prepared guest is to be given at boot. */
#include "prepareplan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "iommu.h"

/*
 * Theory of operation
 *
 * What is on record is what was meant, if the configuration still names it: the rules are made from
 * the record, and match nothing when the addresses have moved. Before the first start after
 * `systemctl enable` there is no record yet. Then the machine as it is at this boot is taken for
 * the one at enabling, on two conditions. The device at the address has the configured identity;
 * and that leaves no doubt: either the identity names the subsystem as well, or no other function
 * of the machine has that vendor and device. Otherwise two cards of one chip by two makers, in
 * slots that have moved, would be taken for each other, and one of them may be what the host boots
 * on.
 *
 * A card that is not in the machine at all, at no address, has not moved: it may be pulled out, or
 * switched off. Its rules are written for when it appears.
 */

#define OUR_DRIVER "vfio-pci"

const struct pcidev *prepareplan_find(const struct pcidev_list *list, const struct pciids *ids)
{
	for (size_t i = 0; i < list->count; i++)
		if (pciids_match(ids, &list->items[i].ids))
			return &list->items[i];
	return NULL;
}

static int observe_device(const struct pcidev_list *list, const struct guest_device *device,
			  bool whole_slot, const struct prepared *before, struct prepared *ret)
{
	_cleanup_iommu_set_ struct iommu_set set = { 0 };
	int r = iommu_observe(list, &device->device, whole_slot, &set);

	if (r < 0)
		return r;
	if (!pciids_match(&device->identity, &set.device->ids))
		return -ENODEV;
	for (size_t i = 0; i < set.own_count; i++) {
		const struct pcidev *dev = set.own[i];
		const struct prepared_function *old = prepared_find(before, &dev->addr);
		struct prepared_function f = { .addr = dev->addr, .ids = dev->ids };

		if (*dev->driver && strcmp(dev->driver, OUR_DRIVER) != 0)
			snprintf(f.driver, sizeof(f.driver), "%s", dev->driver);
		else if (old && pciids_match(&old->ids, &dev->ids))
			memcpy(f.driver, old->driver, sizeof(f.driver));
		r = prepared_add(ret, &f);
		if (r < 0)
			return r;
	}
	return 0;
}

int prepareplan_observe(const struct pcidev_list *list, const struct guest *guest,
			const struct prepared *before, struct prepared *ret,
			const struct guest_device **ret_wrong)
{
	_cleanup_prepared_ struct prepared found = { NULL, 0 };
	const struct guest_device *device = &guest->gpu;
	int r = observe_device(list, device, true, before, &found);

	for (size_t i = 0; r >= 0 && i < guest->pci_count; i++) {
		device = guest->pci[i];
		r = observe_device(list, device, false, before, &found);
	}
	if (r < 0) {
		*ret_wrong = r == -ENOMEM ? NULL : device;
		return r;
	}
	*ret = found;
	found = (struct prepared){ NULL, 0 };
	return 0;
}

static void warn(char warning[static PREPAREPLAN_WARNING_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void warn(char warning[static PREPAREPLAN_WARNING_SIZE], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(warning, PREPAREPLAN_WARNING_SIZE, format, ap);
	va_end(ap);
}

/* "ADDRESS is IDS now, and IDS was meant; that is at ADDRESS now". */
static void warn_of_shift(const struct pcidev_list *list, const struct pciaddr *addr,
			  const struct pciids *meant, const char *name,
			  char warning[static PREPAREPLAN_WARNING_SIZE])
{
	const struct pcidev *now = pcidev_find(list, addr), *moved = prepareplan_find(list, meant);
	char address[PCIADDR_SIZE], wanted[PCIIDS_SIZE], found[PCIIDS_SIZE], place[PCIADDR_SIZE];

	warn(warning,
	     "%s is %s, and %s was meant%s%s. Nothing is taken at boot. Correct Device= in "
	     "/etc/vxm/guests/%s.conf, then: systemctl reenable vxm-prepare@%s.target",
	     pciaddr_format(addr, address), now ? pciids_format(&now->ids, found) : "absent",
	     pciids_format(meant, wanted), moved ? ", which is now at " : "",
	     moved ? pciaddr_format(&moved->addr, place) : "", name, name);
}

/* A second function that the configured identity fits as well, or NULL. */
static const struct pcidev *find_twin(const struct pcidev_list *list,
				      const struct guest_device *device)
{
	if (device->identity.has_subsystem)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (pciids_match(&device->identity, &list->items[i].ids) &&
		    pciaddr_compare(&device->device, &list->items[i].addr) != 0)
			return &list->items[i];
	return NULL;
}

/* Whether a twin leaves in doubt which of two is meant; the warning says so. */
static bool is_doubtful(const struct pcidev_list *list, const struct guest *guest,
			const struct guest_device *device,
			char warning[static PREPAREPLAN_WARNING_SIZE])
{
	const struct pcidev *twin = find_twin(list, device), *dev;
	char address[PCIADDR_SIZE], other[PCIADDR_SIZE], ids[PCIIDS_SIZE], full[PCIIDS_SIZE];

	if (!twin)
		return false;
	dev = pcidev_find(list, &device->device);
	warn(warning,
	     "%s and %s are both %s: at this first boot it is in doubt which one was meant, and "
	     "nothing is taken by rule. If it is the former, Identity=%s in "
	     "/etc/vxm/guests/%s.conf says so",
	     pciaddr_format(&device->device, address), pciaddr_format(&twin->addr, other),
	     pciids_format(&device->identity, ids), dev ? pciids_format(&dev->ids, full) : "",
	     guest->name);
	return true;
}

/* Without a record. */
static int plan_from_machine(const struct pcidev_list *list, const struct guest *guest,
			     struct prepared *ret, char warning[static PREPAREPLAN_WARNING_SIZE])
{
	static const struct prepared nothing = { NULL, 0 };
	const struct guest_device *wrong = NULL;
	bool doubtful;
	int r = prepareplan_observe(list, guest, &nothing, ret, &wrong);

	if (r == -ENOENT || r == -ENODEV) {
		warn_of_shift(list, &wrong->device, &wrong->identity, guest->name, warning);
		return 0;
	}
	if (r < 0)
		return r;
	doubtful = is_doubtful(list, guest, &guest->gpu, warning);
	for (size_t i = 0; !doubtful && i < guest->pci_count; i++)
		doubtful = is_doubtful(list, guest, guest->pci[i], warning);
	if (doubtful)
		prepared_done(ret);
	return 0;
}

static bool is_in_place(const struct pcidev_list *list, const struct prepared_function *f)
{
	const struct pcidev *now = pcidev_find(list, &f->addr);

	return now && pciids_match(&f->ids, &now->ids);
}

/* Whether nothing of it is anywhere. */
static bool is_away(const struct pcidev_list *list, const struct prepared *prepared)
{
	for (size_t i = 0; i < prepared->count; i++)
		if (pcidev_find(list, &prepared->items[i].addr) ||
		    prepareplan_find(list, &prepared->items[i].ids))
			return false;
	return true;
}

/* One function that moved is enough: the guest cannot start then, and what would be taken for it
 * would be nobody's. */
static bool is_shifted(const struct pcidev_list *list, const struct prepared *prepared,
		       const char *name, char warning[static PREPAREPLAN_WARNING_SIZE])
{
	for (size_t i = 0; i < prepared->count; i++) {
		const struct prepared_function *f = &prepared->items[i];

		if (is_in_place(list, f))
			continue;
		warn_of_shift(list, &f->addr, &f->ids, name, warning);
		return true;
	}
	return false;
}

static void warn_of_absence(const struct prepared *prepared,
			    char warning[static PREPAREPLAN_WARNING_SIZE])
{
	char address[PCIADDR_SIZE], ids[PCIIDS_SIZE];

	warn(warning, "%s, %s, is not in the machine. It is taken when it appears",
	     pciaddr_format(&prepared->items[0].addr, address),
	     pciids_format(&prepared->items[0].ids, ids));
}

/* Whether this is the boot's first look: nobody has made VxM's runtime directories yet, nor has
 * this system's udev loaded a driver. */
static bool is_boot(const struct host *host)
{
	return faccessat(host->root_fd, "run/vxm/.lock", F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

/* The rules come too late for a function that has its driver from the initramfs. */
static void warn_of_driver(const struct pcidev_list *list, const struct prepared *prepared,
			   char warning[static PREPAREPLAN_WARNING_SIZE])
{
	for (size_t i = 0; i < prepared->count; i++) {
		const struct pcidev *now = pcidev_find(list, &prepared->items[i].addr);
		char address[PCIADDR_SIZE];

		if (!*now->driver || strcmp(now->driver, OUR_DRIVER) == 0)
			continue;
		warn(warning,
		     "%s has its driver %s already, from the initramfs or the kernel itself, and "
		     "is taken from it later. An initramfs that leaves it alone: update-initramfs "
		     "-u, or dracut --force",
		     pciaddr_format(&now->addr, address), now->driver);
		return;
	}
}

/* The record, or what the machine says in its place. 1: the record; 0, -errno. */
static int plan(const struct host *host, const struct guest *guest, const struct pcidev_list *list,
		struct prepared *ret, char ret_warning[static PREPAREPLAN_WARNING_SIZE])
{
	_cleanup_prepared_ struct prepared record = { NULL, 0 };
	int r = prepared_read(host, guest->name, &record);

	*ret_warning = '\0';
	*ret = (struct prepared){ NULL, 0 };
	if (r == -ENOENT || prepared_is_renewed(host, guest->name) > 0)
		return plan_from_machine(list, guest, ret, ret_warning);
	if (r < 0) {
		warn(ret_warning,
		     "/" PREPARED_DIRECTORY "/%s cannot be read (%s), so nothing is taken at boot; "
		     "systemctl reenable vxm-prepare@%s.target makes it anew",
		     guest->name, r == -EBADMSG ? "it is not of its form" : strerror(-r),
		     guest->name);
		return 0;
	}
	/* Configured anew since: the start that follows puts the new devices on record. */
	if (!prepared_is_meant(&record, guest))
		return plan_from_machine(list, guest, ret, ret_warning);
	*ret = record;
	record = (struct prepared){ NULL, 0 };
	return 1;
}

static int scan(const struct host *host, struct pcidev_list *ret)
{
	int r = pcidev_scan(host, ret);

	return r == -ENOENT ? 0 : r; /* a container has no PCI */
}

/* *ret_away: the plan is for later. */
static int make(const struct host *host, const struct guest *guest, struct prepared *ret,
		bool *ret_away, char ret_warning[static PREPAREPLAN_WARNING_SIZE])
{
	_cleanup_pcidev_list_ struct pcidev_list list = { 0 };
	int r = scan(host, &list);

	*ret_away = false;
	*ret_warning = '\0';
	*ret = (struct prepared){ NULL, 0 };
	if (r >= 0)
		r = plan(host, guest, &list, ret, ret_warning);
	if (r < 0 || ret->count == 0)
		return r < 0 ? r : 0;
	if (r > 0 && is_away(&list, ret)) {
		*ret_away = true;
		warn_of_absence(ret, ret_warning);
		return 0;
	}
	if (r > 0 && is_shifted(&list, ret, guest->name, ret_warning))
		prepared_done(ret);
	else if (is_boot(host))
		warn_of_driver(&list, ret, ret_warning);
	return 0;
}

int prepareplan_make(const struct host *host, const struct guest *guest, struct prepared *ret,
		     char ret_warning[static PREPAREPLAN_WARNING_SIZE])
{
	bool away;

	return make(host, guest, ret, &away, ret_warning);
}

int prepareplan_make_initramfs(const struct host *host, const struct guest *guest,
			       struct prepared *ret,
			       char ret_warning[static PREPAREPLAN_WARNING_SIZE])
{
	_cleanup_pcidev_list_ struct pcidev_list list = { 0 };
	int r = scan(host, &list);

	*ret_warning = '\0';
	*ret = (struct prepared){ NULL, 0 };
	if (r >= 0)
		r = plan(host, guest, &list, ret, ret_warning);
	return r < 0 ? r : 0;
}

bool prepareplan_is_possible(const struct host *host, const char *name)
{
	_cleanup_prepared_ struct prepared prepared = { NULL, 0 };
	_cleanup_guest_ struct guest *guest = NULL;
	char warning[PREPAREPLAN_WARNING_SIZE];
	struct guest_error error;
	bool away;

	if (guest_load(host, name, &guest, &error) < 0)
		return true;
	return make(host, guest, &prepared, &away, warning) < 0 || (prepared.count > 0 && !away);
}
