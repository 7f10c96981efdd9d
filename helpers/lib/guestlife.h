/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running QEMU from its first answer to its end, over QMP. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "guest.h"
#include "host.h"
#include "qmp.h"

/* Sockets in /run/vxm/NAME/qemu, one client each: the first is for commands, the second for whoever
 * listens to events; stop takes it when the first is not free. */
#define GUESTLIFE_CONTROL "qmp-control.sock"
#define GUESTLIFE_EVENTS  "qmp-events.sock"

/* How long a guest may take to answer for the first time: all its memory is cleared before. Less
 * than TimeoutStartSec= as vxm-generator writes it. */
uint64_t guestlife_start_ms(const struct guest *guest);

/*
 * Waits until QEMU of NAME says that the guest runs. 0 and *ret, the connection; -EPIPE: QEMU ended
 * (its own words are in the journal); -ETIMEDOUT; -ECONNREFUSED, -ENOENT: nobody listens;
 * -ENOTRECOVERABLE: it answers, but the guest does not run; ret_error says it in each case.
 */
int guestlife_wait(const struct host *host, const char *name, uint64_t until, struct qmp **ret,
		   struct guest_error *ret_error);

enum guestlife_end {
	GUESTLIFE_GONE,	    /* there was no QEMU */
	GUESTLIFE_SHUTDOWN, /* it ended: by itself or after the power button */
	GUESTLIFE_QUIT,	    /* it did not within its time, and was told to end at once */
};

struct guestlife_stopped {
	enum guestlife_end end;
	unsigned presses; /* of the power button, with those that QEMU did not reply to */
	char reason[48];  /* of QEMU's SHUTDOWN event ("guest-shutdown"), or "" */
	uint64_t ms;	  /* from the call to the end of the process */
};

/*
 * Presses the power button every ten seconds until the guest ends or SHUTDOWN_S are over, whether
 * QEMU answers or not, then tells it to quit; TOLD (may be NULL) is called with the number of each
 * press. Returns when the process MAIN_PID (0: not known) is gone. 0 and *ret; -ETIMEDOUT: QEMU did
 * not answer in all that time, or does not end; -errno; ret_error says it.
 */
int guestlife_stop(const struct host *host, const char *name, unsigned shutdown_s, pid_t main_pid,
		   void (*told)(unsigned presses), struct guestlife_stopped *ret,
		   struct guest_error *ret_error);

/* How long guestlife_stop() may take: what the unit has to allow. */
uint64_t guestlife_stop_ms(unsigned shutdown_s);

/* "shut down after 2.1 s (guest-shutdown; the power button was pressed 1 time)", of a guest that
 * was there. Returns buf. */
#define GUESTLIFE_TEXT_SIZE 256
const char *guestlife_format(const struct guestlife_stopped *stopped,
			     char buf[static GUESTLIFE_TEXT_SIZE]);
