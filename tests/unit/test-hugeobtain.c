/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugeobtain: a guest's pages come in steps, from the right node, and once. */
#include "tree.h"

#include "hugeobtain.h"

#define NODE(n) "sys/devices/system/node/node" #n

static uint64_t told_have, told_need;
static unsigned told;

static void tell(uint64_t have, uint64_t need, bool compacting)
{
	assert_false(compacting);
	told_have = have;
	told_need = need;
	told++;
}

static void put_pool(const struct tree *tree, const char *node, const char *pages)
{
	static const char *const names[] = { "nr", "free", "surplus" };
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/hugepages/hugepages-2048kB/%s_hugepages", node,
			 names[i]);
		tree_write(tree, path, strcmp(names[i], "nr") == 0 ? pages : "0\n");
	}
	snprintf(path, sizeof(path), "%s/meminfo", node);
	tree_write(tree, path,
		   "Node 0 MemFree: 4194304 kB\nNode 0 Active(file): 0 kB\n"
		   "Node 0 Inactive(file): 0 kB\n");
}

static uint64_t pages_of(const struct tree *tree, int node)
{
	struct hugepool pool = { .node = node, .page_kib = 2048 };

	assert_int_equal(hugepool_read(&tree->host, &pool), 0);
	return pool.total;
}

/* What the machine's files have become is the kernel's answer: these give all. */
static void make_nodes(const struct tree *tree)
{
	put_pool(tree, NODE(0), "40\n");
	put_pool(tree, NODE(1), "0\n");
	tree_mkdir(tree, "run");
	told = 0;
}

static int obtain(const struct tree *tree, uint64_t need, int preferred)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	struct hugeobtain_shortage shortage;
	int r = hugeclaim_load(&tree->host, "demo", &claim);

	assert_int_equal(r, 0);
	r = hugeobtain(&tree->host, &claim, 2048, need, preferred, tell, &shortage);
	if (r >= 0)
		assert_int_equal(hugeclaim_usable(&claim, 2048), need);
	return r;
}

static void comes_in_steps_of_a_gib_and_tells_each(void **state)
{
	const struct tree *tree = *state;

	make_nodes(tree);
	assert_int_equal(obtain(tree, 1300, 0), 0);
	assert_int_equal(pages_of(tree, 0), 1340);
	assert_int_equal(pages_of(tree, 1), 0);
	assert_int_equal(told, 3);
	assert_int_equal(told_have, 1300);
	assert_int_equal(told_need, 1300);
}

static void adds_only_what_is_missing(void **state)
{
	const struct tree *tree = *state;

	make_nodes(tree);
	assert_int_equal(obtain(tree, 100, 1), 0);
	assert_int_equal(obtain(tree, 100, 1), 0);
	assert_int_equal(pages_of(tree, 1), 100);
	assert_int_equal(obtain(tree, 150, 0), 0);
	assert_int_equal(pages_of(tree, 1), 100);
	assert_int_equal(pages_of(tree, 0), 90);
}

static void spreads_what_one_node_does_not_have(void **state)
{
	const struct tree *tree = *state;

	make_nodes(tree);
	assert_int_equal(obtain(tree, 3000, 1), 0);
	assert_int_equal(pages_of(tree, 1), 2048);
	assert_int_equal(pages_of(tree, 0), 40 + 952);
}

static void says_when_there_are_no_such_pages(void **state)
{
	const struct tree *tree = *state;

	tree_mkdir(tree, "sys");
	assert_int_equal(obtain(tree, 1, -1), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(comes_in_steps_of_a_gib_and_tells_each),
		tree_test(adds_only_what_is_missing),
		tree_test(spreads_what_one_node_does_not_have),
		tree_test(says_when_there_are_no_such_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
