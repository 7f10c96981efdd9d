/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine a helper looks at: the running one, or a recorded one below --root=DIR. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "strlist.h"

struct host {
	int root_fd;   /* O_PATH descriptor of "/" or of DIR */
	bool recorded; /* --root was given: no bus, no udev, no syscall that reaches the running
			  machine */
};

/* ROOT NULL or "/" is the running machine. 0, -ENOENT, -ENOTDIR, -EACCES of the directory. */
int host_open(const char *root, struct host *ret);
void host_done(struct host *host);
#define _cleanup_host_ _cleanup_(host_done)

/* PATH is relative to the host's root throughout ("run/vxm", never "/run/vxm"); messages add the
 * leading slash. */

/* openat() below the root, O_CLOEXEC added. A descriptor, or -errno. */
int host_openat(const struct host *host, const char *path, int flags);

/*
 * The whole of a regular or proc/sysfs file, at most LIMIT bytes (-EFBIG beyond), NUL-terminated;
 * the caller frees it. ret_size may be NULL.
 */
int host_read_file(const struct host *host, const char *path, size_t limit, char **ret,
		   size_t *ret_size);

/* Names in a directory in byte order, without dot files. -ENOENT when there is none, or none any
 * more; -errno. */
int host_list(const struct host *host, const char *path, struct strlist *ret);
