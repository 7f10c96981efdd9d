/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is a character of UTF-8, and what is left of one that was cut. */
#pragma once

#include <stddef.h>

/* The length in bytes of the character that TEXT begins with, 1 to 4; 0 when it begins with none
 * (RFC 3629, section 4: no surrogates, no overlong forms). An end of the text is a character. */
size_t utf8_length(const char *text);

/* Puts a '?' in the place of each byte that is no part of a character, where printf's "%.80s" or a
 * full buffer has cut one: journalctl shows a message that is not UTF-8 as "[93B blob data]". */
void utf8_mend(char *text);
