/* SPDX-License-Identifier: GPL-2.0-or-later */
/* barsize: what the kernel shows of a BAR, and how sizes are written. */
#include "pcitree.h"

#include "barsize.h"

#define GPU "0000:01:00.0"

/* 16M, none, 256M above 4 GiB, 4K, and three of nothing. */
#define RESOURCE                                                     \
	"0x0000000080000000 0x0000000080ffffff 0x0000000000040200\n" \
	"0x0000000000000000 0x0000000000000000 0x0000000000000000\n" \
	"0x0000006000000000 0x000000600fffffff 0x000000000014220c\n" \
	"0x0000000081000000 0x0000000081000fff 0x0000000000040200\n"

static int read_bar(const struct tree *tree, unsigned bar, struct barsize *ret)
{
	struct pciaddr addr = pcitree_addr(GPU);

	return barsize_read(&tree->host, &addr, bar, ret);
}

static void size_and_what_is_offered_are_read(void **state)
{
	const struct tree *tree = *state;
	struct barsize size = { 0 };

	tree_write(tree, "sys/bus/pci/devices/" GPU "/resource", RESOURCE);
	assert_int_equal(read_bar(tree, 2, &size), -ENOENT);
	pcitree_attribute(tree, GPU, "resource2_resize", "000000000000ff00");
	assert_int_equal(read_bar(tree, 2, &size), 0);
	assert_int_equal(size.mib, 256);
	assert_int_equal(size.offered, 0xff00);
}

static void a_size_that_nobody_could_put_back_is_none(void **state)
{
	const struct tree *tree = *state;
	struct barsize size = { .mib = 7 };

	tree_write(tree, "sys/bus/pci/devices/" GPU "/resource", RESOURCE);
	pcitree_attribute(tree, GPU, "resource1_resize", "1");
	pcitree_attribute(tree, GPU, "resource3_resize", "1");
	pcitree_attribute(tree, GPU, "resource5_resize", "1");
	assert_int_equal(read_bar(tree, 1, &size), -ENODATA);
	assert_int_equal(read_bar(tree, 3, &size), -ENODATA);
	assert_int_equal(read_bar(tree, 5, &size), -ENODATA);
	pcitree_attribute(tree, GPU, "resource1_resize", "none");
	assert_int_equal(read_bar(tree, 1, &size), -EINVAL);
	assert_int_equal(size.mib, 7);
}

static void lists_are_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "", 0 },
		{ "0:256M", 0 },
		{ " 5:8T\t0:1024K ", 0 },
		{ " ", -EINVAL },
		{ "0:256", -EINVAL },
		{ "6:256M", -EINVAL },
		{ "0:256M 0:256M", -EINVAL },
		{ "00:256M", -EINVAL },
		{ "-:256M", -EINVAL },
		{ "0256M", -EINVAL },
		{ "0:256M,1:8G", -EINVAL },
		{ "0:00000000000000000000000000000000256M", -EINVAL },
		{ "0:300M", -ERANGE },
		{ "0:512K", -ERANGE },
		{ "0:0M", -ERANGE },
		{ "0:99999999999T", -ERANGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t mib[BARSIZE_COUNT] = { 7, 7, 7, 7, 7, 7 };
		int r = barsize_parse(cases[i].text, mib);

		if (r != cases[i].expected)
			fail_msg("\"%s\" gives %d", cases[i].text, r);
		if (r < 0)
			assert_int_equal(mib[0], 7);
	}
	{
		uint64_t mib[BARSIZE_COUNT];

		assert_int_equal(barsize_parse("5:8T 0:1M", mib), 0);
		assert_int_equal(mib[0], 1);
		assert_int_equal(mib[1], 0);
		assert_int_equal(mib[5], 8 * 1024 * 1024);
	}
}

static void sizes_are_written_as_people_and_as_the_kernel_do(void **state)
{
	char text[BARSIZE_TEXT_SIZE], list[BARSIZE_LIST_SIZE];

	(void)state;
	assert_string_equal(barsize_format(1, text), "1M");
	assert_string_equal(barsize_format(256, text), "256M");
	assert_string_equal(barsize_format(8192, text), "8G");
	assert_string_equal(barsize_format(2 * 1024 * 1024, text), "2T");
	assert_string_equal(barsize_format(0, text), "0M");
	assert_int_equal(barsize_exponent(1), 0);
	assert_int_equal(barsize_exponent(256), 8);
	assert_int_equal(barsize_exponent(8192), 13);
	assert_string_equal(barsize_format_offered(0x2100, list), "256M, 8G");
	assert_string_equal(barsize_format_offered(0, list), "");
	barsize_format_offered(UINT64_MAX, list);
	assert_true(strlen(list) < sizeof(list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(size_and_what_is_offered_are_read),
		tree_test(a_size_that_nobody_could_put_back_is_none),
		cmocka_unit_test(lists_are_read_whole_or_not_at_all),
		cmocka_unit_test(sizes_are_written_as_people_and_as_the_kernel_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
