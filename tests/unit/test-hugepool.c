/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugepool: names are spelled one way, and nodes are asked for what they have. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hugepool.h"

#define GIB_KIB UINT64_C(1048576)

static struct hugepool make_pool(int node, uint64_t available_gib)
{
	return (struct hugepool){ .node = node,
				  .page_kib = 2048,
				  .available_kib = available_gib * GIB_KIB };
}

static void a_name_comes_back_as_the_pool_it_was_made_of(void **state)
{
	static const struct {
		struct hugepool pool;
		const char *name;
	} rows[] = {
		{ { .node = 0, .page_kib = 2048 }, "node0/hugepages-2048kB" },
		{ { .node = 12, .page_kib = 1048576 }, "node12/hugepages-1048576kB" },
		{ { .node = -1, .page_kib = 64 }, "machine/hugepages-64kB" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[HUGEPOOL_NAME_SIZE];
		struct hugepool pool;

		assert_string_equal(hugepool_format(&rows[i].pool, name), rows[i].name);
		assert_int_equal(hugepool_parse(name, &pool), 0);
		assert_int_equal(pool.node, rows[i].pool.node);
		assert_int_equal(pool.page_kib, rows[i].pool.page_kib);
	}
}

static void refuses_every_other_spelling(void **state)
{
	static const char *const names[] = {
		"",
		"node0",
		"node0/",
		"node/hugepages-2048kB",
		"node00/hugepages-2048kB",
		"node0/hugepages-kB",
		"node0/hugepages-",
		"node0/hugepages-2048",
		"node0/hugepages-02048kB",
		"node0/hugepages-0kB",
		"node0/hugepages-2048kB/..",
		"node-1/hugepages-2048kB",
		"node99999999999/hugepages-2048kB",
		"../node0/hugepages-2048kB",
		"node0/hugepages-2048kBnode0/hugepages-2048kBnode0/hugepages-2048kBnode0/hugepages",
	};
	struct hugepool pool;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(hugepool_parse(names[i], &pool), -EINVAL);
}

static void rounds_the_need_up(void **state)
{
	(void)state;
	assert_int_equal(hugepool_need(GIB_KIB, 2048), 512);
	assert_int_equal(hugepool_need(GIB_KIB + 1, 2048), 513);
	assert_int_equal(hugepool_need(GIB_KIB + 1, GIB_KIB), 2);
	assert_int_equal(hugepool_need(UINT64_MAX, 2048), UINT64_MAX / 2048 + 1);
}

static void surplus_pages_are_not_persistent(void **state)
{
	struct hugepool pool = { .total = 10, .surplus = 3 };

	(void)state;
	assert_int_equal(hugepool_persistent(&pool), 7);
	pool.surplus = 11; /* read a moment later than the total */
	assert_int_equal(hugepool_persistent(&pool), 0);
}

static void asks_the_preferred_node_for_all_that_it_has(void **state)
{
	struct hugepool pools[] = { make_pool(0, 16), make_pool(1, 8), make_pool(2, 4) };
	uint64_t shares[3];

	(void)state;
	assert_int_equal(hugepool_plan(pools, 3, 1, 512 * 6, shares), 1);
	assert_int_equal(shares[0], 0);
	assert_int_equal(shares[1], 512 * 6);
	assert_int_equal(shares[2], 0);
	assert_int_equal(hugepool_plan(pools, 3, 1, 512 * 20, shares), 1);
	assert_int_equal(shares[1], 512 * 8);
	assert_int_equal(shares[0], 512 * 12);
	assert_int_equal(shares[2], 0);
}

static void asks_the_node_that_has_the_most_when_none_is_preferred(void **state)
{
	struct hugepool pools[] = { make_pool(0, 4), make_pool(1, 8) };
	uint64_t shares[2];

	(void)state;
	assert_int_equal(hugepool_plan(pools, 2, -1, 100, shares), 1);
	assert_int_equal(shares[0], 0);
	assert_int_equal(shares[1], 100);
	/* A card on a node without memory says nothing. */
	assert_int_equal(hugepool_plan(pools, 2, 7, 100, shares), 1);
	assert_int_equal(shares[1], 100);
}

static void asks_the_first_for_what_nobody_seems_to_have(void **state)
{
	struct hugepool pools[] = { make_pool(0, 1), make_pool(1, 0) };
	uint64_t shares[2];

	(void)state;
	assert_int_equal(hugepool_plan(pools, 2, 1, 512 * 3, shares), 1);
	assert_int_equal(shares[0], 512);
	assert_int_equal(shares[1], 512 * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_comes_back_as_the_pool_it_was_made_of),
		cmocka_unit_test(refuses_every_other_spelling),
		cmocka_unit_test(rounds_the_need_up),
		cmocka_unit_test(surplus_pages_are_not_persistent),
		cmocka_unit_test(asks_the_preferred_node_for_all_that_it_has),
		cmocka_unit_test(asks_the_node_that_has_the_most_when_none_is_preferred),
		cmocka_unit_test(asks_the_first_for_what_nobody_seems_to_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
