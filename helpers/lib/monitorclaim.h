/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One monitor turned to the guest's input and back, with the record that makes it safe. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* A monitor of a guest, and what became of it. */
struct monitorclaim {
	const struct guest_display *wanted;
	int result;	 /* of monitorclaim_switch() */
	unsigned lapses; /* how often it then showed another input */
	struct monitorclaim_story story;
};

/*
 * monitorclaim_switch() for each of the guest's displays, then monitorclaim_watch(). CLAIMS has
 * room for guest->display_count, zeroed. 0, whatever became of each; -EAGAIN, with MAY_RETRY only:
 * one is deaf or absent, and nothing was watched.
 */
int monitorclaim_switch_all(const struct host *host, const struct monitor_list *list,
			    const struct guest *guest, struct record *record, unsigned seconds,
			    bool may_retry, int (*is_running)(const char *guest),
			    struct monitorclaim *claims);

/*
 * Watches until all that were switched show the guest's input for about six seconds, and sets it
 * again where one does not. After UNTIL_S, seconds of CLOCK_MONOTONIC, nothing more is begun (a set
 * that is under way takes up to seven); a monitor that then still goes back has -EREMOTEIO. One
 * that cannot be read is taken to have kept it. Ends within two seconds, the claims as they are,
 * when IS_RUNNING(guest->name) is 0; -errno, it cannot be found out, ends nothing.
 */
void monitorclaim_watch(const struct host *host, const struct monitor_list *list,
			const struct guest *guest, struct record *record, int64_t until_s,
			int (*is_running)(const char *guest), struct monitorclaim *claims);

/*
 * Sets the recorded input of OBJECT, over each cable that the monitor hangs on until it is read
 * back. 0; 1: it took the command and cannot be read; -errno as above, -EBADMSG: nothing is
 * recorded that can be set.
 */
int monitorclaim_restore(const struct monitor_list *list, const struct record *record,
			 const char *object, struct monitorclaim_story *ret_story);
