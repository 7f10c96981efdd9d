/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands against giving a device to a guest: each thing with the line that puts it right. */
#include "reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reason_list_done(struct reason_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].text);
		free(list->items[i].fix);
	}
	free(list->items);
	*list = (struct reason_list){ 0 };
}

void reason_add(struct reason_list *list, enum reason_level level, const char *code,
		const char *fix, const char *format, ...)
{
	struct reason reason = { .level = level, .code = code, .fix = strdup(fix) };
	struct reason *items = reallocarray(list->items, list->count + 1, sizeof(*items));
	va_list ap;
	int n;

	if (items)
		list->items = items;
	va_start(ap, format);
	n = vasprintf(&reason.text, format, ap);
	va_end(ap);
	if (n < 0)
		reason.text = NULL;
	if (!items || !reason.text || !reason.fix) {
		free(reason.text);
		free(reason.fix);
		list->failed = true;
		return;
	}
	items[list->count++] = reason;
}

size_t reason_count(const struct reason_list *list, enum reason_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++)
		n += list->items[i].level == level;
	return n;
}

const char *reason_word(enum reason_level level)
{
	switch (level) {
	case REASON_BLOCKS:
		return "blocks";
	case REASON_WARNS:
		return "warns";
	case REASON_UNSEEN:
	default:
		return "unseen";
	}
}
