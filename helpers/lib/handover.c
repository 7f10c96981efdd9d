/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps that take PCI functions from the host's drivers to vfio-pci, and back. */
#include "handover.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "deadline.h"
#include "sysfs.h"

static int add_step(struct handover_plan *plan, enum handover_op op, const struct pciaddr *addr,
		    const char *text)
{
	struct handover_step *steps = reallocarray(plan->steps, plan->count + 1, sizeof(*steps));

	if (!steps)
		return -ENOMEM;
	plan->steps = steps;
	steps[plan->count] = (struct handover_step){ .op = op, .addr = *addr };
	snprintf(steps[plan->count].text, sizeof(steps->text), "%s", text);
	plan->count++;
	return 0;
}

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
		const struct isolation_state *now = &iso->functions[i].now;
		const char *text = ISOLATION_DRIVER;
		bool needed = false;
		int r;

		if (op == HANDOVER_OVERRIDE) {
			needed = strcmp(now->override, ISOLATION_DRIVER) != 0;
		} else if (op == HANDOVER_PROBE) {
			needed = !is_taken(now);
		} else if (op == HANDOVER_UNBIND) {
			needed = now->driver[0] && !is_taken(now);
			text = now->driver;
		}
		r = needed ? add_step(plan, op, &iso->functions[i].dev.addr, text) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int handover_plan_take(const struct isolation *iso, struct handover_plan *ret)
{
	_cleanup_handover_plan_ struct handover_plan plan = { 0 };
	int r = plan_pass(iso, HANDOVER_OVERRIDE, &plan);

	if (r >= 0)
		r = plan_pass(iso, HANDOVER_UNBIND, &plan);
	if (r >= 0)
		r = plan_pass(iso, HANDOVER_PROBE, &plan);
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
	bool free_now = !now->driver[0] || (is_taken(now) && strcmp(home, ISOLATION_DRIVER) != 0);
	bool wanted = free_now && home[0];
	int r = 0;

	if (wanted) {
		const char *aim = any ? "" : home;

		if (strcmp(override, aim) != 0)
			r = add_step(plan, HANDOVER_OVERRIDE, addr, aim);
		override = aim;
	}
	if (r >= 0 && free_now && now->driver[0])
		r = add_step(plan, HANDOVER_UNBIND, addr, now->driver);
	if (r >= 0 && wanted)
		r = add_step(plan, HANDOVER_PROBE, addr, home);
	if (r >= 0 && strcmp(override, found->override) != 0)
		r = add_step(plan, HANDOVER_OVERRIDE, addr, found->override);
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
		r = add_step(&plan, HANDOVER_POWER, addr, found->power);
	if (r >= 0 && function->present && found->d3cold[0] &&
	    strcmp(now->d3cold, found->d3cold) != 0)
		r = add_step(&plan, HANDOVER_D3COLD, addr, found->d3cold);
	if (r >= 0 && function->present && is_reset_method_changed(now, found))
		r = add_step(&plan, HANDOVER_RESET_METHOD, addr, found->reset_method);
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct handover_plan){ 0 };
	return 0;
}

void handover_format_step(const struct handover_step *step, char *buf, size_t size)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&step->addr, bdf);
	switch (step->op) {
	case HANDOVER_OVERRIDE:
		if (step->text[0])
			snprintf(buf, size, "%s: set driver_override to %s", bdf, step->text);
		else
			snprintf(buf, size, "%s: unset driver_override", bdf);
		break;
	case HANDOVER_UNBIND:
		snprintf(buf, size, "%s: unbind from %s", bdf, step->text);
		break;
	case HANDOVER_PROBE:
		if (strcmp(step->text, ISOLATION_ANY) == 0)
			snprintf(buf, size, "%s: probe for the driver of its kind", bdf);
		else
			snprintf(buf, size, "%s: probe for %s", bdf, step->text);
		break;
	case HANDOVER_POWER:
		snprintf(buf, size, "%s: set power/control to %s", bdf, step->text);
		break;
	case HANDOVER_D3COLD:
		snprintf(buf, size, "%s: set d3cold_allowed to %s", bdf, step->text);
		break;
	case HANDOVER_RESET_METHOD:
	default:
		snprintf(buf, size, "%s: set reset_method to \"%s\"", bdf, step->text);
		break;
	}
}

void handover_print(FILE *out, const struct handover_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		char text[256];

		handover_format_step(&plan->steps[i], text, sizeof(text));
		fprintf(out, "%s\n", text);
	}
}

int handover_print_return(FILE *out, const struct isolation *iso)
{
	bool kept = isolation_is_kept(iso);

	for (size_t i = iso->count; i-- > 0;) {
		_cleanup_handover_plan_ struct handover_plan plan = { 0 };
		int r = kept && iso->functions[i].keep
				? 0
				: handover_plan_return(&iso->functions[i], &plan);

		if (r < 0)
			return r;
		handover_print(out, &plan);
	}
	return 0;
}

struct write_job {
	const struct host *host;
	const struct handover_step *step;
	char bdf[PCIADDR_SIZE];
};

/* "\n" unsets: a write of nothing never reaches the driver. */
static int write_attribute(const struct write_job *job, const char *attribute)
{
	return sysfs_write(job->host, job->step->text[0] ? job->step->text : "\n",
			   "bus/pci/devices/%s/%s", job->bdf, attribute);
}

static int write_step(void *data)
{
	const struct write_job *job = data;

	switch (job->step->op) {
	case HANDOVER_OVERRIDE:
		return write_attribute(job, "driver_override");
	case HANDOVER_UNBIND:
		return sysfs_write(job->host, job->bdf, "bus/pci/drivers/%s/unbind",
				   job->step->text);
	case HANDOVER_PROBE:
		return sysfs_write(job->host, job->bdf, "bus/pci/drivers_probe");
	case HANDOVER_POWER:
		return write_attribute(job, "power/control");
	case HANDOVER_D3COLD:
		return write_attribute(job, "d3cold_allowed");
	case HANDOVER_RESET_METHOD:
	default:
		return write_attribute(job, "reset_method");
	}
}

