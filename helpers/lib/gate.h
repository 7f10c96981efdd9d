/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate: nothing is written while somebody holds or uses what is to move. */
#pragma once

#include "isolation.h"

/*
 * Theory of operation
 *
 * One look through /proc says who holds a node now. A status bar that runs nvidia-smi every few
 * seconds holds it for a moment only; one look passes between two of its openings, and the unbind
 * may then meet the next. So after the look the nodes are watched for opening and closing: the
 * verdict counts once nothing happened for a while, and each event is a reason to look again at
 * once, while the opener is still there to be named. Nobody sleeps: it is one poll() on inotify.
 *
 * inotify, not fanotify: that needs CAP_SYS_ADMIN to say who it was, which the look says as well.
 * The events are of a node's inode, so they are seen whatever mount namespace the opener is in; a
 * node of a container's own is another inode, and is left to the look.
 *
 * A holder may also be waited for: one that was asked to let go (release.h) closes the node soon,
 * and that is an event too.
 */

/* Looks once: ISO's holders and uses, of the functions that are not on vfio-pci by our own hand. 0,
 * -errno. */
int gate_look(const struct host *host, struct isolation *iso);

struct gate_patience {
	unsigned quiet_ms;  /* how long nothing may happen before the verdict counts */
	unsigned let_go_ms; /* how long holders may take to go; 0: they are not waited for */
};

/*
 * Looks until the verdict counts, at most five times QUIET_MS beyond LET_GO_MS; the outcome is in
 * ISO's holders, uses and polled. When nodes were opened all the time, the last holder that was
 * seen counts as one. On a recorded machine it looks once. 0, -errno.
 */
int gate_await_quiet(const struct host *host, const struct gate_patience *patience,
		     struct isolation *iso);

enum gate_verdict {
	GATE_OPEN,
	GATE_HELD, /* by processes, or nobody may say */
	GATE_USED, /* by the machine itself */
};

/* Pure: what ISO's holders, uses and polled come to. When the gate is not open, BUF has a sentence
 * with the functions, all who are in the way, and the way out, without a full stop. */
enum gate_verdict gate_tell(const struct isolation *iso, char *buf, size_t size);
