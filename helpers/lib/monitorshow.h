/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of monitors, with the input that each shows, printed for people and for programs. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "guest.h"
#include "host.h"
#include "monitor.h"

/* The monitors that GUEST's configuration means, or with NULL all of them: identity, bus, model,
 * input (read from the monitor now), and the guest whose record has it. 0, -EIO of the stream. */
int monitorshow_print(FILE *out, const struct host *host, const struct monitor_list *list,
		      const struct guest *guest, bool json);
