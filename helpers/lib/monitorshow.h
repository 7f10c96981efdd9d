/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of monitors, with the input that each shows, printed for people and for programs. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "guest.h"
#include "host.h"
#include "monitor.h"

/* What to say when there was none, of which guest, and more that would help. */
#define MONITORSHOW_NONE                                                                     \
	"no monitor%s is connected: switch it on, and sudo modprobe i2c-dev, which makes a " \
	"/dev/i2c-N for each cable%s"

/* The monitors that GUEST's configuration means, or with NULL all of them: identity, bus, model,
 * input (read from the monitor now), and the guest whose record has it. 1; 0: there was none to
 * print; -EIO of the stream. */
int monitorshow_print(FILE *out, const struct host *host, const struct monitor_list *list,
		      const struct guest *guest, bool json);
