/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes texts as JSON strings, for helpers whose --json is a few lines of printf. */
#include "jsontext.h"

#include <stddef.h>

#include "utf8.h"

void jsontext_print(FILE *out, const char *text)
{
	const char *p = text;

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
		} else if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			fprintf(out, "\\u%04x", (unsigned)*p++);
		} else {
			fwrite(p, 1, length, out);
			p += length;
		}
	}
	fputc('"', out);
}
