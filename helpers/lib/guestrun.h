/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be there before the helper becomes a guest's QEMU: sockets, shared memory, limits. */
#pragma once

#include <stdbool.h>

#include "guest.h"
#include "host.h"

struct guestrun {
	int control_fd; /* listening, close-on-exec */
	int events_fd;
};
#define GUESTRUN_NONE ((struct guestrun){ -1, -1 })
void guestrun_done(struct guestrun *run);
#define _cleanup_guestrun_ _cleanup_(guestrun_done)

/*
 * Binds the two QMP sockets in /run/vxm/NAME/qemu, notes there how long this run's shutdown may
 * take, and makes the Looking Glass memory in the size
 * that is configured. 0; -errno, and ret_error says what failed and the way out.
 */
int guestrun_prepare(const struct host *host, const struct guest *guest, struct guestrun *ret,
		     struct guest_error *ret_error);

/*
 * Shutdown= that the guest was started with, whatever its file says by now. 0; -ENOENT: no run
 * noted it; -EINVAL, -ERANGE: that is no number; -errno. The file is the user vxm's: for him alone.
 */
int guestrun_read_shutdown(const struct host *host, const char *name, unsigned *ret_s);

/* Lowers RLIMIT_MEMLOCK, soft and hard, to BYTES. 0; -EPERM: it is lower than that already, and
 * ret_error says so; -errno. */
int guestrun_limit_memlock(uint64_t bytes, struct guest_error *ret_error);

/*
 * What a run left: its sockets' directory /run/vxm/NAME/qemu, and its Looking Glass memory, which
 * is a regular file of the user whose that directory is. A file of that name that is somebody
 * else's is not QEMU's to leave. 0; -EINVAL: that is no guest's name; -errno.
 */
struct guestrun_left {
	bool directory, shared;
};
int guestrun_observe_left(const struct host *host, const char *name, struct guestrun_left *ret);

/* Removes what is left, and /run/vxm/NAME when that was the last in there. As root, after QEMU's
 * end. What is not there is success. -errno. */
int guestrun_clean(const struct host *host, const char *name);
