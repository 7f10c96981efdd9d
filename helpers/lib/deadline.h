/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An act that may block for ever in the kernel, done by a child that may be left behind. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * Runs ACT(DATA) in a child and waits on its pidfd for at most TIMEOUT_MS. Returns what ACT
 * returned (0 or -errno, at most 255 in amount), -ETIMEDOUT when the child is still in it: it is
 * then left to itself with SIGKILL pending (a process in uninterruptible sleep dies when the kernel
 * lets go), and ret_pid (if not NULL) is its pid, so that the caller can say what the kernel waits
 * for (/proc/PID/wchan, stack). -EPROTO when the child was killed by somebody else.
 *
 * Without a descriptor for the pidfd (-EMFILE, -ENFILE, -ENOMEM) the child is killed and waited
 * for; it may have acted by then.
 *
 * A child dies with the process that started it, as far as the kernel lets it die.
 *
 * LOCK_FD (or -1) is closed in the child, so that one left behind does not hold the caller's flock.
 */
int deadline_run(int (*act)(void *data), void *data, unsigned timeout_ms, int lock_fd,
		 pid_t *ret_pid);

/*
 * The same of an act that may sleep in the kernel for good, and that prints nothing: the child's
 * three standard streams are /dev/null, so that whoever reads the caller's to their end does not
 * wait for one that is left behind.
 */
int deadline_run_silent(int (*act)(void *data), void *data, unsigned timeout_ms, int lock_fd,
			pid_t *ret_pid);

/* The clock that deadlines are counted on, for several waits that have one together. */
int64_t deadline_now_ms(void);
