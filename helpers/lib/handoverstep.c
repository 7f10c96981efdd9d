/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a hand-over: the write, how it is told, and whether it did what it was to. */
#include "handoverstep.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barsize.h"
#include "cleanup.h"
#include "deadline.h"
#include "devicelock.h"
#include "isolationfunction.h"
#include "sysfs.h"

static int add(struct handover_plan *plan, const struct handover_step *step)
{
	struct handover_step *steps = reallocarray(plan->steps, plan->count + 1, sizeof(*steps));

	if (!steps)
		return -ENOMEM;
	plan->steps = steps;
	steps[plan->count++] = *step;
	return 0;
}

int handoverstep_add(struct handover_plan *plan, enum handover_op op, const struct pciaddr *addr,
		     const char *text)
{
	struct handover_step step = { .op = op, .addr = *addr };

	snprintf(step.text, sizeof(step.text), "%s", text);
	return add(plan, &step);
}

int handoverstep_add_bar(struct handover_plan *plan, const struct pciaddr *addr, unsigned bar,
			 uint64_t mib)
{
	struct handover_step step = { .op = HANDOVER_BAR, .addr = *addr, .bar = bar, .mib = mib };

	snprintf(step.text, sizeof(step.text), "%u", barsize_exponent(mib));
	return add(plan, &step);
}

void handoverstep_format(const struct handover_step *step, char *buf, size_t size)
{
	char bdf[PCIADDR_SIZE], mib[BARSIZE_TEXT_SIZE];

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
	case HANDOVER_BAR:
		snprintf(buf, size, "%s: set the size of BAR %u to %s", bdf, step->bar,
			 barsize_format(step->mib, mib));
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

int handoverstep_fail(struct handover_failure *failure, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(failure->text, sizeof(failure->text), format, ap);
	va_end(ap);
	return r;
}

struct write_job {
	const struct host *host;
	const struct handover_step *step;
	char bdf[PCIADDR_SIZE];
};

/* The attribute of the function that a step writes; NULL for one that writes elsewhere. */
static const char *find_attribute(enum handover_op op)
{
	switch (op) {
	case HANDOVER_OVERRIDE:
		return "driver_override";
	case HANDOVER_POWER:
		return "power/control";
	case HANDOVER_D3COLD:
		return "d3cold_allowed";
	case HANDOVER_RESET_METHOD:
		return "reset_method";
	default:
		return NULL;
	}
}

static int write_step(void *data)
{
	const struct write_job *job = data;
	const struct handover_step *step = job->step;

	switch (step->op) {
	case HANDOVER_UNBIND:
		return sysfs_write(job->host, job->bdf, "bus/pci/drivers/%s/unbind", step->text);
	case HANDOVER_PROBE:
		return sysfs_write(job->host, job->bdf, "bus/pci/drivers_probe");
	case HANDOVER_BAR:
		return sysfs_write(job->host, step->text, "bus/pci/devices/%s/resource%u_resize",
				   job->bdf, step->bar);
	default:
		/* "\n" unsets: a write of nothing never reaches the driver. */
		return sysfs_write(job->host, step->text[0] ? step->text : "\n",
				   "bus/pci/devices/%s/%s", job->bdf, find_attribute(step->op));
	}
}

static int fail_stuck(const struct host *host, const struct write_job *job, pid_t pid,
		      struct handover_failure *failure)
{
	char step[256], sleeper[DEVICELOCK_SLEEPER_SIZE];

	handoverstep_format(job->step, step, sizeof(step));
	return handoverstep_fail(
		failure, -ETIMEDOUT,
		"%s: the kernel has not done it within %d s (writer: %s); the kernel's log may say "
		"why, and only a restart of the machine frees it",
		step, HANDOVER_TIMEOUT_MS / 1000, devicelock_sleeper(host, pid, sleeper));
}

static int verify_driver(const struct handover_step *step, const struct pcidev *dev,
			 struct handover_failure *failure)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&step->addr, bdf);
	if (step->op == HANDOVER_UNBIND && strcmp(dev->driver, step->text) == 0)
		return handoverstep_fail(failure, -EXDEV,
					 "%s is still bound to %s after the unbind", bdf,
					 dev->driver);
	if (step->op != HANDOVER_PROBE || strcmp(step->text, dev->driver) == 0)
		return 0;
	if (strcmp(step->text, ISOLATION_ANY) == 0)
		return 0;
	return handoverstep_fail(
		failure, -EXDEV,
		"%s is on %s and not on %s after the probe: the kernel's log (journalctl -k) "
		"says why; if it does not, %s may not be loaded (modprobe %s)",
		bdf, dev->driver[0] ? dev->driver : "no driver", step->text, step->text,
		step->text);
}

