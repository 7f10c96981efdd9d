/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI functions of a guest: as they are, and as they were found. */
#include "isolation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "devicelock.h"
#include "isolationrecord.h"
#include "parse.h"
#include "prepared.h"
#include "sysfs.h"
#include "tuning.h"

/*
 * Theory of operation
 *
 * Every old value of every function is read, and recorded, before the first write; handover.c says
 * why that is enough to survive being killed anywhere.
 *
 * A function that sat on vfio-pci already when we came is left there by the return, for it is what
 * was found; but if our own udev rule put it there at boot, what was found is "no driver", and home
 * is the driver on record since the guest was prepared, or whichever the kernel picks by the
 * modalias. Its power/control is then the home driver's business: nobody has seen what it was.
 */

static bool read_attribute(const struct host *host, const char *bdf, const char *attribute,
			   char *buf, size_t size)
{
	if (sysfs_read(host, buf, size, "bus/pci/devices/%s/%s", bdf, attribute) >= 0)
		return true;
	buf[0] = '\0';
	return false;
}

int isolation_read_state(const struct host *host, const struct pcidev *dev,
			 struct isolation_state *ret, pid_t *ret_pid)
{
	char bdf[PCIADDR_SIZE];
	int r = pcidev_read_override(host, &dev->addr, ret->override, ret_pid);

	pciaddr_format(&dev->addr, bdf);
	memcpy(ret->driver, dev->driver, sizeof(ret->driver));
	read_attribute(host, bdf, "power/control", ret->power, sizeof(ret->power));
	read_attribute(host, bdf, "d3cold_allowed", ret->d3cold, sizeof(ret->d3cold));
	ret->has_reset_method = read_attribute(host, bdf, "reset_method", ret->reset_method,
					       sizeof(ret->reset_method));
	return r;
}

/* What is now of DEV, which is FUNCTION's; it is stuck when not all of it can be read. */
static int read_now(const struct host *host, const struct pcidev *dev,
		    struct isolation_function *function)
{
	pid_t pid = 0;
	int r = isolation_read_state(host, dev, &function->now, &pid);

	function->stuck = r == -ETIMEDOUT;
	devicelock_sleeper(host, function->stuck ? pid : 0, function->sleeper);
	return r;
}

/*
 * Before this guest had it, a function was what it is now; unless it is on our override because the
 * udev rule of a prepared guest put it there at boot. Then it was unbound and without an override,
 * and its home driver is the one on record since the target was enabled. True in that case.
 */
static bool find_home(const struct prepared *prepared, struct isolation_function *function)
{
	const struct prepared_function *ours = prepared_find(prepared, &function->dev.addr);

	function->found = function->now;
	memcpy(function->home, function->now.driver, sizeof(function->home));
	if (!ours || !pciids_match(&ours->ids, &function->dev.ids) ||
	    strcmp(function->now.override, ISOLATION_DRIVER) != 0)
		return false;
	function->found.driver[0] = '\0';
	function->found.override[0] = '\0';
	function->found.power[0] = '\0';
	snprintf(function->home, sizeof(function->home), "%s",
		 ours->driver[0] ? ours->driver : ISOLATION_ANY);
	return true;
}

bool isolation_is_first_of_group(const struct isolation *iso, size_t i)
{
	for (size_t n = 0; n < i; n++)
		if (iso->functions[n].dev.iommu_group == iso->functions[i].dev.iommu_group)
			return false;
	return iso->functions[i].dev.iommu_group >= 0;
}

const struct quirk *isolation_find_quirk(const struct isolation *iso, enum quirk_action action,
					 const struct isolation_function **ret_function)
{
	for (size_t i = 0; i < iso->count; i++)
		for (size_t n = 0; n < iso->functions[i].quirk_count; n++) {
			if (iso->functions[i].quirks[n]->action != action)
				continue;
			*ret_function = &iso->functions[i];
			return iso->functions[i].quirks[n];
		}
	return NULL;
}

bool isolation_is_kept(const struct isolation *iso)
{
	bool has_display = false;

	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];

		if (!function->keep || !function->present)
			continue;
		if (strcmp(function->now.driver, ISOLATION_DRIVER) != 0)
			return false;
		has_display = has_display || pcidev_is_display(&function->dev);
	}
	return has_display;
}

static int add_function(struct isolation *iso, struct isolation_function **ret)
{
	struct isolation_function *functions =
		reallocarray(iso->functions, iso->count + 1, sizeof(*functions));

	if (!functions)
		return -ENOMEM;
	iso->functions = functions;
	functions[iso->count] = (struct isolation_function){ 0 };
	*ret = &functions[iso->count++];
	return 0;
}