static int fail(struct handover_failure *failure, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int fail(struct handover_failure *failure, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(failure->text, sizeof(failure->text), format, ap);
	va_end(ap);
	return r;
}

static int fail_stuck(const struct host *host, const struct write_job *job, pid_t pid,
		      struct handover_failure *failure)
{
	_cleanup_free_ char *wchan = NULL;
	char path[64], step[256];

	handover_format_step(job->step, step, sizeof(step));
	snprintf(path, sizeof(path), "proc/%d/wchan", (int)pid);
	if (host_read_file(host, path, 256, &wchan, NULL) < 0 || !*wchan || strcmp(wchan, "0") == 0)
		return fail(failure, -ETIMEDOUT,
			    "%s: the kernel has not done it within %d s (writer: pid %d); the "
			    "kernel's log may say why, and only a restart of the machine frees it",
			    step, HANDOVER_TIMEOUT_MS / 1000, (int)pid);
	return fail(failure, -ETIMEDOUT,
		    "%s: the kernel has not done it within %d s (writer: pid %d, waiting in %s); "
		    "the kernel's log may say why, and only a restart of the machine frees it",
		    step, HANDOVER_TIMEOUT_MS / 1000, (int)pid, wchan);
}

static int verify_driver(const struct handover_step *step, const struct pcidev *dev,
			 struct handover_failure *failure)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&step->addr, bdf);
	if (step->op == HANDOVER_UNBIND && strcmp(dev->driver, step->text) == 0)
		return fail(failure, -EXDEV, "%s is still bound to %s after the unbind", bdf,
			    dev->driver);
	if (step->op != HANDOVER_PROBE || strcmp(step->text, dev->driver) == 0)
		return 0;
	if (strcmp(step->text, ISOLATION_ANY) == 0)
		return 0;
	return fail(failure, -EXDEV,
		    "%s is on %s and not on %s after the probe: the kernel's log (journalctl -k) "
		    "says why; if it does not, %s may not be loaded (modprobe %s)",
		    bdf, dev->driver[0] ? dev->driver : "no driver", step->text, step->text,
		    step->text);
}

static int apply_step(const struct host *host, const struct handover_step *step, int lock_fd,
		      struct handover_failure *failure)
{
	struct write_job job = { .host = host, .step = step };
	bool blocks = step->op == HANDOVER_UNBIND || step->op == HANDOVER_PROBE;
	struct pcidev dev;
	char text[256];
	pid_t pid = 0;
	int r;

	pciaddr_format(&step->addr, job.bdf);
	r = blocks ? deadline_run(write_step, &job, HANDOVER_TIMEOUT_MS, lock_fd, &pid)
		   : write_step(&job);
	if (r == -ETIMEDOUT && pid > 0)
		return fail_stuck(host, &job, pid, failure);
	/* The kernel says so when the function is not on that driver: which is what was wanted. */
	if (r == -ENODEV && step->op == HANDOVER_UNBIND)
		r = 0;
	handover_format_step(step, text, sizeof(text));
	if (r < 0)
		return fail(failure, r, "%s: %s; the kernel's log (journalctl -k) may say why",
			    text, strerror(-r));
	if (step->op > HANDOVER_PROBE)
		return 0;
	r = pcidev_read(host, &step->addr, &dev);
	if (r < 0)
		return fail(failure, r, "%s: it cannot be read any more: %s", text, strerror(-r));
	if (step->op == HANDOVER_OVERRIDE && strcmp(dev.override, step->text) != 0)
		return fail(failure, -EXDEV, "%s: it reads back as \"%s\"", text, dev.override);
	return verify_driver(step, &dev, failure);
}

int handover_apply(const struct host *host, const struct handover_plan *plan, int lock_fd,
		   struct handover_failure *ret_failure)
{
	for (size_t i = 0; i < plan->count; i++) {
		int r = apply_step(host, &plan->steps[i], lock_fd, ret_failure);

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
		return fail(ret_failure, r, "%s cannot be read after its return: %s", bdf,
			    strerror(-r));
	isolation_read_state(host, &dev, &now);
	if (strcmp(function->home, ISOLATION_DRIVER) != 0 && is_taken(&now))
		return fail(ret_failure, -EXDEV, "%s is still on %s", bdf, ISOLATION_DRIVER);
	if (!now.driver[0] && function->home[0] && strcmp(function->home, ISOLATION_ANY) != 0)
		return fail(ret_failure, -EXDEV, "%s is on no driver and was on %s", bdf,
			    function->home);
	if (strcmp(now.override, found->override) != 0)
		return fail(ret_failure, -EXDEV,
			    "%s: driver_override is \"%s\" and was \"%s\" before the start", bdf,
			    now.override, found->override);
	if (is_reset_method_changed(&now, found))
		return fail(ret_failure, -EXDEV,
			    "%s: reset_method is \"%s\" and was \"%s\" before the start", bdf,
			    now.reset_method, found->reset_method);
	if (found->power[0] && strcmp(now.power, found->power) != 0)
		return fail(ret_failure, -EXDEV,
			    "%s: power/control is \"%s\" and was \"%s\" before the start", bdf,
			    now.power, found->power);
	if (found->d3cold[0] && strcmp(now.d3cold, found->d3cold) != 0)
		return fail(ret_failure, -EXDEV,
			    "%s: d3cold_allowed is \"%s\" and was \"%s\" before the start", bdf,
			    now.d3cold, found->d3cold);
	return 0;
}
