/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands against giving a device to a guest: each thing with the line that puts it right. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

enum reason_level {
	REASON_BLOCKS, /* a start would be refused, or end badly */
	REASON_WARNS,  /* it would start, and somebody would ask why */
	REASON_UNSEEN, /* it could not be looked at, here or without root */
};

struct reason {
	enum reason_level level;
	const char *code; /* "foreign-member": for programs; a constant */
	char *text;	  /* what, on which object, and why it matters */
	char *fix;	  /* what to do, with the exact line where there is one */
};

struct reason_list {
	struct reason *items;
	size_t count;
	bool failed; /* a reason was lost to lack of memory: the list must not be shown */
};

void reason_list_done(struct reason_list *list);
#define _cleanup_reason_list_ _cleanup_(reason_list_done)

/* Adds one; FIX is copied as it is, the text is made by printf. CODE is kept by reference. */
void reason_add(struct reason_list *list, enum reason_level level, const char *code,
		const char *fix, const char *format, ...) __attribute__((format(printf, 5, 6)));

size_t reason_count(const struct reason_list *list, enum reason_level level);
/* "blocks", "warns", "unseen" */
const char *reason_word(enum reason_level level);
