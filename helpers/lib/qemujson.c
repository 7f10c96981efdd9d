/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An option of QEMU whose value is JSON, so that a comma in a path is a comma. */
#include "qemujson.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>

int qemujson_add(struct strlist *argv, const char *option, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	json_t *value;
	va_list ap;
	int r;

	va_start(ap, format);
	value = json_vpack_ex(NULL, 0, format, ap);
	va_end(ap);
	if (!value)
		return -EINVAL;
	text = json_dumps(value, JSON_COMPACT);
	json_decref(value);
	if (!text)
		return -ENOMEM;
	r = strlist_add(argv, option);
	return r < 0 ? r : strlist_add(argv, text);
}
