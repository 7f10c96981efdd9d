/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugeclaim: what is added is known whatever was interrupted, and nobody else's pages are taken. */
#include "tree.h"

#include "hugeclaim.h"

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

static void a_record_that_says_too_little_is_refused(void **state)
{
	static const char *const texts[] = {
		"machine/hugepages-2048kB added 10\n",
		"machine/hugepages-2048kB absorbed 10\n",
		"machine/hugepages-2048kB added x\nmachine/hugepages-2048kB absorbed 0\n",
		"machine/hugepages-2048kB added 1\nmachine/hugepages-2048kB absorbed 0\n"
		"machine/hugepages-2048kB before 1\n",
		"machine/hugepages-2048kB added 1\nmachine/hugepages-2048kB absorbed 0\n"
		"machine/hugepages-2048kB back 1\n",
		"machine/hugepages-2048kB added 1\nmachine/hugepages-2048kB absorbed 0\n"
		"machine/hugepages-2048kB others x\n",
		"somewhere added 1\nsomewhere absorbed 0\n",
	};
	const struct tree *tree = *state;

	tree_mkdir(tree, "run/vxm/a");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };

		tree_write(tree, "run/vxm/a/hugepages", texts[i]);
		assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), -EBADMSG);
	}
}

static void what_is_saved_is_loaded(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { .guest = "a", .at_work = true },
					     again = { 0 };
	struct hugepool pool = { .node = 3, .page_kib = 2048 };

	tree_mkdir(tree, "run");
	*hugeclaim_part(&claim, &pool) = (struct hugeclaim_part){
		.pool = pool,
		.added = 10,
		.absorbed = 4,
		.others = 7,
		.back = 3,
		.back_absorbed = 2,
		.open = true,
		.before = 50,
		.target = 80,
	};
	assert_int_equal(hugeclaim_save(&tree->host, &claim), 0);
	assert_int_equal(hugeclaim_load(&tree->host, "a", &again), 0);
	assert_true(again.at_work);
	assert_int_equal(again.count, 1);
	assert_memory_equal(&again.parts[0], &claim.parts[0], sizeof(claim.parts[0]));
	claim.at_work = claim.parts[0].open = false;
	assert_int_equal(hugeclaim_save(&tree->host, &claim), 0);
	hugeclaim_done(&again);
	assert_int_equal(hugeclaim_load(&tree->host, "a", &again), 0);
	assert_false(again.at_work);
	assert_false(again.parts[0].open);
	assert_int_equal(again.parts[0].others, 7);
}

static void a_record_of_an_earlier_release_is_read(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };

	tree_mkdir(tree, "run/vxm/a");
	tree_write(tree, "run/vxm/a/hugepages",
		   "machine/hugepages-2048kB added 10\nmachine/hugepages-2048kB absorbed 1\n");
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_false(claim.at_work);
	assert_int_equal(claim.parts[0].added, 10);
	assert_int_equal(claim.parts[0].others, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growing_counts_what_came_and_no_more),
		cmocka_unit_test(shrinking_counts_what_went_and_no_more),
		cmocka_unit_test(a_closed_part_stays_as_it_is),
		cmocka_unit_test(absorbed_pages_are_never_more_than_the_added),
		cmocka_unit_test(usable_leaves_absorbed_pages_and_other_sizes_out),
		tree_test(a_record_that_says_too_little_is_refused),
		tree_test(what_is_saved_is_loaded),
		tree_test(a_record_of_an_earlier_release_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
