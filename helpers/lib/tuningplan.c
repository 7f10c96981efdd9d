/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a hand-over that set what sections ask for (see tuning.h), and undo it. */
#include "tuningplan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "barsize.h"
#include "tuning.h"

/*
 * Theory of operation
 *
 * The kernel resizes a BAR only while no driver is bound (EBUSY; __resource_resize_store() in
 * drivers/pci/pci-sysfs.c), so that is written between unbind and probe, in both directions. A
 * function that was on vfio-pci before this guest had it is taken off for that and bound again; one
 * that this guest has already may be open in its virtual machine, and is left alone: then the start
 * is refused, and says so.
 *
 * reset_method takes any method that works on the device. The list that is there is what the kernel
 * found when it saw the device first: device_specific may have come since, with a module
 * (vendor-reset), so of that one only the write can tell.
 */

static bool is_taken(const struct isolation_function *function)
{
	return strcmp(function->now.driver, ISOLATION_DRIVER) == 0;
}

static int plan_attribute(enum handover_op op, const struct pciaddr *addr, const char *now,
			  const char *wanted, struct handover_plan *plan)
{
	/* What the device lacks cannot be set, nor what was not there be put back. */
	if (!now[0] || !wanted[0] || strcmp(now, wanted) == 0)
		return 0;
	return handoverstep_add(plan, op, addr, wanted);
}

static int plan_awake(const struct isolation_function *function, struct handover_plan *plan)
{
	const struct isolation_power *port = &function->port_now;
	int r = 0;

	if (function->has_port)
		r = plan_attribute(HANDOVER_POWER, &function->port, port->control, "on", plan);
	if (r >= 0 && function->has_port)
		r = plan_attribute(HANDOVER_D3COLD, &function->port, port->d3cold, "0", plan);
	if (r >= 0)
		r = plan_attribute(HANDOVER_D3COLD, &function->dev.addr, function->now.d3cold, "0",
				   plan);
	return r;
}

int tuningplan_first(const struct isolation *iso, struct handover_plan *plan)
{
	int r = 0;

	for (size_t i = 0; i < iso->count && r >= 0; i++) {
		const struct isolation_function *function = &iso->functions[i];
		const struct guest_device *section = tuning_section(function);
		const char *wanted = section ? tuning_reset_method(section) : NULL;

		if (wanted && strcmp(function->now.reset_method, wanted) != 0)
			r = handoverstep_add(plan, HANDOVER_RESET_METHOD, &function->dev.addr,
					     wanted);
		if (r >= 0 && section && section->power == GUEST_POWER_ON)
			r = plan_awake(function, plan);
	}
	return r;
}

/* Whether BAR is to be resized for the guest. */
static bool is_wanted(const struct isolation_function *function, unsigned bar)
{
	const struct guest_device *section = tuning_section(function);

	return section && section->bar_mib[bar] != 0 &&
	       section->bar_mib[bar] != function->now.bar_mib[bar];
}

bool tuningplan_has_bars(const struct isolation_function *function)
{
	for (unsigned i = 0; i < BARSIZE_COUNT; i++)
		if (is_wanted(function, i))
			return true;
	return false;
}

int tuningplan_bars(const struct isolation_function *function, struct handover_plan *plan)
{
	int r = 0;

	for (unsigned i = 0; i < BARSIZE_COUNT && r >= 0; i++)
		if (is_wanted(function, i))
			r = handoverstep_add_bar(plan, &function->dev.addr, i,
						 tuning_section(function)->bar_mib[i]);
	return r;
}

int tuningplan_last(const struct isolation *iso, struct handover_plan *plan)
{
	int r = 0;

	for (size_t i = 0; i < iso->count && r >= 0; i++) {
		const struct isolation_function *function = &iso->functions[i];
		const struct guest_device *section = tuning_section(function);
		bool stays = is_taken(function) && !tuningplan_has_bars(function);

		if (!section || section->power != GUEST_POWER_ON || !function->now.power[0] ||
		    (stays && strcmp(function->now.power, "on") == 0))
			continue;
		r = handoverstep_add(plan, HANDOVER_POWER, &function->dev.addr, "on");
	}
	return r;
}

static bool is_bar_changed(const struct isolation_function *function, unsigned bar)
{
	return function->found.bar_mib[bar] != 0 &&
	       function->found.bar_mib[bar] != function->now.bar_mib[bar];
}

bool tuningplan_returns_bars(const struct isolation_function *function)
{
	for (unsigned i = 0; i < BARSIZE_COUNT; i++)
		if (is_bar_changed(function, i))
			return true;
	return false;
}

int tuningplan_return_bars(const struct isolation_function *function, struct handover_plan *plan)
{
	int r = 0;

	for (unsigned i = 0; i < BARSIZE_COUNT && r >= 0; i++)
		if (is_bar_changed(function, i))
			r = handoverstep_add_bar(plan, &function->dev.addr, i,
						 function->found.bar_mib[i]);
	return r;
}

int tuningplan_return_port(const struct isolation_function *function, struct handover_plan *plan)
{
	const struct isolation_power *now = &function->port_now, *found = &function->port_found;
	int r = 0;

	if (!function->has_port)
		return 0;
	r = plan_attribute(HANDOVER_D3COLD, &function->port, now->d3cold, found->d3cold, plan);
	return r < 0 ? r
		     : plan_attribute(HANDOVER_POWER, &function->port, now->control, found->control,
				      plan);
}

