/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine lacks for guests, whichever card they get: programs, firmware, memory, keys. */
#pragma once

#include "guest.h"
#include "machine.h"

/* Adds the reasons that concern the machine as a whole. GUEST, or NULL, says what is needed. Looks
 * at files and sysfs only; monitors are monitorcheck.h's. */
void hostcheck_run(const struct host *host, const struct machine *machine,
		   const struct guest *guest, struct reason_list *reasons);
