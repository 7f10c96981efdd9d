/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes texts as JSON strings, for helpers whose --json is a few lines of printf. */
#pragma once

#include <stdio.h>

/* TEXT with quotes around it, escaped; NULL gives null. Bytes that are no UTF-8 become U+FFFD:
 * names that hardware tells need not be text at all. */
void jsontext_print(FILE *out, const char *text);