int tuningplan_verify_return(const struct host *host, const struct isolation_function *function,
			     struct handover_failure *ret_failure)
{
	const struct isolation_power *found = &function->port_found;
	char bdf[PCIADDR_SIZE], is[BARSIZE_TEXT_SIZE], was[BARSIZE_TEXT_SIZE];
	struct isolation_power port = { 0 };
	struct isolation_state now = { 0 };

	tuning_read(host, function, &now, &port);
	pciaddr_format(&function->dev.addr, bdf);
	for (unsigned i = 0; i < BARSIZE_COUNT; i++)
		if (now.bar_mib[i] != function->found.bar_mib[i])
			return handoverstep_fail(
				ret_failure, -EXDEV,
				"%s: BAR %u is %s and was %s before the start, and a driver is "
				"bound, so it cannot be set: unbind that first",
				bdf, i, barsize_format(now.bar_mib[i], is),
				barsize_format(function->found.bar_mib[i], was));
	pciaddr_format(&function->port, bdf);
	if (port.control[0] && found->control[0] && strcmp(port.control, found->control) != 0)
		return handoverstep_fail(
			ret_failure, -EXDEV,
			"%s: power/control is \"%s\" and was \"%s\" before the start", bdf,
			port.control, found->control);
	if (port.d3cold[0] && found->d3cold[0] && strcmp(port.d3cold, found->d3cold) != 0)
		return handoverstep_fail(
			ret_failure, -EXDEV,
			"%s: d3cold_allowed is \"%s\" and was \"%s\" before the start", bdf,
			port.d3cold, found->d3cold);
	return 0;
}

/* WORD among words that blanks separate. */
static bool has_word(const char *words, const char *word, size_t length)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == length && memcmp(words, word, n) == 0)
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}

static bool refuse_reset(const struct isolation_function *function,
			 const struct guest_device *section, const char *where, char *buf,
			 size_t size)
{
	const struct isolation_state *found = &function->found;
	const char *method = tuning_reset_method(section);
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&function->dev.addr, bdf);
	if (method && !found->has_reset_method) {
		snprintf(buf, size,
			 "%sReset=: %s has no reset_method: the kernel (from 5.15 on) knows no way "
			 "to reset it alone; leave Reset= out",
			 where, bdf);
		return true;
	}
	for (size_t length; method && *method; method += length + (method[length] == ' ')) {
		length = strcspn(method, " ");
		if (has_word(found->reset_method, method, length) ||
		    has_word("device_specific", method, length))
			continue;
		snprintf(buf, size,
			 "%sReset=: %s offers no %.*s: its reset_method is \"%s\" (default "
			 "written there brings back what it had at boot)",
			 where, bdf, (int)length, method, found->reset_method);
		return true;
	}
	return false;
}

static bool refuse_bar(const struct guest *guest, const struct isolation_function *function,
		       unsigned bar, const char *where, char *buf, size_t size)
{
	uint64_t mib = tuning_section(function)->bar_mib[bar];
	char bdf[PCIADDR_SIZE], text[BARSIZE_TEXT_SIZE], is[BARSIZE_TEXT_SIZE];
	char offered[BARSIZE_LIST_SIZE];

	pciaddr_format(&function->dev.addr, bdf);
	barsize_format(mib, text);
	barsize_format(function->now.bar_mib[bar], is);
	if (function->found.bar_mib[bar] == 0)
		snprintf(buf, size,
			 "%sBAR=: BAR %u of %s cannot be resized: there is no resource%u_resize, "
			 "which the kernel has from 6.1 on for a device with the Resizable BAR "
			 "capability, or the BAR has no size now; leave it out",
			 where, bar, bdf, bar);
	else if ((function->bar_offered[bar] >> barsize_exponent(mib) & 1) == 0)
		snprintf(buf, size, "%sBAR=: BAR %u of %s cannot be %s: the device offers %s",
			 where, bar, bdf, text,
			 barsize_format_offered(function->bar_offered[bar], offered));
	else if (is_wanted(function, bar) && function->recorded && is_taken(function))
		snprintf(buf, size,
			 "%sBAR=: BAR %u of %s is %s since this guest was given it, and cannot be "
			 "%s while it stays with it: systemctl stop vxm-guest@%s.service "
			 "vxm-prepare@%s.target%s%s%s, then start again",
			 where, bar, bdf, is, text, guest->name, guest->name,
			 function->keep ? ", vxm-isolate stop " : "",
			 function->keep ? guest->name : "", function->keep ? " --release" : "");
	else
		return false;
	return true;
}

bool tuningplan_refuse(const struct guest *guest, const struct isolation *iso, char *buf,
		       size_t size)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];
		const struct guest_device *section = tuning_section(function);
		struct guest_origin origin;
		char where[512] = "";

		if (!section)
			continue;
		origin = guest_where(guest, &section->reset);
		if (origin.file)
			snprintf(where, sizeof(where), "%s:%u: ", origin.file, origin.line);
		if (refuse_reset(function, section, where, buf, size))
			return true;
		origin = guest_where(guest, &section->bar_mib);
		where[0] = '\0';
		if (origin.file)
			snprintf(where, sizeof(where), "%s:%u: ", origin.file, origin.line);
		for (unsigned bar = 0; bar < BARSIZE_COUNT; bar++)
			if (section->bar_mib[bar] != 0 &&
			    refuse_bar(guest, function, bar, where, buf, size))
				return true;
	}
	return false;
}
