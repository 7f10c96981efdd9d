/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts recorded PCI functions back to what they were found with, each for itself. */
#include "giveback.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "deadline.h"
#include "devicelock.h"
#include "isolationrecord.h"
#include "sysfs.h"
#include "vfionode.h"

static int await_holder(const struct host *host, const char *guest, const struct pcidev *dev,
			int64_t end_ms, struct handover_failure *failure)
{
	int64_t left = end_ms - deadline_now_ms();
	unsigned timeout_ms = left > 0 ? (unsigned)left : 0;
	char bdf[PCIADDR_SIZE];
	struct holder last;
	int r = 0;

	if (dev->iommu_group >= 0)
		r = holder_await_group(host, (unsigned)dev->iommu_group, timeout_ms, &last);
	pciaddr_format(&dev->addr, bdf);
	if (r == -ETIMEDOUT)
		snprintf(
			failure->text, sizeof(failure->text),
			"%s is still held by %s (pid %d%s%s) through %s: end that virtual machine, "
			"then: vxm-isolate stop %s",
			bdf, last.comm, (int)last.pid, last.unit[0] ? ", " : "", last.unit,
			last.path, guest);
	else if (r < 0)
		snprintf(failure->text, sizeof(failure->text),
			 "%s: whether a virtual machine still holds it cannot be found out: %s",
			 bdf, strerror(-r));
	return r;
}

static bool has_probe(const struct handover_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].op == HANDOVER_PROBE)
			return true;
	return false;
}

struct header_job {
	const struct host *host;
	char bdf[PCIADDR_SIZE];
};

/*
 * -EIO: it reads as all ones, as a device does that is not on the bus any more: one that did not
 * come back from a reset or from D3cold. The whole header is looked at, for the vendor id of a
 * virtual function reads ffff in good health.
 */
static int read_header(void *data)
{
	const struct header_job *job = data;
	unsigned char header[64];
	ssize_t n = sysfs_read_bytes(job->host, header, sizeof(header), "bus/pci/devices/%s/config",
				     job->bdf);

	for (ssize_t i = 0; i < n; i++)
		if (header[i] != 0xff)
			return 0;
	return n > 0 ? -EIO : 0;
}

/* What is told of a function that no driver of the host may be tried on. Returns R. */
static int fail_unfit(const char *guest, const struct isolation_function *function,
		      const char *what, const char *why, int r, struct handover_failure *failure)
{
	bool any = strcmp(function->home, ISOLATION_ANY) == 0;
	char bdf[PCIADDR_SIZE];

	return handoverstep_fail(
		failure, r,
		"%s %s (%s), and %s may hang on it: it stays %s%s. systemctl suspend may wake it "
		"up, switching the machine off and on does; after a suspend: vxm-isolate stop %s",
		pciaddr_format(&function->dev.addr, bdf), what, why,
		any ? "the driver of its kind" : function->home,
		function->now.driver[0] ? "on " : "without a driver", function->now.driver, guest);
}

/*
 * A host's driver that probes a dead device may never come back, and has the device's lock by then.
 * The kernel wakes the device up for this read (pci_config_pm_runtime_get()), and may wait a minute
 * for one that does not wake: hence the deadline.
 */
static int refuse_dead(const struct host *host, const char *guest,
		       const struct isolation_function *function, const char *what, int lock_fd,
		       struct handover_failure *failure)
{
	struct header_job job = { .host = host };
	int r;

	pciaddr_format(&function->dev.addr, job.bdf);
	r = deadline_run_silent(read_header, &job, HANDOVER_TIMEOUT_MS, lock_fd, NULL);
	return r < 0 ? fail_unfit(guest, function, what,
				  r == -EIO ? "its configuration space reads ff" : strerror(-r), r,
				  failure)
		     : 0;
}

/*
 * -ENOTTY says two things: no method that is listed could do it, as for a display function with the
 * method "bus" whose sound function was found after the list was made; or pci_dev_wait() gave up,
 * and then the header reads ff. Neither is told from here. Any other error is a method's own.
 */
static int write_reset(void *data)
{
	const struct header_job *job = data;

	return sysfs_write(job->host, "1", "bus/pci/devices/%s/reset", job->bdf);
}

/*
 * vfio-pci resets a function when the guest closes it, and nobody is told whether that worked
 * (vfio_pci_core_disable()). So it is done once more, where the answer is heard, by what
 * reset_method says now, which is what the guest had.
 */
static int refuse_unreset(const struct host *host, const char *guest,
			  const struct isolation_function *function, int lock_fd,
			  struct handover_failure *failure)
{
	struct header_job job = { .host = host };
	int r;

	if (!function->now.has_reset_method || !function->now.reset_method[0])
		return 0;
	pciaddr_format(&function->dev.addr, job.bdf);
	if (sysfs_exists(host, "bus/pci/devices/%s/reset", job.bdf) < 0)
		return 0;
	r = deadline_run_silent(write_reset, &job, HANDOVER_TIMEOUT_MS, lock_fd, NULL);
	if (r < 0 && r != -ENOTTY)
		return fail_unfit(guest, function, "failed its reset", strerror(-r), r, failure);
	return refuse_dead(host, guest, function, "does not answer after its reset", lock_fd,
			   failure);
}

