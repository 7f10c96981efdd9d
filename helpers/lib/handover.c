/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps that take PCI functions from the host's drivers to vfio-pci, and back. */
#include "handover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "tuningplan.h"

void handover_plan_done(struct handover_plan *plan)
{
	free(plan->steps);
	*plan = (struct handover_plan){ 0 };
}

static bool is_taken(const struct isolation_state *state)
{
	return strcmp(state->driver, ISOLATION_DRIVER) == 0;
}

static int plan_pass(const struct isolation *iso, enum handover_op op, struct handover_plan *plan)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];
		const struct isolation_state *now = &function->now;
		bool leaves = !is_taken(now) || tuningplan_has_bars(function);
		const char *text = ISOLATION_DRIVER;
		bool needed = false;
		int r;

		if (op == HANDOVER_OVERRIDE) {
			needed = strcmp(now->override, ISOLATION_DRIVER) != 0;
		} else if (op == HANDOVER_PROBE) {
			needed = leaves;
		} else if (op == HANDOVER_UNBIND) {
			needed = now->driver[0] && leaves;
			text = now->driver;
		}
		if (op == HANDOVER_BAR)
			r = tuningplan_bars(function, plan);
		else
			r = needed ? handoverstep_add(plan, op, &function->dev.addr, text) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int handover_plan_take(const struct isolation *iso, struct handover_plan *ret)
{
	_cleanup_handover_plan_ struct handover_plan plan = { 0 };
	int r = tuningplan_first(iso, &plan);

	for (enum handover_op op = HANDOVER_OVERRIDE; op <= HANDOVER_PROBE && r >= 0; op++)
		r = plan_pass(iso, op, &plan);
	if (r >= 0)
		r = tuningplan_last(iso, &plan);
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct handover_plan){ 0 };
	return 0;
}

/* The driver, and the override, of a function that goes back. */
static int plan_driver(const struct isolation_function *function, struct handover_plan *plan)
{
	const struct pciaddr *addr = &function->dev.addr;
	const struct isolation_state *now = &function->now, *found = &function->found;
	const char *home = function->home, *override = now->override;
	bool any = strcmp(home, ISOLATION_ANY) == 0;
	/* Neither free nor ours nor at home: somebody bound it by hand since, and it stays so. */
	bool leaves = strcmp(home, ISOLATION_DRIVER) != 0 || tuningplan_returns_bars(function);
	bool free_now = !now->driver[0] || (is_taken(now) && leaves);
	bool wanted = free_now && home[0];
	int r = 0;

	if (wanted) {
		const char *aim = any ? "" : home;

		if (strcmp(override, aim) != 0)
			r = handoverstep_add(plan, HANDOVER_OVERRIDE, addr, aim);
		override = aim;
	}
	if (r >= 0 && free_now && now->driver[0])
		r = handoverstep_add(plan, HANDOVER_UNBIND, addr, now->driver);
	if (r >= 0 && free_now)
		r = tuningplan_return_bars(function, plan);
	if (r >= 0 && wanted)
		r = handoverstep_add(plan, HANDOVER_PROBE, addr, home);
	if (r >= 0 && strcmp(override, found->override) != 0)
		r = handoverstep_add(plan, HANDOVER_OVERRIDE, addr, found->override);
	return r;
}

/* One that was absent cannot have changed, nor can one that is absent now be put back. */
static bool is_reset_method_changed(const struct isolation_state *now,
				    const struct isolation_state *found)
{
	return now->has_reset_method && found->has_reset_method &&
	       strcmp(now->reset_method, found->reset_method) != 0;
}

