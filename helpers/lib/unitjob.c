/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stops and starts units of the running machine, and waits until systemd has. */

/*
 * Theory of operation
 *
 * StartUnit and StopUnit answer with a job as soon as it is queued; that it is through is told by
 * the signal JobRemoved. The match stands before the job is asked for, so its end cannot be missed,
 * and nothing is polled.
 *
 * A stop replaces a start that is queued: it is to be stopped. A start gives way to whatever is
 * queued against it ("fail"), and systemd then says TransactionIsDestructive: so a helper that runs
 * while the machine is shut down brings nothing up.
 */
#include "unitjob.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "cleanup.h"
#include "deadline.h"
#include "unitstate.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define OBJECT	"/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

struct job {
	const char *path;
	char result[32]; /* "" while it is not through */
};

static int on_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct job *job = data;
	uint32_t id;

	(void)error;
	if (job->path && sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 &&
	    strcmp(path, job->path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

static int await(sd_bus *bus, const struct job *job, int64_t end_ms)
{
	while (!job->result[0]) {
		int64_t left = end_ms - deadline_now_ms();
		int r = sd_bus_process(bus, NULL);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (left <= 0)
			return -ETIMEDOUT;
		r = sd_bus_wait(bus, (uint64_t)left * 1000);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

static int open_bus(int64_t end_ms, struct job *job, sd_bus **ret)
{
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	int64_t left = end_ms - deadline_now_ms();
	int r = sd_bus_open_system(&bus);

	/* 0 would be the library's own limit. */
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, left > 0 ? (uint64_t)left * 1000 : 1);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, SYSTEMD, OBJECT, MANAGER, "JobRemoved",
					on_removed, job);
	/* systemd sends signals of jobs to nobody before somebody asks for them. */
	if (r >= 0)
		r = sd_bus_call_method(bus, SYSTEMD, OBJECT, MANAGER, "Subscribe", NULL, NULL, "");
	if (r < 0)
		return r;
	*ret = take_ptr(bus);
	return 0;
}

static int run(const char *method, const char *mode, const char *unit, int64_t end_ms,
	       struct unitjob_failure *failure)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	bool stop = strcmp(method, "StopUnit") == 0;
	struct job job = { .path = NULL };
	const char *why = NULL;
	int r = open_bus(end_ms, &job, &bus);

	if (r >= 0)
		r = sd_bus_call_method(bus, SYSTEMD, OBJECT, MANAGER, method, &error, &reply, "ss",
				       unit, mode);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &job.path);
	if (r >= 0)
		r = await(bus, &job, end_ms);
	if (r == -ETIMEDOUT && job.path)
		(void)sd_bus_call_method(bus, SYSTEMD, job.path, SYSTEMD ".Job", "Cancel", NULL,
					 NULL, "");
	if (stop && sd_bus_error_has_name(&error, SYSTEMD ".NoSuchUnit"))
		return 0;
	if (!stop && sd_bus_error_has_name(&error, SYSTEMD ".TransactionIsDestructive"))
		r = -ECANCELED;
	/* Of a start, "skipped" is a condition of the unit's own. */
	if (r >= 0 && strcmp(job.result, "done") != 0 && strcmp(job.result, "skipped") != 0) {
		r = -EIO;
		why = job.result;
	}
	if (r >= 0)
		return 0;
	if (!why)
		why = r == -ETIMEDOUT ? "it takes too long"
		      : error.message ? error.message
				      : strerror(-r);
	snprintf(failure->text, sizeof(failure->text),
		 "%s could not be %s: %s; systemctl status %s says more", unit,
		 stop ? "stopped" : "started", why, unit);
	return r;
}

int unitjob_is_running(const struct host *host, const char *unit)
{
	return host->recorded ? 0 : unitstate_is_running(unit);
}

int unitjob_stop(const struct host *host, const char *unit, int64_t end_ms,
		 struct unitjob_failure *ret_failure)
{
	return host->recorded ? 0 : run("StopUnit", "replace", unit, end_ms, ret_failure);
}

int unitjob_start(const struct host *host, const char *unit, int64_t end_ms,
		  struct unitjob_failure *ret_failure)
{
	return host->recorded ? 0 : run("StartUnit", "fail", unit, end_ms, ret_failure);
}
