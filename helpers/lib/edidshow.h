/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An EDID printed for people and for programs. */
#pragma once

#include <stdio.h>

#include "edid.h"

/* Six keys: manufacturer, product_code ("0x531a"), serial_number, model_name, serial_text (null
 * when there is none), checksum_ok (one for each whole block). Of an unusable EDID the texts are
 * null. */
void edidshow_json(FILE *out, const struct edid *edid);
/* A line each, and the line for [Display] that means this monitor. */
void edidshow_text(FILE *out, const struct edid *edid);
