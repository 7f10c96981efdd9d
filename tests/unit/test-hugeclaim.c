/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugeclaim: what is added is known whatever was interrupted, and nobody else's pages are taken. */
#include "tree.h"

#include "hugeclaim.h"
#include "record.h"

static struct hugeclaim_part open_part(uint64_t added, uint64_t before, uint64_t target)
{
	return (struct hugeclaim_part){
		.added = added, .open = true, .before = before, .target = target
	};
}

static void growing_counts_what_came_and_no_more(void **state)
{
	static const struct {
		uint64_t now, added;
	} rows[] = { { 100, 5 }, { 101, 6 }, { 150, 55 }, { 200, 105 }, { 207, 105 }, { 40, 5 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hugeclaim_part part = open_part(5, 100, 200);

		hugeclaim_settle(&part, rows[i].now);
		assert_int_equal(part.added, rows[i].added);
		assert_false(part.open);
	}
}

static void shrinking_counts_what_went_and_no_more(void **state)
{
	static const struct {
		uint64_t now, added;
	} rows[] = { { 200, 105 }, { 199, 104 }, { 100, 5 }, { 60, 5 }, { 230, 105 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hugeclaim_part part = open_part(105, 200, 100);

		hugeclaim_settle(&part, rows[i].now);
		assert_int_equal(part.added, rows[i].added);
		assert_false(part.open);
	}
}

static void a_closed_part_stays_as_it_is(void **state)
{
	struct hugeclaim_part part = { .added = 5, .absorbed = 2, .before = 0, .target = 100 };

	(void)state;
	hugeclaim_settle(&part, 50);
	assert_int_equal(part.added, 5);
	assert_int_equal(part.absorbed, 2);
}

static void absorbed_pages_are_never_more_than_the_added(void **state)
{
	struct hugeclaim_part part = open_part(0, 100, 200);

	(void)state;
	part.absorbed = 30;
	hugeclaim_settle(&part, 110);
	assert_int_equal(part.added, 10);
	assert_int_equal(part.absorbed, 10);
}

static void lowering_stops_at_the_floor_and_never_raises(void **state)
{
	(void)state;
	assert_int_equal(hugeclaim_lower(100, 30, 0), 70);
	assert_int_equal(hugeclaim_lower(100, 30, 80), 80);
	assert_int_equal(hugeclaim_lower(20, 30, 0), 0);
	assert_int_equal(hugeclaim_lower(20, 30, 80), 20);
}

static void usable_leaves_absorbed_pages_and_other_sizes_out(void **state)
{
	struct hugeclaim_part parts[] = {
		{ .pool = { .node = 0, .page_kib = 2048 }, .added = 10, .absorbed = 4 },
		{ .pool = { .node = 1, .page_kib = 2048 }, .added = 7 },
		{ .pool = { .node = 0, .page_kib = 1048576 }, .added = 3 },
	};
	struct hugeclaim claim = { .parts = parts, .count = 3 };

	(void)state;
	assert_int_equal(hugeclaim_usable(&claim, 2048), 13);
	assert_int_equal(hugeclaim_usable(&claim, 1048576), 3);
	assert_int_equal(hugeclaim_usable(&claim, 64), 0);
}

/* --- on files: a pool that gives whatever it is asked for ------------------------------------ */

#define POOL "sys/kernel/mm/hugepages/hugepages-2048kB"

static void make_pool(const struct tree *tree)
{
	tree_write(tree, POOL "/nr_hugepages", "40\n");
	tree_write(tree, POOL "/free_hugepages", "40\n");
	tree_write(tree, POOL "/surplus_hugepages", "0\n");
	tree_mkdir(tree, "run");
}

static uint64_t total(const struct tree *tree)
{
	struct hugepool pool = { .node = -1, .page_kib = 2048 };

	assert_int_equal(hugepool_read(&tree->host, &pool), 0);
	return pool.total;
}

static void grow(const struct tree *tree, const char *guest, uint64_t pages)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	struct hugepool pool = { .node = -1, .page_kib = 2048 };
	uint64_t got;

	assert_int_equal(hugeclaim_load(&tree->host, guest, &claim), 0);
	assert_int_equal(hugeclaim_grow(&tree->host, &claim, &pool, pages, &got), 0);
	assert_int_equal(got, pages);
}

static int is_recorded(const struct tree *tree, const char *guest)
{
	_cleanup_record_ struct record *record = NULL;

	return record_load(&tree->host, guest, HUGECLAIM_KIND, &record) == 0;
}

static void what_was_added_is_on_record_and_goes_back(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	uint64_t taken;

	make_pool(tree);
	grow(tree, "a", 100);
	assert_int_equal(total(tree), 140);
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_int_equal(claim.count, 1);
	assert_int_equal(hugeclaim_usable(&claim, 2048), 100);
	assert_int_equal(hugeclaim_shrink(&tree->host, &claim, 0, 30, 0, &taken), 0);
	assert_int_equal(taken, 70);
	assert_int_equal(total(tree), 70);
	assert_true(is_recorded(tree, "a"));
	assert_int_equal(hugeclaim_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
	assert_int_equal(total(tree), 40);
	assert_false(is_recorded(tree, "a"));
}

static void an_open_record_of_any_guest_is_settled_on_disk(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };

	make_pool(tree);
	grow(tree, "a", 10);
	tree_write(tree, "run/vxm/a/hugepages",
		   "machine/hugepages-2048kB added 10\nmachine/hugepages-2048kB absorbed 0\n"
		   "machine/hugepages-2048kB before 50\nmachine/hugepages-2048kB target 80\n");
	tree_write(tree, POOL "/nr_hugepages", "65\n");
	assert_int_equal(hugeclaim_settle_all(&tree->host), 0);
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_false(claim.parts[0].open);
	assert_int_equal(claim.parts[0].added, 25);
}

static void the_pages_of_another_guest_are_the_floor(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	uint64_t taken;

	make_pool(tree);
	grow(tree, "a", 100);
	grow(tree, "b", 50);
	tree_write(tree, POOL "/nr_hugepages", "60\n"); /* an administrator's */
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_int_equal(hugeclaim_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
	assert_int_equal(total(tree), 50);
	assert_false(is_recorded(tree, "a"));
	assert_true(is_recorded(tree, "b"));
}

static void a_pool_that_is_gone_ends_the_claim(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	uint64_t taken;

	make_pool(tree);
	grow(tree, "a", 100);
	tree_remove(tree, POOL "/surplus_hugepages");
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_int_equal(hugeclaim_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
	assert_int_equal(taken, 0);
	assert_false(is_recorded(tree, "a"));
}

static void a_record_that_says_too_little_is_refused(void **state)
{
	static const char *const texts[] = {
		"machine/hugepages-2048kB added 10\n",
		"machine/hugepages-2048kB absorbed 10\n",
		"machine/hugepages-2048kB added x\nmachine/hugepages-2048kB absorbed 0\n",
		"machine/hugepages-2048kB added 1\nmachine/hugepages-2048kB absorbed 0\n"
		"machine/hugepages-2048kB before 1\n",
		"somewhere added 1\nsomewhere absorbed 0\n",
	};
	const struct tree *tree = *state;

	make_pool(tree);
	grow(tree, "a", 1);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };

		tree_write(tree, "run/vxm/a/hugepages", texts[i]);
		assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_counts_what_came_and_no_more),
		cmocka_unit_test(shrinking_counts_what_went_and_no_more),
		cmocka_unit_test(a_closed_part_stays_as_it_is),
		cmocka_unit_test(absorbed_pages_are_never_more_than_the_added),
		cmocka_unit_test(lowering_stops_at_the_floor_and_never_raises),
		cmocka_unit_test(usable_leaves_absorbed_pages_and_other_sizes_out),
		tree_test(what_was_added_is_on_record_and_goes_back),
		tree_test(an_open_record_of_any_guest_is_settled_on_disk),
		tree_test(the_pages_of_another_guest_are_the_floor),
		tree_test(a_pool_that_is_gone_ends_the_claim),
		tree_test(a_record_that_says_too_little_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
