/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8: which bytes are a character, and how a text that was cut is mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "utf8.h"

static void the_bounds_of_rfc_3629_hold(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {
		{ "", 1 },
		{ "a", 1 },
		{ "\x7f", 1 },
		{ "\x80", 0 },
		{ "\xc1\xbf", 0 }, /* overlong */
		{ "\xc2\x80", 2 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 0 }, /* a surrogate */
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\xf4\x90\x80\x80", 0 }, /* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xe2\x82", 0 }, /* cut */
		{ "\xe2\x28\xa1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(utf8_length(rows[i].text), rows[i].length);
}

static void a_character_that_was_cut_becomes_question_marks(void **state)
{
	char cut[16];

	(void)state;
	snprintf(cut, sizeof(cut), "\"%.5s\"!", "ab\xf0\x9f\x98\x80");
	utf8_mend(cut);
	assert_string_equal(cut, "\"ab???\"!");
}

static void what_is_whole_stays(void **state)
{
	char text[] = "\xc3\xa4, \xe2\x82\xac, \xf0\x9f\x98\x80\n";
	char before[sizeof(text)];

	(void)state;
	memcpy(before, text, sizeof(text));
	utf8_mend(text);
	assert_string_equal(text, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bounds_of_rfc_3629_hold),
		cmocka_unit_test(a_character_that_was_cut_becomes_question_marks),
		cmocka_unit_test(what_is_whole_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
