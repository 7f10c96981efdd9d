/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tell: a sentence arrives whole, with its kind. */
#include "tree.h"

#include "tell.h"

static char told[4096];
static enum tell_kind told_kind;

static void note(enum tell_kind kind, const char *text)
{
	told_kind = kind;
	snprintf(told, sizeof(told), "%s", text);
}

static void a_sentence_arrives_with_its_kind(void **state)
{
	(void)state;
	tell_format(note, TELL_WARNING, "%s: %d", "card1", 7);
	assert_string_equal(told, "card1: 7");
	assert_int_equal(told_kind, TELL_WARNING);
	tell_format(note, TELL_FAILURE, "%3000d", 7);
	assert_int_equal(strlen(told), 2047);
	assert_int_equal(told_kind, TELL_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_sentence_arrives_with_its_kind) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