static int verify_bar(const struct host *host, const struct handover_step *step,
		      struct handover_failure *failure)
{
	char text[256], is[BARSIZE_TEXT_SIZE];
	struct barsize size = { 0 };
	int r = barsize_read(host, &step->addr, step->bar, &size);

	handoverstep_format(step, text, sizeof(text));
	if (r < 0)
		return handoverstep_fail(failure, r, "%s: it cannot be read any more: %s", text,
					 strerror(-r));
	return size.mib == step->mib ? 0
				     : handoverstep_fail(failure, -EXDEV, "%s: it is %s after that",
							 text, barsize_format(size.mib, is));
}

/* What the step was to change, read again. */
static int verify_step(const struct host *host, const struct write_job *job,
		       struct handover_failure *failure)
{
	const struct handover_step *step = job->step;
	char text[256], is[sizeof(step->text)];
	struct pcidev dev;
	int r;

	if (step->op == HANDOVER_BAR)
		return verify_bar(host, step, failure);
	handoverstep_format(step, text, sizeof(text));
	if (step->op == HANDOVER_OVERRIDE)
		r = pcidev_read_override(host, &step->addr, is, NULL);
	else if (step->op > HANDOVER_PROBE)
		r = sysfs_read(host, is, sizeof(is), "bus/pci/devices/%s/%s", job->bdf,
			       find_attribute(step->op));
	else
		r = pcidev_read(host, &step->addr, &dev);
	if (r < 0)
		return handoverstep_fail(failure, r, "%s: it cannot be read any more: %s", text,
					 strerror(-r));
	if (find_attribute(step->op) && strcmp(is, step->text) != 0)
		return handoverstep_fail(failure, -EXDEV, "%s: it reads back as \"%s\"", text, is);
	return find_attribute(step->op) ? 0 : verify_driver(step, &dev, failure);
}

static int fail_write(const struct handover_step *step, int r, struct handover_failure *failure)
{
	char text[256];

	handoverstep_format(step, text, sizeof(text));
	if (step->op == HANDOVER_BAR)
		return handoverstep_fail(
			failure, r,
			"%s: %s; the ports above it may have no window of that size (Above 4G "
			"Decoding in the firmware's setup makes room): a smaller one may fit, and "
			"without BAR= it stays as it is",
			text, strerror(-r));
	return handoverstep_fail(failure, r, "%s: %s; the kernel's log (journalctl -k) may say why",
				 text, strerror(-r));
}

int handoverstep_apply(const struct host *host, const struct handover_step *step, int lock_fd,
		       struct handover_failure *ret_failure)
{
	struct write_job job = { .host = host, .step = step };
	pid_t pid = 0;
	int r;

	pciaddr_format(&step->addr, job.bdf);
	/* All of them: driver_override and power/control take the device's lock, which an unbind or
	 * a probe that never ends has for ever. */
	r = deadline_run_silent(write_step, &job, HANDOVER_TIMEOUT_MS, lock_fd, &pid);
	if (r == -ETIMEDOUT && pid > 0)
		return fail_stuck(host, &job, pid, ret_failure);
	/* The kernel says so when the function is not on that driver: which is what was wanted. */
	if (r == -ENODEV && step->op == HANDOVER_UNBIND)
		r = 0;
	return r < 0 ? fail_write(step, r, ret_failure) : verify_step(host, &job, ret_failure);
}
