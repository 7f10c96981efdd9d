/* SPDX-License-Identifier: GPL-2.0-or-later */
/* freemem: the kernel's tables of memory are read to the end, or said to be wrong. */
#include "tree.h"

#include "freemem.h"

static const char meminfo[] = "MemTotal:       24684084 kB\n"
			      "MemFree:        24075680 kB\n"
			      "MemAvailable:   24247836 kB\n"
			      "HugePages_Total:       0\n";
static const char node_meminfo[] = "Node 1 MemTotal:        6252748 kB\n"
				   "Node 1 MemFree:         4590736 kB\n"
				   "Node 1 Active(file):     113748 kB\n";
static const char buddyinfo[] = "Node 0, zone      DMA      0      0      0      0      0      0   "
				"   0      0      1      1      3 \n"
				"Node 0, zone   Normal   2567    754    731    737    511    344   "
				" 189    286    160     91    289 \n"
				"Node 1, zone   Normal      1      1      1      1      1      1   "
				"   1      1      1      7      5 \n"
				"Node 10, zone   Normal      0      0      0      0      0      0  "
				"    0      0      0      0      9 \n";

static void finds_a_field_of_the_machine_and_of_a_node(void **state)
{
	uint64_t kib = 0;

	(void)state;
	assert_int_equal(freemem_field(meminfo, "MemAvailable", &kib), 0);
	assert_int_equal(kib, 24247836);
	assert_int_equal(freemem_field(node_meminfo, "Active(file)", &kib), 0);
	assert_int_equal(kib, 113748);
}

static void takes_no_field_for_another_that_begins_alike(void **state)
{
	uint64_t kib = 7;

	(void)state;
	assert_int_equal(freemem_field(meminfo, "Mem", &kib), -ENODATA);
	assert_int_equal(freemem_field(meminfo, "MemFreeX", &kib), -ENODATA);
	assert_int_equal(freemem_field("", "MemFree", &kib), -ENODATA);
	assert_int_equal(freemem_field("Node", "MemFree", &kib), -ENODATA);
	assert_int_equal(kib, 7);
}

static void refuses_a_value_that_is_no_amount_of_memory(void **state)
{
	static const char *const texts[] = {
		"MemFree:\n",	    "MemFree: x kB\n",	 "MemFree: 12\n",
		"MemFree: 12 MB\n", "MemFree: -12 kB\n", "MemFree: 99999999999999999999 kB\n"
	};
	uint64_t kib = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(freemem_field(texts[i], "MemFree", &kib), -EINVAL);
	assert_int_equal(freemem_field(meminfo, "HugePages_Total", &kib), -EINVAL);
	assert_int_equal(kib, 7);
}

static void counts_larger_blocks_as_the_pages_they_hold(void **state)
{
	uint64_t pieces;

	(void)state;
	assert_int_equal(freemem_pieces(buddyinfo, 0, 9, &pieces), 0);
	assert_int_equal(pieces, 1 + 2 * 3 + 91 + 2 * 289);
	assert_int_equal(freemem_pieces(buddyinfo, 1, 9, &pieces), 0);
	assert_int_equal(pieces, 7 + 2 * 5);
	assert_int_equal(freemem_pieces(buddyinfo, 10, 10, &pieces), 0);
	assert_int_equal(pieces, 9);
}

static void says_when_the_table_does_not_reach_that_far(void **state)
{
	uint64_t pieces = 7;

	(void)state;
	assert_int_equal(freemem_pieces(buddyinfo, 0, 18, &pieces), -ENODATA);
	assert_int_equal(freemem_pieces(buddyinfo, 2, 0, &pieces), -ENODATA);
	assert_int_equal(freemem_pieces("", 0, 0, &pieces), -ENODATA);
	assert_int_equal(pieces, 7);
}

static void refuses_a_table_that_is_not_of_numbers_or_overflows(void **state)
{
	uint64_t pieces = 7;

	(void)state;
	assert_int_equal(freemem_pieces("Node 0, zone Normal 1 x\n", 0, 0, &pieces), -EINVAL);
	assert_int_equal(
		freemem_pieces("Node 0, zone Normal 1 18446744073709551615\n", 0, 0, &pieces),
		-EINVAL);
	assert_int_equal(
		freemem_pieces("Node 0, zone Normal 18446744073709551615 1\n", 0, 0, &pieces),
		-EINVAL);
	assert_int_equal(pieces, 7);
}

static void reads_a_last_line_without_its_newline(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(freemem_field("MemFree: 12 kB", "MemFree", &value), 0);
	assert_int_equal(value, 12);
	assert_int_equal(freemem_pieces("Node 0, zone Normal 1 2", 0, 0, &value), 0);
	assert_int_equal(value, 5);
}

static void finds_the_largest_blocks_of_a_node(void **state)
{
	const struct tree *tree = *state;
	uint64_t kib = 0, blocks = 0;

	assert_int_equal(freemem_largest(&tree->host, 0, &kib, &blocks), -ENOENT);
	tree_write(tree, "proc/buddyinfo", buddyinfo);
	assert_int_equal(freemem_largest(&tree->host, 0, &kib, &blocks), 0);
	assert_int_equal(kib, sysconf(_SC_PAGESIZE) / 1024 << 10);
	assert_int_equal(blocks, 3 + 289);
	assert_int_equal(freemem_largest(&tree->host, 3, &kib, &blocks), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_field_of_the_machine_and_of_a_node),
		cmocka_unit_test(takes_no_field_for_another_that_begins_alike),
		cmocka_unit_test(refuses_a_value_that_is_no_amount_of_memory),
		cmocka_unit_test(counts_larger_blocks_as_the_pages_they_hold),
		cmocka_unit_test(says_when_the_table_does_not_reach_that_far),
		cmocka_unit_test(refuses_a_table_that_is_not_of_numbers_or_overflows),
		cmocka_unit_test(reads_a_last_line_without_its_newline),
		tree_test(finds_the_largest_blocks_of_a_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
