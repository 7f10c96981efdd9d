/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lock of a kind of records, waited for no longer than one can afford. */
#pragma once

#include "cleanup.h"
#include "host.h"

/*
 * Theory of operation
 *
 * flock() knows no deadline. But its lock belongs to the open file description, not to the process
 * that asked (flock(2)), and a child shares that. So when the lock is not free a child waits for it
 * (deadline.h): when it returns, the lock is the parent's; when its time is over it is killed,
 * which ends a wait for a lock at once, and the parent closes what it has opened. There is no
 * signal and no timer in the helper itself, and nobody asks twice.
 */

/* record_lock() with a deadline: a descriptor that holds the lock until it is closed, in every
 * process. -ETIMEDOUT: somebody else has had it all the time; -errno. */
int recordlock_take(const struct host *host, const char *kind, unsigned timeout_ms);

/*
 * The same lock shared: any number may have it while nobody has it by recordlock_take() or
 * record_lock(). For those who only want to look while nobody of that KIND is at work; so nothing
 * is made: -ENOENT says that nobody ever was.
 */
int recordlock_share(const struct host *host, const char *kind, unsigned timeout_ms);

/*
 * While vxm-display talks to a monitor it has all I2C buses open, those of a card that is to move
 * among them: for another guest, or for this one after a stop a moment ago. It has its own lock as
 * long, so this shares that one, for those who look for holders and move a card: our own helper is
 * no reason to refuse, nor does an unbind have to wait for it. One that takes too long is found
 * like any other holder; so a failure may be ignored.
 */
int recordlock_hold_monitors(const struct host *host);

/* Lets go of a lock, also where a child that was left behind still has the descriptor. */
void recordlock_done(const int *fd);
#define _cleanup_recordlock_ _cleanup_(recordlock_done)
