/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One monitor turned to the guest's input and back, with the record that makes it safe. */
#pragma once

#include <stddef.h>

#include "guest.h"
#include "host.h"
#include "monitor.h"
#include "record.h"

/* The kind of record. An object is a monitor's identity ("DEL:a0c4:H1234"), its key is input. */
#define MONITORCLAIM_KIND "display"

/* What happened to a monitor, as one line for people. */
struct monitorclaim_story {
	char text[512];
};

/* Room for what monitorclaim_name() writes. */
#define MONITORCLAIM_NAME_SIZE 64
/* The monitor as the configuration has it, "DEL:a0c4" or "DEL:a0c4:H1234". Returns buf. */
const char *monitorclaim_name(const struct guest_display *wanted,
			      char buf[static MONITORCLAIM_NAME_SIZE]);

/*
 * Records what the monitor shows (HostInput=, or what it says; an earlier start's line is left),
 * and sets GuestInput=. 0, also when the monitor cannot be read any more once it took the command;
 * -EBUSY: another guest has it; -ENODEV, -ENOTUNIQ, -ENXIO, -EOPNOTSUPP: monitor.h; -EREMOTEIO: it
 * took the command and shows another input. Before a record stands the monitor is not touched.
 */
int monitorclaim_switch(const struct host *host, const struct monitor_list *list,
			const struct guest_display *wanted, const char *guest,
			struct record *record, struct monitorclaim_story *ret_story);
/*
 * Sets the recorded input of OBJECT, over each cable that the monitor hangs on until it is read
 * back. 0; 1: it took the command and cannot be read; -errno as above, -EBADMSG: nothing is
 * recorded that can be set.
 */
int monitorclaim_restore(const struct monitor_list *list, const struct record *record,
			 const char *object, struct monitorclaim_story *ret_story);
