/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a helper tells systemd about itself (sd_notify). Without systemd none does anything. */
#pragma once

#include <stdint.h>

/*
 * "I am up", with a line for `systemctl status`, as the last word before the helper becomes another
 * program: NOTIFY_SOCKET leaves the environment, so that the program cannot speak for the unit.
 */
void ready_announce(const char *status);

/* What this process does now may take TIMEOUT_MS from here on, though the unit's TimeoutStartSec=
 * or TimeoutStopSec= be less (EXTEND_TIMEOUT_USEC=; a unit of Type=notify). */
void ready_extend(uint64_t timeout_ms);

/* A line for `systemctl status` while something takes its time. */
void ready_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
