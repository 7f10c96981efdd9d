/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a firmware that was chosen, for `vxm-guest firmware`. */
#pragma once

#include <stdio.h>

#include "firmware.h"

/* Three lines: descriptor, code, template of variables. */
void firmwareshow_text(FILE *out, const struct firmware *firmware);
/* An object with descriptor, executable, nvram_template and requires_smm; null for NULL. */
void firmwareshow_json(FILE *out, const struct firmware *firmware);
