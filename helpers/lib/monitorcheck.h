/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the monitors can be told to change their input. */
#pragma once

#include "guest.h"
#include "host.h"
#include "reason.h"

/* Asks the monitors of the running machine over DDC/CI, in a child with a deadline (it takes about
 * a second for each); of a recorded one nothing is known. With GUEST the monitors that it names,
 * else any. */
void monitorcheck_run(const struct host *host, const struct guest *guest,
		      struct reason_list *reasons);
