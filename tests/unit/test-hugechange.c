/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugechange: what was added goes back whatever was interrupted, and nobody else's pages are taken.
 */
#include "tree.h"

#include "hugechange.h"
#include "record.h"

static void lowering_stops_at_the_floor_and_never_raises(void **state)
{
	(void)state;
	assert_int_equal(hugechange_lower(100, 30, 0), 70);
	assert_int_equal(hugechange_lower(100, 30, 80), 80);
	assert_int_equal(hugechange_lower(20, 30, 0), 0);
	assert_int_equal(hugechange_lower(20, 30, 80), 20);
}

static void the_floor_is_what_others_had_when_the_claims_were_overwritten(void **state)
{
	struct hugeclaim_part part = { .added = 100, .others = 40 };

	(void)state;
	assert_int_equal(hugechange_floor(&part, 140, 0), 0);
	assert_int_equal(hugechange_floor(&part, 100, 0), 0);
	assert_int_equal(hugechange_floor(&part, 99, 0), 40);
	assert_int_equal(hugechange_floor(&part, 150, 50), 50);
	assert_int_equal(hugechange_floor(&part, 149, 50), 90);
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
	assert_int_equal(hugechange_grow(&tree->host, &claim, &pool, pages, &got), 0);
	assert_int_equal(got, pages);
}

static int is_recorded(const struct tree *tree, const char *guest)
{
	_cleanup_record_ struct record *record = NULL;

	return record_load(&tree->host, guest, HUGECLAIM_KIND, &record) == 0;
}

static unsigned undone;
static uint64_t undone_pages;

static void tell(const char *guest, const struct hugepool *pool, uint64_t taken)
{
	assert_string_equal(guest, "a");
	assert_int_equal(pool->page_kib, 2048);
	undone++;
	undone_pages = taken;
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
	assert_int_equal(hugechange_shrink(&tree->host, &claim, 0, 30, 0, &taken), 0);
	assert_int_equal(taken, 70);
	assert_int_equal(total(tree), 70);
	assert_true(is_recorded(tree, "a"));
	assert_int_equal(hugechange_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
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
	assert_int_equal(hugechange_settle_all(&tree->host, "b", tell), 0);
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
	assert_int_equal(hugechange_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
	/* Of the 40 before, ten are left above b's. */
	assert_int_equal(total(tree), 60);
	assert_false(is_recorded(tree, "a"));
	assert_true(is_recorded(tree, "b"));
	tree_write(tree, POOL "/nr_hugepages", "160\n"); /* and added to */
	grow(tree, "a", 100);
	tree_write(tree, POOL "/nr_hugepages", "150\n");
	hugeclaim_done(&claim);
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_int_equal(hugechange_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
	assert_int_equal(total(tree), 50);
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
	assert_int_equal(hugechange_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
	assert_int_equal(taken, 0);
	assert_false(is_recorded(tree, "a"));
}

static void a_number_that_knows_nothing_of_guests_is_left(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	uint64_t taken;

	make_pool(tree);
	grow(tree, "a", 100);
	tree_write(tree, POOL "/nr_hugepages", "40\n"); /* systemd-sysctl, once more */
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_int_equal(hugechange_shrink(&tree->host, &claim, 0, 0, 0, &taken), 0);
	assert_int_equal(taken, 0);
	assert_int_equal(total(tree), 40);
	assert_false(is_recorded(tree, "a"));
}

/* As a kill leaves it: at work, with BACK pages of before. */
static void leave_at_work(const struct tree *tree, const char *guest, uint64_t back)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };

	assert_int_equal(hugeclaim_load(&tree->host, guest, &claim), 0);
	hugechange_begin(&claim, true);
	claim.parts[0].back = back;
	assert_int_equal(hugeclaim_save(&tree->host, &claim), 0);
}

static void a_dead_start_is_undone_by_the_next_guest(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };

	make_pool(tree);
	undone = 0;
	grow(tree, "a", 100);
	leave_at_work(tree, "a", 30);
	assert_int_equal(hugechange_settle_all(&tree->host, "b", tell), 0);
	assert_int_equal(undone, 1);
	assert_int_equal(undone_pages, 70);
	assert_int_equal(total(tree), 70);
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	assert_false(claim.at_work);
	assert_int_equal(claim.parts[0].added, 30);
}

static void its_own_dead_start_is_left_to_a_guest(void **state)
{
	const struct tree *tree = *state;
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };

	make_pool(tree);
	undone = 0;
	grow(tree, "a", 100);
	leave_at_work(tree, "a", 30);
	assert_int_equal(hugechange_settle_all(&tree->host, "a", tell), 0);
	assert_int_equal(undone, 0);
	assert_int_equal(total(tree), 140);
	assert_int_equal(hugeclaim_load(&tree->host, "a", &claim), 0);
	/* A second start does not make the first one's pages its own. */
	hugechange_begin(&claim, true);
	assert_int_equal(claim.parts[0].back, 30);
	/* What is neither done nor undone stays at work. */
	assert_int_equal(hugechange_end(&tree->host, &claim, false), 0);
	assert_true(claim.at_work);
	assert_int_equal(hugechange_end(&tree->host, &claim, true), 0);
	assert_false(claim.at_work);
	assert_int_equal(hugechange_settle_all(&tree->host, "b", tell), 0);
	assert_int_equal(undone, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lowering_stops_at_the_floor_and_never_raises),
		cmocka_unit_test(the_floor_is_what_others_had_when_the_claims_were_overwritten),
		tree_test(what_was_added_is_on_record_and_goes_back),
		tree_test(an_open_record_of_any_guest_is_settled_on_disk),
		tree_test(the_pages_of_another_guest_are_the_floor),
		tree_test(a_number_that_knows_nothing_of_guests_is_left),
		tree_test(a_pool_that_is_gone_ends_the_claim),
		tree_test(a_dead_start_is_undone_by_the_next_guest),
		tree_test(its_own_dead_start_is_left_to_a_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
