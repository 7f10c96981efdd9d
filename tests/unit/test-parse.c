/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse: the whole string or nothing, and the bounds told apart from the form. */
#include "tree.h"

#include "cleanup.h"
#include "parse.h"

/* Each parser leaves what it was given alone when it fails. */
#define REFUSED(parser, type, expected, ...)                              \
	do {                                                              \
		type value_, before_;                                     \
		memset(&value_, 0x5a, sizeof(value_));                    \
		before_ = value_;                                         \
		assert_int_equal(parser(__VA_ARGS__, &value_), expected); \
		assert_memory_equal(&value_, &before_, sizeof(value_));   \
	} while (0)
#define TAKEN(parser, type, expected, ...)                         \
	do {                                                       \
		type value_;                                       \
		assert_int_equal(parser(__VA_ARGS__, &value_), 0); \
		assert_true(value_ == (expected));                 \
	} while (0)

static void decimals_are_digits_and_nothing_else(void **state)
{
	static const char *const wrong[] = { "",   " ",	  "+1",	 "-1",	" 1", "1 ",
					     "1x", "0x1", "1.0", "1e3", "١",  "1\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		REFUSED(parse_u64, uint64_t, -EINVAL, wrong[i]);
		REFUSED(parse_uint, unsigned, -EINVAL, wrong[i]);
	}
	TAKEN(parse_u64, uint64_t, 0, "0");
	TAKEN(parse_u64, uint64_t, 7, "007");
	TAKEN(parse_u64, uint64_t, UINT64_MAX, "18446744073709551615");
	REFUSED(parse_u64, uint64_t, -ERANGE, "18446744073709551616");
	REFUSED(parse_u64, uint64_t, -ERANGE, "99999999999999999999999999999");
	TAKEN(parse_uint, unsigned, 4294967295U, "4294967295");
	REFUSED(parse_uint, unsigned, -ERANGE, "4294967296");
}

static void signed_numbers_are_the_kernels(void **state)
{
	(void)state;
	TAKEN(parse_int, int, -1, "-1");
	TAKEN(parse_int, int, 0, "0");
	TAKEN(parse_int, int, INT_MAX, "2147483647");
	TAKEN(parse_int, int, -INT_MAX, "-2147483647");
	REFUSED(parse_int, int, -ERANGE, "2147483648");
	REFUSED(parse_int, int, -EINVAL, "--1");
	REFUSED(parse_int, int, -EINVAL, "-");
	REFUSED(parse_int, int, -EINVAL, "");
	REFUSED(parse_int, int, -EINVAL, "+1");
}

static void hexadecimal_has_a_width(void **state)
{
	(void)state;
	TAKEN(parse_hex, uint64_t, 0x10de, "10de", 4);
	TAKEN(parse_hex, uint64_t, 0x10de, "0x10DE", 4);
	TAKEN(parse_hex, uint64_t, UINT64_MAX, "ffffffffffffffff", 16);
	REFUSED(parse_hex, uint64_t, -EINVAL, "10de1", 4);
	REFUSED(parse_hex, uint64_t, -EINVAL, "0x", 4);
	REFUSED(parse_hex, uint64_t, -EINVAL, "", 4);
	REFUSED(parse_hex, uint64_t, -EINVAL, "0x0x1", 4);
	REFUSED(parse_hex, uint64_t, -EINVAL, "g", 4);
	REFUSED(parse_hex, uint64_t, -EINVAL, "-1", 4);
}

static void a_byte_in_either_base(void **state)
{
	(void)state;
	TAKEN(parse_u8_any, uint8_t, 17, "17");
	TAKEN(parse_u8_any, uint8_t, 17, "0x11");
	TAKEN(parse_u8_any, uint8_t, 255, "0XfF");
	TAKEN(parse_u8_any, uint8_t, 10, "010"); /* no octal */
	REFUSED(parse_u8_any, uint8_t, -ERANGE, "256");
	REFUSED(parse_u8_any, uint8_t, -ERANGE, "0x100");
	REFUSED(parse_u8_any, uint8_t, -EINVAL, "0x");
	REFUSED(parse_u8_any, uint8_t, -EINVAL, "11h");
}

