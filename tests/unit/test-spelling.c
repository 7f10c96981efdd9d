/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spelling: distances by optimal string alignment, and what is near enough to be offered. */
#include "tree.h"

#include "spelling.h"

static void distances(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned expected;
	} cases[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
		{ "Memory", "memory", 0 },
		{ "Memroy", "Memory", 1 },
		{ "Memry", "Memory", 1 },
		{ "Memoryy", "Memory", 1 },
		{ "Nemory", "Memory", 1 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 }, /* alignment: what was swapped is not edited again */
		{ "abcd", "badc", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(spelling_distance(cases[i].a, cases[i].b), cases[i].expected);
		assert_int_equal(spelling_distance(cases[i].b, cases[i].a), cases[i].expected);
	}
}

static void long_words_are_cut_and_do_no_harm(void **state)
{
	char a[4096], b[4096];

	(void)state;
	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'a', sizeof(b) - 1);
	a[sizeof(a) - 1] = b[sizeof(b) - 1] = '\0';
	b[4000] = 'b';
	assert_int_equal(spelling_distance(a, b), 0);
	assert_int_equal(spelling_distance(a, ""), 63);
	assert_int_equal(spelling_distance("\xff\xfe", "ab"), 2);
}

static void short_names_want_to_be_nearer(void **state)
{
	(void)state;
	assert_true(spelling_is_near("TMP", "TPM"));
	assert_false(spelling_is_near("TOP", "Size"));
	assert_true(spelling_is_near("GusetInputs", "GuestInput"));
	assert_false(spelling_is_near("Session", "Device"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(long_words_are_cut_and_do_no_harm),
		cmocka_unit_test(short_names_want_to_be_nearer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
