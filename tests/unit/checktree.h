/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking for a reason in a list, for tests of what gives reasons. */
#pragma once

#include "tree.h"

#include "reason.h"

/* The first reason of that code, or NULL. */
static inline const struct reason *checktree_find(const struct reason_list *list, const char *code)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].code, code) == 0)
			return &list->items[i];
	return NULL;
}

/* There is one, at that level, whose text and fix have these pieces. */
static inline void checktree_expect(const struct reason_list *list, const char *code,
				    enum reason_level level, const char *text, const char *fix)
{
	const struct reason *reason = checktree_find(list, code);

	if (!reason)
		fail_msg("no reason %s", code);
	assert_int_equal(reason->level, level);
	if (!strstr(reason->text, text))
		fail_msg("%s: \"%s\" lacks \"%s\"", code, reason->text, text);
	if (!strstr(reason->fix, fix))
		fail_msg("%s: fix \"%s\" lacks \"%s\"", code, reason->fix, fix);
}
