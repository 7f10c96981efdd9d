/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the kernel lets anybody at a PCI function. */
#include "devicelock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "deadline.h"
#include "pcidev.h"
#include "sysfs.h"

struct job {
	const struct host *host;
	const char *bdf;
};

static int write_control(void *data)
{
	const struct job *job = data;
	char text[SYSFS_TEXT_SIZE];
	int r = sysfs_read(job->host, text, sizeof(text), "bus/pci/devices/%s/power/control",
			   job->bdf);

	return r < 0 ? r
		     : sysfs_write(job->host, text, "bus/pci/devices/%s/power/control", job->bdf);
}

int devicelock_try(const struct host *host, const char *bdf, int lock_fd, pid_t *ret_pid)
{
	struct job job = { .host = host, .bdf = bdf };
	int r = deadline_run_silent(write_control, &job, PCIDEV_LOCK_TIMEOUT_MS, lock_fd, ret_pid);

	return r == -ENOENT ? 0 : r;
}

const char *devicelock_sleeper(const struct host *host, pid_t pid,
			       char buf[static DEVICELOCK_SLEEPER_SIZE])
{
	_cleanup_free_ char *wchan = NULL;
	char path[64];

	buf[0] = '\0';
	if (pid <= 0)
		return buf;
	snprintf(path, sizeof(path), "proc/%d/wchan", (int)pid);
	if (host_read_file(host, path, 256, &wchan, NULL) < 0 || !*wchan || strcmp(wchan, "0") == 0)
		snprintf(buf, DEVICELOCK_SLEEPER_SIZE, "pid %d", (int)pid);
	else
		snprintf(buf, DEVICELOCK_SLEEPER_SIZE, "pid %d, waiting in %s", (int)pid, wchan);
	return buf;
}

const char *devicelock_tell(const char *bdf, const char *sleeper,
			    char buf[static DEVICELOCK_TEXT_SIZE])
{
	snprintf(buf, DEVICELOCK_TEXT_SIZE,
		 "%s: the kernel has let nobody at it for %d s%s%s%s: a driver does not come back "
		 "from it, the kernel's log (journalctl -k) may say which, and only a restart of "
		 "the machine frees it",
		 bdf, PCIDEV_LOCK_TIMEOUT_MS / 1000, sleeper[0] ? " (" : "", sleeper,
		 sleeper[0] ? ")" : "");
	return buf;
}
