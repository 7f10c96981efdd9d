/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemujson: whatever a configuration has in its texts stays one value of one option. */
#include "tree.h"

#include "qemujson.h"

static void what_qemu_takes_apart_stays_in_one_text(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

	(void)state;
	assert_int_equal(qemujson_add(&argv, "-blockdev", "{s:s, s:{s:s}}", "driver", "raw", "file",
				      "filename", "/srv/a,driver=b \"c\"\\=\n.img"),
			 0);
	assert_int_equal(argv.count, 2);
	assert_string_equal(argv.items[0], "-blockdev");
	assert_string_equal(argv.items[1], "{\"driver\":\"raw\",\"file\":{\"filename\":"
					   "\"/srv/a,driver=b \\\"c\\\"\\\\=\\n.img\"}}");
}

/* An order of the compiler's choice would make two starts of one guest differ. */
static void members_keep_their_order(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

	(void)state;
	assert_int_equal(
		qemujson_add(&argv, "-device", "{s:s, s:s, s:s}", "z", "1", "a", "2", "m", "3"), 0);
	assert_string_equal(argv.items[1], "{\"z\":\"1\",\"a\":\"2\",\"m\":\"3\"}");
}

static void an_optional_member_without_a_value_is_left_out(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;
	const char *absent = NULL;

	(void)state;
	assert_int_equal(
		qemujson_add(&argv, "-device", "{s:s, s:s*}", "id", "x", "romfile", absent), 0);
	assert_int_equal(qemujson_add(&argv, "-device", "{s:s, s:s*}", "id", "x", "romfile", ""),
			 0);
	assert_string_equal(argv.items[1], "{\"id\":\"x\"}");
	assert_string_equal(argv.items[3], "{\"id\":\"x\",\"romfile\":\"\"}");
}

/* 64 GiB of shared memory do not fit into an int. */
static void sizes_beyond_32_bits_are_whole(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

	(void)state;
	assert_int_equal(
		qemujson_add(&argv, "-object", "{s:I, s:b}", "size", 1LL << 36, "share", 1), 0);
	assert_string_equal(argv.items[1], "{\"size\":68719476736,\"share\":true}");
}

static void what_is_no_json_adds_nothing(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

	(void)state;
	assert_int_equal(qemujson_add(&argv, "-device", "{s:s}", "romfile", "/srv/\xff.rom"),
			 -EINVAL);
	assert_int_equal(qemujson_add(&argv, "-device", "{s:", "id", "x"), -EINVAL);
	assert_int_equal(argv.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_qemu_takes_apart_stays_in_one_text),
		cmocka_unit_test(members_keep_their_order),
		cmocka_unit_test(an_optional_member_without_a_value_is_left_out),
		cmocka_unit_test(sizes_beyond_32_bits_are_whole),
		cmocka_unit_test(what_is_no_json_adds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
