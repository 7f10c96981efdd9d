/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a hand-over: the write, how it is told, and whether it did what it was to. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "pciaddr.h"

/* How long the kernel may take over one unbind or probe. nvidia's probe has been seen to take 4 s.
 */
#define HANDOVER_TIMEOUT_MS 25000

enum handover_op {
	HANDOVER_OVERRIDE,     /* text: the override, "" to unset it */
	HANDOVER_UNBIND,       /* text: the driver bound now */
	HANDOVER_BAR,	       /* bar, mib; while no driver is bound, else the kernel says EBUSY */
	HANDOVER_PROBE,	       /* text: the driver to be bound then; ISOLATION_ANY */
	HANDOVER_POWER,	       /* text: "auto", "on" */
	HANDOVER_D3COLD,       /* text: "0", "1" */
	HANDOVER_RESET_METHOD, /* text: methods, "" for none */
};

struct handover_step {
	enum handover_op op;
	struct pciaddr addr;
	char text[128];
	unsigned bar;
	uint64_t mib;
};

struct handover_plan {
	struct handover_step *steps;
	size_t count;
};

/* Why a step did not do what it was to. */
struct handover_failure {
	char text[1024]; /* one sentence with the object and the way out, without a full stop */
};

/* Adds a step to the end. 0, -ENOMEM. */
int handoverstep_add(struct handover_plan *plan, enum handover_op op, const struct pciaddr *addr,
		     const char *text);
int handoverstep_add_bar(struct handover_plan *plan, const struct pciaddr *addr, unsigned bar,
			 uint64_t mib);
/* "0000:01:00.0: unbind from nouveau", for people. */
void handoverstep_format(const struct handover_step *step, char *buf, size_t size);
/*
 * Takes one step and reads again what it was to change. 0: it has. -EXDEV: the kernel took the
 * write, and nothing came of it; -ETIMEDOUT: it has not answered within HANDOVER_TIMEOUT_MS, and
 * the child that writes was left behind; -errno of the write. ret_failure says it all. LOCK_FD as
 * in deadline_run().
 */
int handoverstep_apply(const struct host *host, const struct handover_step *step, int lock_fd,
		       struct handover_failure *ret_failure);
/* Puts the sentence into FAILURE, and returns R. */
int handoverstep_fail(struct handover_failure *failure, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