/* Not while a virtual machine has it: the nodes would go from under it. */
static void keep(const struct host *host, const char *guest,
		 const struct isolation_function *function, int64_t end_ms, struct giveback *ret)
{
	const char *home = function->home;
	char bdf[PCIADDR_SIZE];

	*ret = (struct giveback){ 0 };
	ret->error = await_holder(host, guest, &function->dev, end_ms, &ret->failure);
	ret->kept = ret->error >= 0;
	if (ret->kept && pcidev_is_display(&function->dev))
		snprintf(ret->failure.text, sizeof(ret->failure.text),
			 "%s stays on %s for the guest %s (Release=): vxm-isolate stop %s "
			 "--release gives it back to %s",
			 pciaddr_format(&function->dev.addr, bdf), ISOLATION_DRIVER, guest, guest,
			 strcmp(home, ISOLATION_ANY) == 0 ? "the driver of its kind"
			 : home[0]			  ? home
							  : "the host");
}

/* Nothing is written to it: that would wait for the same lock. */
static int fail_stuck(const char *guest, const struct isolation_function *function,
		      struct handover_failure *failure)
{
	char bdf[PCIADDR_SIZE], why[DEVICELOCK_TEXT_SIZE];

	pciaddr_format(&function->dev.addr, bdf);
	return handoverstep_fail(failure, -ETIMEDOUT, "%s; if it does: vxm-isolate stop %s",
				 devicelock_tell(bdf, function->sleeper, why), guest);
}

static void give_back(const struct host *host, const char *guest,
		      const struct isolation_function *function, int64_t end_ms, int lock_fd,
		      struct giveback *ret)
{
	_cleanup_handover_plan_ struct handover_plan plan = { 0 };
	bool taken = strcmp(function->now.driver, ISOLATION_DRIVER) == 0;
	struct pcidev dev;
	int r;

	*ret = (struct giveback){ 0 };
	if (function->present && function->stuck) {
		ret->error = fail_stuck(guest, function, &ret->failure);
		return;
	}
	r = handover_plan_return(function, &plan);
	if (r < 0)
		snprintf(ret->failure.text, sizeof(ret->failure.text),
			 "there is not enough memory to plan a return");
	if (r >= 0 && taken && plan.count > 0)
		r = await_holder(host, guest, &function->dev, end_ms, &ret->failure);
	/* Not before: what a virtual machine does last is a reset. */
	if (r >= 0 && has_probe(&plan))
		r = refuse_dead(host, guest, function, "does not answer", lock_fd, &ret->failure);
	if (r >= 0 && taken && has_probe(&plan))
		r = refuse_unreset(host, guest, function, lock_fd, &ret->failure);
	if (r >= 0)
		r = handover_apply(host, &plan, lock_fd, &ret->failure);
	if (r >= 0)
		r = handover_verify_return(host, function, &ret->failure);
	ret->error = r;
	if (r < 0 || !taken || pcidev_read(host, &function->dev.addr, &dev) < 0)
		return;
	ret->moved = strcmp(dev.driver, ISOLATION_DRIVER) != 0;
	memcpy(ret->driver, dev.driver, sizeof(ret->driver));
}

/* The display function first, for the others look for it. */
void giveback_functions(const struct host *host, const char *guest, const struct isolation *iso,
			unsigned timeout_ms, int lock_fd, giveback_tell tell,
			struct giveback *results)
{
	int64_t end_ms = deadline_now_ms() + timeout_ms;
	bool kept = isolation_is_kept(iso);

	for (size_t i = iso->count; i-- > 0;) {
		if (kept && iso->functions[i].keep && iso->functions[i].present)
			keep(host, guest, &iso->functions[i], end_ms, &results[i]);
		else
			give_back(host, guest, &iso->functions[i], end_ms, lock_fd, &results[i]);
		tell(&iso->functions[i], &results[i]);
	}
}

/* Nodes of the groups in which nothing is left to put back. */
static void finish_nodes(const struct host *host, const struct isolation *iso, giveback_tell tell,
			 struct giveback *results)
{
	for (size_t i = 0; i < iso->count; i++) {
		int group = iso->functions[i].dev.iommu_group, r;
		bool used = false;

		for (size_t n = 0; n < iso->count; n++)
			used = used ||
			       (results[n].error < 0 && iso->functions[n].dev.iommu_group == group);
		if (used || !isolation_is_first_of_group(iso, i))
			continue;
		r = vfionode_take_back(host, group);
		if (r >= 0)
			continue;
		results[i].error = r;
		snprintf(results[i].failure.text, sizeof(results[i].failure.text),
			 "/dev/vfio/%d was not given back to root: %s; does systemd-udevd run?",
			 group, strerror(-r));
		tell(&iso->functions[i], &results[i]);
	}
}

int giveback_finish(const struct host *host, const char *guest, const struct isolation *iso,
		    giveback_tell tell, struct giveback *results)
{
	_cleanup_record_ struct record *rest = record_new(guest, "isolate");
	size_t left = 0;

	if (!rest)
		return -ENOMEM;
	finish_nodes(host, iso, tell, results);
	for (size_t i = 0; i < iso->count; i++) {
		bool stays = results[i].error < 0 || results[i].kept;
		int r = stays ? isolationrecord_note(rest, &iso->functions[i]) : 0;

		if (r < 0)
			return r;
		left += stays;
	}
	return left > 0 ? record_save(host, rest) : record_remove(host, guest, "isolate");
}

int giveback_run(const struct host *host, const char *guest, const struct isolation *iso,
		 unsigned timeout_ms, int lock_fd, giveback_tell tell, int *ret_record)
{
	_cleanup_free_ struct giveback *results = calloc(iso->count + 1, sizeof(*results));
	int r;

	*ret_record = 0;
	if (!results)
		return -ENOMEM;
	giveback_functions(host, guest, iso, timeout_ms, lock_fd, tell, results);
	r = *ret_record = giveback_finish(host, guest, iso, tell, results);
	for (size_t i = 0; i < iso->count && r >= 0; i++)
		r = results[i].error;
	return r;
}
