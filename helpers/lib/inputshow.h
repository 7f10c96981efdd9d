/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints keyboards and mice, with the words that [Input] takes for each. */
#pragma once

#include <stdio.h>

#include "host.h"
#include "inputmatch.h"
#include "record.h"

/*
 * Prints each keyboard and mouse of the machine, one a line or as JSON. Returns how many there are,
 * or -errno.
 */
int inputshow_print(FILE *out, const struct host *host, bool json);

/* The same of what a guest is to have, and whether it has it by RECORD (NULL: nothing). 0, -EIO. */
int inputshow_print_choices(FILE *out, const struct inputmatch_choices *choices,
			    const struct record *record, bool json);
