/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a GPU shows and how much of it the processor sees: its outputs, and its memory windows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "guest.h"
#include "pcidev.h"
#include "reason.h"

/* Adds what is to be said of the GPU's connectors and BARs. GUEST may be NULL. */
void cardscreen_check(const struct host *host, const struct pcidev *dev, const struct guest *guest,
		      struct reason_list *reasons);

struct cardscreen_bar {
	uint64_t start, size; /* 0, 0: there is none */
	bool is_memory, is_64bit, is_unassigned;
};
#define CARDSCREEN_BARS 6
/* Reads the text of a function's "resource": START END FLAGS a line, in hexadecimal. 0, -EINVAL. */
int cardscreen_parse_bars(const char *text, struct cardscreen_bar ret[static CARDSCREEN_BARS]);
