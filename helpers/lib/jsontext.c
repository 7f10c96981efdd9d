/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes texts as JSON strings, for helpers whose --json is a few lines of printf. */
#include "jsontext.h"

#include <stddef.h>

/* The length of the UTF-8 character at P, 0 when it is none (RFC 3629: no surrogates, no long
 * forms).
 */
static size_t utf8_length(const unsigned char *p)
{
	size_t length = p[0] < 0x80		      ? 1
			: p[0] >= 0xc2 && p[0] < 0xe0 ? 2
			: p[0] >= 0xe0 && p[0] < 0xf0 ? 3
			: p[0] >= 0xf0 && p[0] < 0xf5 ? 4
						      : 0;

	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

void jsontext_print(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (!text) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	while (*p) {
		size_t length = utf8_length(p);

		if (length == 0) {
			fputs("\\ufffd", out);
			p++;
		} else if (*p == '"' || *p == '\\') {
			fprintf(out, "\\%c", *p++);
		} else if (*p < 0x20 || *p == 0x7f) {
			fprintf(out, "\\u%04x", *p++);
		} else {
			fwrite(p, 1, length, out);
			p += length;
		}
	}
	fputc('"', out);
}
