/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a section sets on its function while the guest has it: sizes of BARs, ways to reset, power.
 */
#include "tuning.h"

#include <errno.h>
#include <string.h>

#include "pciport.h"
#include "record.h"
#include "sysfs.h"

/*
 * Theory of operation
 *
 * Only what the section asks for is looked at and recorded: what nobody sets need not be put back,
 * and reading the size of a BAR wakes a card that sleeps.
 *
 * The port above the function is where a card in D3cold has its power cut, so it is kept awake with
 * the card. Two guests may have functions of one slot, and then one port: it is in the record of
 * the one that came first, which alone sets it and puts it back. For the other, d3cold_allowed=0 of
 * its own function is enough, for a port sleeps no deeper than what hangs on it allows
 * (pci_bridge_d3_update() in drivers/pci/pci.c).
 */

const struct guest_device *tuning_section(const struct isolation_function *function)
{
	const struct guest_device *section = function->config;

	return section && pciaddr_compare(&section->device, &function->dev.addr) == 0 ? section
										      : NULL;
}

const char *tuning_reset_method(const struct guest_device *section)
{
	return section->reset && strcmp(section->reset, "none") == 0 ? "" : section->reset;
}

/* Whether a bridge has the port's address: after its card went, another device may. */
static bool is_port(const struct host *host, const struct pciaddr *addr)
{
	struct pcidev dev;

	return pcidev_read(host, addr, &dev) >= 0 && pcidev_is_bridge(&dev);
}

static void read_power(const struct host *host, const struct pciaddr *addr,
		       struct isolation_power *ret)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(addr, bdf);
	if (sysfs_read(host, ret->control, sizeof(ret->control), "bus/pci/devices/%s/power/control",
		       bdf) < 0)
		ret->control[0] = '\0';
	if (sysfs_read(host, ret->d3cold, sizeof(ret->d3cold), "bus/pci/devices/%s/d3cold_allowed",
		       bdf) < 0)
		ret->d3cold[0] = '\0';
}

void tuning_read(const struct host *host, const struct isolation_function *function,
		 struct isolation_state *ret, struct isolation_power *ret_port)
{
	for (unsigned i = 0; i < BARSIZE_COUNT; i++) {
		struct barsize size = { 0 };

		if (function->found.bar_mib[i] != 0)
			(void)barsize_read(host, &function->dev.addr, i, &size);
		ret->bar_mib[i] = size.mib;
	}
	if (function->has_port && (function->present || is_port(host, &function->port)))
		read_power(host, &function->port, ret_port);
}

/* The port that FUNCTION hangs on, for a section that wants it awake. */
static int observe_port(const struct host *host, const char *guest,
			struct isolation_function *function)
{
	struct pciport ports[PCIPORT_MAX];
	char bdf[PCIADDR_SIZE], owner[GUEST_NAME_SIZE];
	size_t count;
	int r;

	/* A function on the root bus hangs on none, and a recorded machine may not say. */
	if (pciport_path(host, &function->dev.addr, ports, &count) < 0 || count == 0)
		return 0;
	r = record_owner(host, "isolate", pciaddr_format(&ports[count - 1].addr, bdf), guest,
			 owner);
	if (r != 0)
		return r < 0 ? r : 0;
	function->has_port = true;
	function->port = ports[count - 1].addr;
	read_power(host, &function->port, &function->port_found);
	return 0;
}

int tuning_observe(const struct host *host, const char *guest, struct isolation_function *function)
{
	const struct guest_device *section = tuning_section(function);
	int r = 0;

	for (unsigned i = 0; section && i < BARSIZE_COUNT; i++) {
		struct barsize size = { 0 };

		if (section->bar_mib[i] == 0 ||
		    barsize_read(host, &function->dev.addr, i, &size) < 0)
			continue;
		function->bar_offered[i] = size.offered;
		if (function->found.bar_mib[i] == 0)
			function->found.bar_mib[i] = size.mib;
	}
	if (section && section->power == GUEST_POWER_ON && !function->has_port)
		r = observe_port(host, guest, function);
	tuning_read(host, function, &function->now, &function->port_now);
	return r;
}
