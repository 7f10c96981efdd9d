/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks those who have a guest's card for the host to let go of it, and tells them that it is back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "guest.h"
#include "isolation.h"
#include "tell.h"

/*
 * Theory of operation
 *
 * Two kinds of holder can be asked, both only where the guest's configuration says so. A unit that
 * Services= lists is stopped by systemd. A compositor follows udev's events of DRM nodes, and with
 * Session=release is sent "remove" for the card's, by writing that into the node's uevent file:
 * KWin, wlroots and those built on it then close a card that is not their primary one, logind
 * tells its sessions that the node is gone. The node itself stays, so whoever does not care, as
 * mutter does not, keeps it: whether the card was let go of is the gate's to see, not ours.
 *
 * Both are kept in a record of their own kind, "release", before each is done: the units that ran,
 * the nodes that were "removed" with their inode in sysfs. What puts them back is the record alone,
 * whether the start was refused, failed or was killed, or the guest has ended: "add" for a node
 * that is still the same one (of a card that went and came back the kernel has told by itself, and
 * a second "add" of one node confuses some), and a start of each unit. What cannot be put back
 * stays in the record, for the next stop.
 *
 * A listed unit is stopped also when it holds nothing now: it may do so at any moment.
 */

struct release_failure {
	char text[1024]; /* one sentence with the object and the way out, without a full stop */
};

/*
 * Asks for those functions of ISO that a host's driver has. 1: somebody was asked, and the gate has
 * to be watched for them to go; 0: there was nobody to ask. -errno: a unit could not be stopped, an
 * event not sent or the record not written; ret_failure says it all and release_undo() is due.
 */
int release_ask(const struct host *host, const struct guest *guest, const struct isolation *iso,
		tell_function tell, struct release_failure *ret_failure);
/*
 * Puts back what the record of the guest NAME says; of its units only with UNITS. Without a record
 * it does nothing. 0, or the first -errno: each is tried.
 */
int release_undo(const struct host *host, const char *name, bool units, tell_function tell);

/* What release_ask() and release_undo() would do, one a line. 0, -errno. */
int release_print(FILE *out, const struct host *host, const struct guest *guest,
		  const struct isolation *iso);
int release_print_undo(FILE *out, const struct host *host, const char *name, bool units);
