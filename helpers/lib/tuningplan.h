/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a hand-over that set what sections ask for (see tuning.h), and undo it. */
#pragma once

#include "handoverstep.h"
#include "isolation.h"

/*
 * All add steps to PLAN; 0, -ENOMEM. On the way to the guest: first, before any driver moves, the
 * ways to reset, for the kernel may refuse them, and what keeps a card from D3cold; then, while no
 * driver is bound, the BARs of one function; last power/control, which vfio-pci sets as it binds.
 */
int tuningplan_first(const struct isolation *iso, struct handover_plan *plan);
int tuningplan_bars(const struct isolation_function *function, struct handover_plan *plan);
int tuningplan_last(const struct isolation *iso, struct handover_plan *plan);
/* Whether there are such BARs, so that the function has to leave vfio-pci if it is there. */
bool tuningplan_has_bars(const struct isolation_function *function);

/* On the way back: the BARs, while no driver is bound; and the port. */
int tuningplan_return_bars(const struct isolation_function *function, struct handover_plan *plan);
int tuningplan_return_port(const struct isolation_function *function, struct handover_plan *plan);
bool tuningplan_returns_bars(const struct isolation_function *function);
/* Reads both again. 0: as they were found. -EXDEV: not, and ret_failure says what differs. */
int tuningplan_verify_return(const struct host *host, const struct isolation_function *function,
			     struct handover_failure *ret_failure);

/* Pure: whether a section asks for what its device does not offer. BUF then has a sentence with the
 * place in the configuration, what is offered, and the way out, without a full stop. */
bool tuningplan_refuse(const struct guest *guest, const struct isolation *iso, char *buf,
		       size_t size);