int handover_plan_return(const struct isolation_function *function, struct handover_plan *ret)
{
	_cleanup_handover_plan_ struct handover_plan plan = { 0 };
	const struct isolation_state *now = &function->now, *found = &function->found;
	const struct pciaddr *addr = &function->dev.addr;
	int r = function->present ? plan_driver(function, &plan) : 0;

	/* Written after every change of driver, for that changes it; else only where it differs. */
	if (r >= 0 && function->present && found->power[0] &&
	    (plan.count > 0 || strcmp(now->power, found->power) != 0))
		r = handoverstep_add(&plan, HANDOVER_POWER, addr, found->power);
	if (r >= 0 && function->present && found->d3cold[0] &&
	    strcmp(now->d3cold, found->d3cold) != 0)
		r = handoverstep_add(&plan, HANDOVER_D3COLD, addr, found->d3cold);
	if (r >= 0 && function->present && is_reset_method_changed(now, found))
		r = handoverstep_add(&plan, HANDOVER_RESET_METHOD, addr, found->reset_method);
	/* The port stays where its card was pulled out. */
	if (r >= 0)
		r = tuningplan_return_port(function, &plan);
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct handover_plan){ 0 };
	return 0;
}

void handover_print(FILE *out, const struct handover_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		char text[256];

		handoverstep_format(&plan->steps[i], text, sizeof(text));
		fprintf(out, "%s\n", text);
	}
}

int handover_print_return(FILE *out, const struct isolation *iso)
{
	bool kept = isolation_is_kept(iso);

	for (size_t i = iso->count; i-- > 0;) {
		_cleanup_handover_plan_ struct handover_plan plan = { 0 };
		int r = iso->functions[i].stuck || (kept && iso->functions[i].keep)
				? 0
				: handover_plan_return(&iso->functions[i], &plan);

		if (r < 0)
			return r;
		handover_print(out, &plan);
	}
	return 0;
}

int handover_apply(const struct host *host, const struct handover_plan *plan, int lock_fd,
		   struct handover_failure *ret_failure)
{
	for (size_t i = 0; i < plan->count; i++) {
		int r = handoverstep_apply(host, &plan->steps[i], lock_fd, ret_failure);

		if (r < 0)
			return r;
	}
	return 0;
}

int handover_verify_return(const struct host *host, const struct isolation_function *function,
			   struct handover_failure *ret_failure)
{
	const struct isolation_state *found = &function->found;
	struct isolation_state now;
	char bdf[PCIADDR_SIZE];
	struct pcidev dev;
	int r;

	if (!function->present)
		return 0;
	pciaddr_format(&function->dev.addr, bdf);
	r = pcidev_read(host, &function->dev.addr, &dev);
	if (r < 0)
		return handoverstep_fail(ret_failure, r, "%s cannot be read after its return: %s",
					 bdf, strerror(-r));
	r = isolation_read_state(host, &dev, &now, NULL);
	if (r < 0)
		return handoverstep_fail(ret_failure, r, "%s cannot be read after its return: %s",
					 bdf, strerror(-r));
	if (strcmp(function->home, ISOLATION_DRIVER) != 0 && is_taken(&now))
		return handoverstep_fail(ret_failure, -EXDEV, "%s is still on %s", bdf,
					 ISOLATION_DRIVER);
	if (!now.driver[0] && function->home[0] && strcmp(function->home, ISOLATION_ANY) != 0)
		return handoverstep_fail(ret_failure, -EXDEV, "%s is on no driver and was on %s",
					 bdf, function->home);
	if (strcmp(now.override, found->override) != 0)
		return handoverstep_fail(
			ret_failure, -EXDEV,
			"%s: driver_override is \"%s\" and was \"%s\" before the start", bdf,
			now.override, found->override);
	if (is_reset_method_changed(&now, found))
		return handoverstep_fail(
			ret_failure, -EXDEV,
			"%s: reset_method is \"%s\" and was \"%s\" before the start", bdf,
			now.reset_method, found->reset_method);
	if (found->power[0] && strcmp(now.power, found->power) != 0)
		return handoverstep_fail(
			ret_failure, -EXDEV,
			"%s: power/control is \"%s\" and was \"%s\" before the start", bdf,
			now.power, found->power);
	if (found->d3cold[0] && strcmp(now.d3cold, found->d3cold) != 0)
		return handoverstep_fail(
			ret_failure, -EXDEV,
			"%s: d3cold_allowed is \"%s\" and was \"%s\" before the start", bdf,
			now.d3cold, found->d3cold);
	return tuningplan_verify_return(host, function, ret_failure);
}
