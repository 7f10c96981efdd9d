/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of strings that owns them. */
#pragma once

#include <stddef.h>

#include "cleanup.h"

struct strlist {
	char **items; /* items[count] is NULL once something was added: usable as an argv */
	size_t count;
};

#define STRLIST_EMPTY ((struct strlist){ NULL, 0 })

void strlist_done(struct strlist *list);
#define _cleanup_strlist_ _cleanup_(strlist_done)

/* Copies TEXT to the end. 0, -ENOMEM. */
int strlist_add(struct strlist *list, const char *text);
/* The same with a text made by printf. */
int strlist_addf(struct strlist *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Byte order (strcmp). */
void strlist_sort(struct strlist *list);
int strlist_has(const struct strlist *list, const char *text);
