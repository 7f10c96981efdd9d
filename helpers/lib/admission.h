/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a guest's functions may move now: all refusals, with the gate watched. */
#pragma once

#include "refusal.h"
#include "release.h"

/*
 * For a check: how long nobody may open a node before the gate counts as open. Status bars poll
 * every second or more.
 */
#define ADMISSION_CHECK_MS 1000
/* For a start, which comes after a check: that nobody came since. */
#define ADMISSION_START_MS 200
/* How long those who were asked to let go may take: a compositor sets modes before it closes. */
#define ADMISSION_LET_GO_MS 5000

/*
 * Everything that needs no watching is asked first. ISO gets the last look. 0: they may move;
 * -EPERM: they may not, for RET's reason; -errno of the looking, and RET's text says so.
 *
 * A check asks nobody to let go: a holder that a start would ask is told of, and is no reason.
 */
int admission_check(const struct host *host, const struct guest *guest, unsigned quiet_ms,
		    struct isolation *iso, tell_function tell, struct refusal *ret);
/*
 * A start's. The kernel has to let somebody at each function (devicelock.h; LOCK_FD as there). Who
 * may be asked is asked (release.h), once nothing else speaks against it, and is waited for. Last,
 * each function has to be what it was: a slot may have another device in it by then. When
 * they may not move all the same, they are told that nothing has come of it before this returns;
 * where they could not be told, RET is unsettled.
 */
int admission_start(const struct host *host, const struct guest *guest, unsigned quiet_ms,
		    int lock_fd, struct isolation *iso, tell_function tell, struct refusal *ret);
