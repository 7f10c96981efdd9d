/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a module has to say while it works: the helper that called it says it. */
#include "tell.h"

#include <stdarg.h>
#include <stdio.h>

void tell_format(tell_function tell, enum tell_kind kind, const char *format, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	tell(kind, text);
}
