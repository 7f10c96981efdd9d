/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is a character of UTF-8, and what is left of one that was cut. */
#include "utf8.h"

size_t utf8_length(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t length = p[0] < 0x80		      ? 1
			: p[0] >= 0xc2 && p[0] < 0xe0 ? 2
			: p[0] >= 0xe0 && p[0] < 0xf0 ? 3
			: p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						      : 0;

	/* The end of the text is no such byte, so nothing behind it is read. */
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

void utf8_mend(char *text)
{
	while (*text) {
		size_t length = utf8_length(text);

		if (length == 0)
			*text = '?';
		text += length ? length : 1;
	}
}
