/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps that take PCI functions from the host's drivers to vfio-pci, and back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "handoverstep.h"
#include "isolation.h"

/*
 * Theory of operation
 *
 * A plan is made from what is there now and what is to be, never from what a former run meant to
 * do. So a run that was killed between any two writes needs no log of its steps: the next plan
 * holds what is left. What makes this so:
 *
 *   - the override is set before the unbind, in both directions: in between, whatever makes the
 *     kernel look for a driver (a module load, a poller, udev) can only find the wanted one;
 *   - on the way back the override names the home driver, and gets its old value only after that
 *     one is bound;
 *   - power/control comes last, because vfio-pci and some home drivers set it themselves;
 *   - BARs are resized where no driver is bound: between unbind and probe.
 *
 * Order: what belongs to the card is unbound before its display function, which comes last, and
 * returns after it: the audio driver looks for its GPU's component (facts of i915, amdgpu, nvidia).
 *
 * A step that may block in the kernel is written by a child with a deadline. Success of a write
 * proves nothing (drivers_probe says 0 when nothing was bound), so each step re-reads what it was
 * to change.
 */

/* To the guest: overrides of all functions, then unbinds, BARs, probes; and around them what
 * tuningplan.h says. Empty when all is there. 0,
 * -ENOMEM. */
int handover_plan_take(const struct isolation *iso, struct handover_plan *ret);
/* One function to what it was found with. Empty when it is back. 0, -ENOMEM. */
int handover_plan_return(const struct isolation_function *function, struct handover_plan *ret);
void handover_plan_done(struct handover_plan *plan);
#define _cleanup_handover_plan_ _cleanup_(handover_plan_done)

/* All steps of a plan, one a line. */
void handover_print(FILE *out, const struct handover_plan *plan);
/* Those of the return of each function, in the order of returning. 0, -ENOMEM. */
int handover_print_return(FILE *out, const struct isolation *iso);

/*
 * Walks the steps up to the first that fails. 0: each was seen to have worked. -errno of the one
 * that failed, and ret_failure says it all; -ETIMEDOUT: the kernel has not answered within
 * HANDOVER_TIMEOUT_MS, and the child that writes was left behind. LOCK_FD as in deadline_run().
 */
int handover_apply(const struct host *host, const struct handover_plan *plan, int lock_fd,
		   struct handover_failure *ret_failure);
/* Reads a function again, after its plan was walked, and compares. 0: it is as it was found.
 * -EXDEV: it is not, and ret_failure says what differs; -errno of the reading. */
int handover_verify_return(const struct host *host, const struct isolation_function *function,
			   struct handover_failure *ret_failure);
