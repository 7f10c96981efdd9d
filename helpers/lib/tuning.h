/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a section sets on its function while the guest has it: sizes of BARs, ways to reset, power.
 */
#pragma once

#include "host.h"
#include "isolationfunction.h"

/* The section of FUNCTION when that is the one which Device= names; NULL for the others of the
 * card's slot, and for a function that comes from a record alone. */
const struct guest_device *tuning_section(const struct isolation_function *function);
/* What Reset= asks for, as reset_method has it, "" for no way at all; NULL: nothing. */
const char *tuning_reset_method(const struct guest_device *section);

/*
 * Reads, beyond isolation_read_state(), what the section of FUNCTION sets, and what its record says
 * was set: BARs and the port above. What has no old value yet gets what is there now. A port that
 * is in the record of another guest than GUEST is left alone. 0, -errno of reading the records.
 */
int tuning_observe(const struct host *host, const char *guest, struct isolation_function *function);
/* Reads again what FUNCTION's old values are about, into RET's bar_mib and RET_PORT. */
void tuning_read(const struct host *host, const struct isolation_function *function,
		 struct isolation_state *ret, struct isolation_power *ret_port);