static void booleans_are_systemds_words(void **state)
{
	static const char *const yes[] = { "1", "yes", "TRUE", "On" };
	static const char *const no[] = { "0", "no", "False", "OFF" };
	static const char *const wrong[] = { "", "y", "n", "2", "yes ", "enable", "t" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		TAKEN(parse_bool, bool, true, yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		TAKEN(parse_bool, bool, false, no[i]);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		bool value = true;

		assert_int_equal(parse_bool(wrong[i], &value), -EINVAL);
		assert_true(value);
	}
}

static void sizes_have_a_unit(void **state)
{
	static const char *const wrong[] = { "",     "8",     "G",   "8g",   "8 G",  "8Gi",
					     "8GB ", "8GiBs", "-8G", "8.5G", "0x8G", "8P" };

	(void)state;
	TAKEN(parse_size_kib, uint64_t, 8 << 20, "8G");
	TAKEN(parse_size_kib, uint64_t, 8 << 20, "8GB");
	TAKEN(parse_size_kib, uint64_t, 8 << 20, "8GiB");
	TAKEN(parse_size_kib, uint64_t, 512, "512K");
	TAKEN(parse_size_kib, uint64_t, 64 << 10, "64M");
	TAKEN(parse_size_kib, uint64_t, 1ULL << 30, "1T");
	TAKEN(parse_size_kib, uint64_t, 0, "0M");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		REFUSED(parse_size_kib, uint64_t, -EINVAL, wrong[i]);
	/* The bytes have to fit too, for that is what callers multiply out. */
	TAKEN(parse_size_kib, uint64_t, UINT64_MAX >> 10, "18014398509481983K");
	REFUSED(parse_size_kib, uint64_t, -ERANGE, "18014398509481984K");
	TAKEN(parse_size_kib, uint64_t, 16777215ULL << 30, "16777215T");
	REFUSED(parse_size_kib, uint64_t, -ERANGE, "16777216T");
	REFUSED(parse_size_kib, uint64_t, -ERANGE, "99999999999999999999G");
}

static void times_are_seconds(void **state)
{
	static const char *const wrong[] = { "", "s", "1 s", "1d", "-1", "1m30s", "1.5h", "1S" };

	(void)state;
	TAKEN(parse_seconds, unsigned, 90, "90");
	TAKEN(parse_seconds, unsigned, 90, "90s");
	TAKEN(parse_seconds, unsigned, 90, "90sec");
	TAKEN(parse_seconds, unsigned, 300, "5min");
	TAKEN(parse_seconds, unsigned, 300, "5m");
	TAKEN(parse_seconds, unsigned, 7200, "2h");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		REFUSED(parse_seconds, unsigned, -EINVAL, wrong[i]);
	TAKEN(parse_seconds, unsigned, 4294965600U, "1193046h");
	REFUSED(parse_seconds, unsigned, -ERANGE, "1193047h");
	REFUSED(parse_seconds, unsigned, -ERANGE, "4294967296");
}

static void a_guests_name_builds_no_path(void **state)
{
	static const char *const right[] = {
		"a", "0", "win11", "a.b_c-d", "auto1", "a..b", "0123456789012345678901234567890"
	};
	static const char *const wrong[] = {
		"",    "auto", ".",   "..",  "../x", "a/b",
		"-a",  "_a",   ".a",  "A",   "a b",  "a\n",
		"a%i", "ä",    "a@b", "a:b", "a\\b", "01234567890123456789012345678901"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		assert_int_equal(parse_guest_name(right[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(parse_guest_name(wrong[i]), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_digits_and_nothing_else),
		cmocka_unit_test(signed_numbers_are_the_kernels),
		cmocka_unit_test(hexadecimal_has_a_width),
		cmocka_unit_test(a_byte_in_either_base),
		cmocka_unit_test(booleans_are_systemds_words),
		cmocka_unit_test(sizes_have_a_unit),
		cmocka_unit_test(times_are_seconds),
		cmocka_unit_test(a_guests_name_builds_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
