/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening unix socket that a helper binds itself and hands to the server it turns into. */
#pragma once

#include <sys/types.h>

#include "host.h"

/*
 * Binds a stream socket to PATH (relative to the host's root, at most 106 bytes: those who connect
 * by "/" PATH have sun_path's room) with exactly the permissions MODE, less the umask, from the
 * moment it is there, and listens. The directory has to be there. A socket left behind at PATH is
 * removed when nobody listens on it.
 *
 * The descriptor is close-on-exec, blocking and never 0, 1 or 2; the caller owns it. -ENAMETOOLONG;
 * -EADDRINUSE: somebody listens there, who was left alone; -EEXIST: what is at PATH is no socket;
 * -ENOENT and -EACCES of the directory; -errno.
 *
 * On a recorded host the working directory is changed for the length of the call.
 */
int unixsock_listen(const struct host *host, const char *path, mode_t mode, int *ret_fd);

/* Lets FD live over exec(). 0, -errno. */
int unixsock_keep(int fd);