static int observe_function(const struct host *host, const struct guest *guest,
			    const struct record *record, const struct prepared *prepared,
			    const struct guest_device *config, const struct pcidev *dev,
			    struct isolation *iso)
{
	struct isolation_function *function;
	char bdf[PCIADDR_SIZE];
	int r;

	for (size_t i = 0; i < iso->count; i++)
		if (pciaddr_compare(&iso->functions[i].dev.addr, &dev->addr) == 0)
			return 0;
	r = add_function(iso, &function);
	if (r < 0)
		return r;
	function->dev = *dev;
	function->config = config;
	function->present = true;
	r = read_now(host, dev, function);
	if (r < 0 && !function->stuck)
		return r;
	pciaddr_format(&dev->addr, bdf);
	r = record_owner(host, "isolate", bdf, guest->name, function->owner);
	if (r < 0)
		return r;
	if (record && record_get(record, bdf, "home"))
		r = isolationrecord_read(record, function);
	else
		find_home(prepared, function);
	if (r >= 0)
		r = tuning_observe(host, guest->name, function);
	function->quirk_count = quirk_find(host, dev, function->home, function->quirks);
	return r;
}

/* [PCI] devices first, then what goes with the GPU, and the GPU's own function last. */
static int observe_functions(const struct host *host, const struct guest *guest,
			     const struct record *record, const struct prepared *prepared,
			     struct isolation *iso)
{
	for (size_t i = iso->device_count; i-- > 0;) {
		const struct isolation_device *device = &iso->devices[i];
		int r;

		if (!device->dev)
			continue;
		for (size_t n = device->set.own_count; n-- > 0;) {
			const struct pcidev *dev = device->set.own[n];

			if (dev == device->dev)
				continue;
			r = observe_function(host, guest, record, prepared, device->config, dev,
					     iso);
			if (r < 0)
				return r;
		}
		r = observe_function(host, guest, record, prepared, device->config, device->dev,
				     iso);
		if (r < 0)
			return r;
	}
	return 0;
}

static int observe_device(const struct guest_device *config, bool whole_slot, struct isolation *iso)
{
	struct isolation_device *device = &iso->devices[iso->device_count++];

	device->config = config;
	device->dev = pcidev_find(&iso->list, &config->device);
	return device->dev ? iommu_observe(&iso->list, &config->device, whole_slot, &device->set)
			   : 0;
}

/* A function that an earlier start took and that the configuration no longer names. */
static void observe_leftover(const struct record *record, struct isolation *iso)
{
	const char *object;

	for (size_t i = 0; record && (object = record_object(record, i)); i++) {
		bool named = isolationrecord_is_port(record, object);

		for (size_t n = 0; n < iso->count && !named; n++) {
			char bdf[PCIADDR_SIZE];

			named = strcmp(pciaddr_format(&iso->functions[n].dev.addr, bdf), object) ==
				0;
		}
		if (!named)
			snprintf(iso->leftover, sizeof(iso->leftover), "%s", object);
	}
}

/* A function whose home is vfio-pci stays there in any case. */
static void decide_release(const struct guest *guest, struct isolation *iso)
{
	const struct isolation_function *about;
	bool keep = guest->gpu.release == GUEST_RELEASE_KEEP ||
		    (guest->gpu.release == GUEST_RELEASE_AUTO &&
		     isolation_find_quirk(iso, QUIRK_KEEPS, &about));

	for (size_t i = 0; i < iso->count; i++)
		iso->functions[i].keep = keep && iso->functions[i].config == &guest->gpu &&
					 strcmp(iso->functions[i].home, ISOLATION_DRIVER) != 0;
}

/*
 * What our udev rule takes at boot; empty when there is no such rule: while the target is not
 * enabled, an override that is there is the admin's own, whatever an old file says.
 */
static int read_prepared(const struct host *host, const char *name, struct prepared *ret)
{
	int r = prepared_is_enabled(host, name);

	if (r > 0)
		r = prepared_read(host, name, ret);
	return r == -ENOENT ? 0 : r;
}

int isolation_observe(const struct host *host, const struct guest *guest,
		      const struct record *record, struct isolation *ret)
{
	_cleanup_prepared_ struct prepared prepared = { 0 };
	_cleanup_isolation_ struct isolation iso = { 0 };
	int r = read_prepared(host, guest->name, &prepared);

	if (r >= 0)
		r = pcidev_scan(host, &iso.list);
	if (r < 0)
		return r;
	iso.devices = calloc(guest->pci_count + 1, sizeof(*iso.devices));
	if (!iso.devices)
		return -ENOMEM;
	r = observe_device(&guest->gpu, true, &iso);
	for (size_t i = 0; i < guest->pci_count && r >= 0; i++)
		r = observe_device(guest->pci[i], false, &iso);
	if (r >= 0)
		r = observe_functions(host, guest, record, &prepared, &iso);
	if (r < 0)
		return r;
	observe_leftover(record, &iso);
	decide_release(guest, &iso);
	*ret = iso;
	iso = (struct isolation){ 0 };
	return 0;
}

