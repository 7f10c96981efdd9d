/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives a running guest the keyboards and mice that its [Input] sections mean. */
#pragma once

#include "guest.h"
#include "host.h"
#include "inputmatch.h"
#include "qmp.h"

enum guestkeys_outcome {
	GUESTKEYS_NONE,	 /* no [Input] */
	GUESTKEYS_HOST,	 /* keys are the host's until the combination is pressed */
	GUESTKEYS_GUEST, /* keys are the guest's: Start=guest */
	GUESTKEYS_HELD,	 /* somebody holds a key down: they become the host's when it is let go */
	GUESTKEYS_STUCK, /* QEMU did not let go */
};

struct guestkeys {
	enum guestkeys_outcome outcome;
	char keyboard[256]; /* name and node of the one with the combination */
	const char *toggle; /* GUEST's */
};

/*
 * Once for each start of QEMU. 0 and *ret; -ENODEV, -ENOTUNIQ, ... of inputmatch_resolve(); -EBUSY:
 * another program has the keyboard grabbed; -EREMOTEIO: QEMU refused a node; those of
 * qmp_execute(). ret_error says it.
 */
int guestkeys_give(const struct host *host, const struct guest *guest, struct qmp *qmp,
		   struct guestkeys *ret, struct guest_error *ret_error);

/* "keys are the host's, ctrl-ctrl on "AT keyboard" (/dev/input/event0) switches": returns buf. */
#define GUESTKEYS_TEXT_SIZE 512
const char *guestkeys_format(const struct guestkeys *keys, char buf[static GUESTKEYS_TEXT_SIZE]);
