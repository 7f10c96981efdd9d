/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of strings that owns them. */
#include "strlist.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strlist_done(struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = STRLIST_EMPTY;
}

static int strlist_own(struct strlist *list, char *text)
{
	char **items;

	if (!text)
		return -ENOMEM;
	items = reallocarray(list->items, list->count + 2, sizeof(*items));
	if (!items) {
		free(text);
		return -ENOMEM;
	}
	items[list->count++] = text;
	items[list->count] = NULL;
	list->items = items;
	return 0;
}

int strlist_add(struct strlist *list, const char *text)
{
	return strlist_own(list, strdup(text));
}

int strlist_addf(struct strlist *list, const char *format, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	return strlist_own(list, n < 0 ? NULL : text);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), by_bytes);
}

int strlist_has(const struct strlist *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return 1;
	return 0;
}
