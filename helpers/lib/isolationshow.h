/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints what would move, or has moved, for a guest. */
#pragma once

#include <stdio.h>

#include "isolation.h"
#include "refusal.h"

/* For people: the functions, the groups' other members, the verdict. */
void isolationshow_print(FILE *out, const struct isolation *iso, const struct refusal *refusal);

/*
 * One JSON object: guest, devices (of [GPU], then each [PCI]: bdf, id, class, driver, group,
 * boot_display, verdict of its own group, own and bridges and foreign in that group,
 * own_other_groups as objects with bdf, class, group, foreign), functions (what moves: bdf, id,
 * class, driver, group, home, isolated), holders, and refusal ({code, text} or null).
 */
void isolationshow_print_json(FILE *out, const char *name, const struct isolation *iso,
			      const struct refusal *refusal);
