/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stops and starts units of the running machine, and waits until systemd has. */
#pragma once

#include <stdint.h>

#include "host.h"

/* How long all units together may take to stop, or to start, in one run of a helper. */
#define UNITJOB_TIMEOUT_MS 20000

struct unitjob_failure {
	char text[512]; /* one sentence with the unit and the way out, without a full stop */
};

/* Whether UNIT runs, or is about to: 1, or 0 also for one that systemd does not know, and on a
 * recorded host. -errno of the bus. */
int unitjob_is_running(const struct host *host, const char *unit);
/*
 * Asks systemd for the job and waits for its end, at most until END_MS on the clock of
 * deadline_now_ms(); a job that is past that is cancelled. 0: the unit has stopped, or started,
 * which it may have done before. -ECANCELED, of a start: systemd is about to stop it, as it does
 * while the machine goes down. Another -errno, and ret_failure says what and why.
 */
int unitjob_stop(const struct host *host, const char *unit, int64_t end_ms,
		 struct unitjob_failure *ret_failure);
int unitjob_start(const struct host *host, const char *unit, int64_t end_ms,
		  struct unitjob_failure *ret_failure);
