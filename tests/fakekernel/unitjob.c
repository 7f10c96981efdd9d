/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A systemd made of files, in the place of helpers/lib/unitjob.o. */

/*
 * run/fake-units/UNIT says how a unit is: "active", "inactive", or "stuck", which runs and does not
 * stop in time. Each job counts as a write of the fake kernel, and its processes end and come with
 * it.
 */
#include "unitjob.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fakekernel.h"

struct job {
	const struct host *host;
	const char *unit;
	bool stop;
};

static char *read_state(const struct host *host, const char *unit)
{
	char path[PATH_MAX], *text = NULL;

	snprintf(path, sizeof(path), "run/fake-units/%s", unit);
	if (host_read_file(host, path, 64, &text, NULL) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void write_state(const struct host *host, const char *unit, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "run/fake-units/%s", unit);
	fd = openat(host->root_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
}

int unitjob_is_running(const struct host *host, const char *unit)
{
	_cleanup_free_ char *state = read_state(host, unit);

	return state && strcmp(state, "inactive") != 0;
}

static int act(void *data)
{
	const struct job *job = data;
	_cleanup_free_ char *state = read_state(job->host, job->unit);

	if (!state)
		return job->stop ? 0 : -ENOENT;
	if (strcmp(state, "stuck") == 0)
		return job->stop ? -ETIMEDOUT : 0;
	write_state(job->host, job->unit, job->stop ? "inactive\n" : "active\n");
	fakekernel_end_processes(job->host, job->unit, job->stop);
	return 0;
}

static int run(const struct host *host, const char *unit, bool stop,
	       struct unitjob_failure *failure)
{
	struct job job = { .host = host, .unit = unit, .stop = stop };
	int r = fakekernel_change(act, &job);

	if (r < 0)
		snprintf(failure->text, sizeof(failure->text), "%s could not be %s: %s", unit,
			 stop ? "stopped" : "started", strerror(-r));
	return r;
}

int unitjob_stop(const struct host *host, const char *unit, int64_t end_ms,
		 struct unitjob_failure *ret_failure)
{
	(void)end_ms;
	return run(host, unit, true, ret_failure);
}

int unitjob_start(const struct host *host, const char *unit, int64_t end_ms,
		  struct unitjob_failure *ret_failure)
{
	(void)end_ms;
	return run(host, unit, false, ret_failure);
}
