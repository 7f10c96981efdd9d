/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a guest's functions may move now: all refusals, with the gate watched. */
#pragma once

#include "refusal.h"

/*
 * For a check: how long nobody may open a node before the gate counts as open. Status bars poll
 * every second or more.
 */
#define ADMISSION_CHECK_MS 1000
/* For a start, which comes after a check: that nobody came since. */
#define ADMISSION_START_MS 200

/*
 * Everything that needs no watching is asked first. ISO gets the last look. 0: they may move;
 * -EPERM: they may not, for RET's reason; -errno of the looking, and RET's text says so.
 */
int admission_check(const struct host *host, const struct guest *guest, unsigned quiet_ms,
		    struct isolation *iso, struct refusal *ret);