/* Whether the function that was recorded is still the one at its address. */
static int recall_function(const struct host *host, const struct record *record, const char *object,
			   int lock_fd, struct isolation *iso)
{
	struct isolation_function *function;
	const char *identity = record_get(record, object, "identity");
	const char *group = record_get(record, object, "iommu_group");
	struct pciaddr addr;
	struct pciids ids;
	pid_t pid = 0;
	int r;

	if (!identity || !group || pciaddr_parse(object, &addr) < 0 ||
	    pciids_parse(identity, &ids) < 0)
		return -EBADMSG;
	r = add_function(iso, &function);
	if (r < 0)
		return r;
	/* What a killed helper was writing may not be through yet: it has the device's lock. */
	if (lock_fd >= 0)
		function->stuck = devicelock_try(host, object, lock_fd, &pid) == -ETIMEDOUT;
	devicelock_sleeper(host, function->stuck ? pid : 0, function->sleeper);
	r = pcidev_read(host, &addr, &function->dev);
	if (r < 0 && r != -ENOENT && r != -ENODEV)
		return r;
	function->present = r >= 0 && pciids_match(&ids, &function->dev.ids);
	function->dev.addr = addr;
	function->dev.ids = ids;
	/* Of the time of the record: it names the mark on the group's node. */
	if (parse_int(group, &function->dev.iommu_group) < 0)
		return -EBADMSG;
	if (function->present && !function->stuck) {
		r = read_now(host, &function->dev, function);
		if (r < 0 && !function->stuck)
			return r;
	}
	r = isolationrecord_read(record, function);
	if (r >= 0)
		tuning_read(host, function, &function->now, &function->port_now);
	return r;
}

int isolation_recall(const struct host *host, const struct record *record, int lock_fd,
		     struct isolation *ret)
{
	_cleanup_isolation_ struct isolation iso = { 0 };
	const char *object;

	for (size_t i = 0; (object = record_object(record, i)); i++) {
		int r = isolationrecord_is_port(record, object)
				? 0
				: recall_function(host, record, object, lock_fd, &iso);

		if (r < 0)
			return r;
	}
	*ret = iso;
	iso = (struct isolation){ 0 };
	return 0;
}

static int recall_prepared(const struct host *host, const char *guest,
			   const struct prepared *prepared, const struct pciaddr *addr,
			   struct isolation *iso)
{
	char bdf[PCIADDR_SIZE], owner[GUEST_NAME_SIZE];
	struct isolation_function *function;
	struct pcidev dev;
	int r = record_owner(host, "isolate", pciaddr_format(addr, bdf), guest, owner);

	if (r != 0)
		return r < 0 ? r : 0;
	r = pcidev_read(host, addr, &dev);
	if (r < 0)
		return r == -ENOENT || r == -ENODEV ? 0 : r;
	r = add_function(iso, &function);
	if (r < 0)
		return r;
	function->dev = dev;
	function->present = true;
	r = isolation_read_state(host, &dev, &function->now, NULL);
	if (r < 0)
		return r;
	if (!find_home(prepared, function))
		iso->count--;
	return 0;
}

int isolation_recall_prepared(const struct host *host, const char *guest, struct isolation *ret)
{
	_cleanup_prepared_ struct prepared prepared = { 0 };
	_cleanup_isolation_ struct isolation iso = { 0 };
	int r = read_prepared(host, guest, &prepared);

	/* By address, so a card's display function comes last, as in the order of taking. */
	for (size_t i = prepared.count; i-- > 0 && r >= 0;)
		r = recall_prepared(host, guest, &prepared, &prepared.items[i].addr, &iso);
	if (r < 0)
		return r;
	*ret = iso;
	iso = (struct isolation){ 0 };
	return 0;
}

void isolation_done(struct isolation *iso)
{
	for (size_t i = 0; i < iso->device_count; i++)
		iommu_set_done(&iso->devices[i].set);
	free(iso->devices);
	free(iso->functions);
	pcidev_list_done(&iso->list);
	holder_list_done(&iso->holders);
	hostuse_list_done(&iso->uses);
	*iso = (struct isolation){ 0 };
}
