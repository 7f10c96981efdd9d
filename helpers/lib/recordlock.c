/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lock of a kind of records, waited for no longer than one can afford. */
#include "recordlock.h"

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

#include "deadline.h"
#include "record.h"

/* Below the limit of vxm-check@, which has other work too. */
#define MONITOR_TIMEOUT_MS 25000

struct lock_job {
	int fd;
	int operation;
};

static int await_lock(void *data)
{
	const struct lock_job *job = data;

	while (flock(job->fd, job->operation) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int lock_within(int opened, int operation, unsigned timeout_ms)
{
	_cleanup_close_ int fd = opened;
	struct lock_job job = { .fd = fd, .operation = operation };
	int r;

	if (fd < 0 || flock(fd, operation | LOCK_NB) == 0)
		return take_fd(&fd);
	if (errno != EWOULDBLOCK && errno != EINTR)
		return -errno;
	r = deadline_run(await_lock, &job, timeout_ms, -1, NULL);
	return r < 0 ? r : take_fd(&fd);
}

int recordlock_take(const struct host *host, const char *kind, unsigned timeout_ms)
{
	return lock_within(record_open_lock(host, kind, true), LOCK_EX, timeout_ms);
}

int recordlock_share(const struct host *host, const char *kind, unsigned timeout_ms)
{
	return lock_within(record_open_lock(host, kind, false), LOCK_SH, timeout_ms);
}

int recordlock_hold_monitors(const struct host *host)
{
	return recordlock_share(host, "display", MONITOR_TIMEOUT_MS);
}

void recordlock_done(const int *fd)
{
	if (*fd < 0)
		return;
	flock(*fd, LOCK_UN);
	close(*fd);
}
