/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's pools of huge pages: one for each node and each size of page. */
#include "hugepool.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "freemem.h"
#include "parse.h"
#include "sysfs.h"

/*
 * Facts this stands on (Documentation/admin-guide/mm/hugetlbpage.rst, mm/hugetlb.c of 6.12):
 *
 * nr_hugepages reads persistent plus surplus pages, and writing it sets the persistent ones. The
 * machine's file under kernel/mm spreads over the nodes and skips a full one without a word, so the
 * nodes' own files are written.
 *
 * The two numbers that make the persistent count are two files. A surplus page that comes or goes
 * in between would falsify the difference, so surplus is read on both sides of the total until it
 * is the same twice.
 */

#define NODES		"devices/system/node"
#define READ_ATTEMPTS	16
#define HUGEPOOL_PREFIX "hugepages-"
#define MACHINE_WORD	"machine"

uint64_t hugepool_need(uint64_t memory_kib, uint64_t page_kib)
{
	return memory_kib / page_kib + (memory_kib % page_kib > 0);
}

/* The pool's directory below the mount of sysfs. */
static const char *pool_path(const struct hugepool *pool, char buf[static PATH_MAX])
{
	if (pool->node < 0)
		snprintf(buf, PATH_MAX, "kernel/mm/hugepages/" HUGEPOOL_PREFIX "%" PRIu64 "kB",
			 pool->page_kib);
	else
		snprintf(buf, PATH_MAX, NODES "/node%d/hugepages/" HUGEPOOL_PREFIX "%" PRIu64 "kB",
			 pool->node, pool->page_kib);
	return buf;
}

const char *hugepool_format(const struct hugepool *pool, char buf[static HUGEPOOL_NAME_SIZE])
{
	if (pool->node < 0)
		snprintf(buf, HUGEPOOL_NAME_SIZE, MACHINE_WORD "/" HUGEPOOL_PREFIX "%" PRIu64 "kB",
			 pool->page_kib);
	else
		snprintf(buf, HUGEPOOL_NAME_SIZE, "node%d/" HUGEPOOL_PREFIX "%" PRIu64 "kB",
			 pool->node, pool->page_kib);
	return buf;
}

static int parse_node(const char *word, int *ret)
{
	unsigned node;

	if (strncmp(word, "node", 4) != 0 || parse_uint(word + 4, &node) < 0 || node > INT_MAX)
		return -EINVAL;
	*ret = (int)node;
	return 0;
}

int hugepool_parse(const char *name, struct hugepool *ret)
{
	struct hugepool pool = { .node = -1 };
	char again[HUGEPOOL_NAME_SIZE], copy[HUGEPOOL_NAME_SIZE];
	const char *size;
	char *slash;

	if (strlen(name) >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, name, strlen(name) + 1);
	slash = strchr(copy, '/');
	if (!slash || strncmp(slash + 1, HUGEPOOL_PREFIX, strlen(HUGEPOOL_PREFIX)) != 0)
		return -EINVAL;
	*slash = '\0';
	size = slash + 1 + strlen(HUGEPOOL_PREFIX);
	slash[1 + strlen(slash + 1) - strlen("kB")] = '\0';
	if (strcmp(copy, MACHINE_WORD) != 0 && parse_node(copy, &pool.node) < 0)
		return -EINVAL;
	if (parse_u64(size, &pool.page_kib) < 0 || pool.page_kib == 0)
		return -EINVAL;
	/* One spelling only: a name is what claims are compared by. */
	if (strcmp(hugepool_format(&pool, again), name) != 0)
		return -EINVAL;
	*ret = pool;
	return 0;
}

int hugepool_read(const struct host *host, struct hugepool *pool)
{
	struct hugepool now = *pool;
	char path[PATH_MAX];
	uint64_t again;
	int r;

	pool_path(pool, path);
	r = sysfs_read_u64(host, &again, "%s/surplus_hugepages", path);
	for (int i = 0; r >= 0 && i < READ_ATTEMPTS; i++) {
		now.surplus = again;
		r = sysfs_read_u64(host, &now.total, "%s/nr_hugepages", path);
		if (r >= 0)
			r = sysfs_read_u64(host, &again, "%s/surplus_hugepages", path);
		if (again == now.surplus)
			break;
	}
	if (r >= 0)
		r = sysfs_read_u64(host, &now.free, "%s/free_hugepages", path);
	if (r < 0)
		return r;
	now.available_kib = 0;
	if (now.node >= 0)
		freemem_node(host, (unsigned)now.node, &now.available_kib);
	*pool = now;
	return 0;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct hugepool *x = a, *y = b;

	return (x->node > y->node) - (x->node < y->node);
}

/* The pools of all nodes that have memory: one without has no pool. */
static int list_nodes(const struct host *host, uint64_t page_kib, struct hugepool *pools,
		      const struct strlist *names, size_t *ret_count)
{
	size_t count = 0;

	for (size_t i = 0; i < names->count; i++) {
		struct hugepool pool = { .page_kib = page_kib };
		int r;

		if (parse_node(names->items[i], &pool.node) < 0)
			continue;
		r = hugepool_read(host, &pool);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		pools[count++] = pool;
	}
	qsort(pools, count, sizeof(*pools), compare_nodes);
	*ret_count = count;
	return 0;
}

int hugepool_list(const struct host *host, uint64_t page_kib, struct hugepool **ret,
		  size_t *ret_count)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	_cleanup_free_ struct hugepool *pools = NULL;
	size_t count = 0;
	int r = sysfs_list(host, &names, NODES);

	if (r < 0 && r != -ENOENT)
		return r;
	pools = calloc(names.count + 1, sizeof(*pools));
	if (!pools)
		return -ENOMEM;
	r = list_nodes(host, page_kib, pools, &names, &count);
	if (r < 0)
		return r;
	if (count == 0) {
		pools[0] = (struct hugepool){ .node = -1, .page_kib = page_kib };
		r = hugepool_read(host, &pools[0]);
		if (r < 0)
			return r;
		count = 1;
	}
	*ret = take_ptr(pools);
	*ret_count = count;
	return 0;
}

uint64_t hugepool_persistent(const struct hugepool *pool)
{
	return pool->total > pool->surplus ? pool->total - pool->surplus : 0;
}

int hugepool_resize(const struct host *host, struct hugepool *pool, uint64_t persistent)
{
	char path[PATH_MAX], text[32];
	int r;

	snprintf(text, sizeof(text), "%" PRIu64 "\n", persistent);
	r = sysfs_write(host, text, "%s/nr_hugepages", pool_path(pool, path));
	return r < 0 ? r : hugepool_read(host, pool);
}

int hugepool_reserved(const struct host *host, uint64_t page_kib, uint64_t *ret)
{
	struct hugepool machine = { .node = -1, .page_kib = page_kib };
	char path[PATH_MAX];

	return sysfs_read_u64(host, ret, "%s/resv_hugepages", pool_path(&machine, path));
}

int hugepool_compact(const struct host *host, const struct hugepool *pool)
{
	if (pool->node < 0)
		return -ENOENT;
	return sysfs_write(host, "1\n", NODES "/node%d/compact", pool->node);
}

static size_t find_first(const struct hugepool *pools, size_t count, int preferred)
{
	size_t first = 0;

	for (size_t i = 0; i < count; i++) {
		if (preferred >= 0 && pools[i].node == preferred)
			return i;
		if (pools[i].available_kib > pools[first].available_kib)
			first = i;
	}
	return first;
}

size_t hugepool_plan(const struct hugepool *pools, size_t count, int preferred, uint64_t need,
		     uint64_t *shares)
{
	size_t first = find_first(pools, count, preferred);

	for (size_t n = 0; n < count; n++) {
		/* The first one, then the rest in their order. */
		size_t i = n == 0 ? first : n <= first ? n - 1 : n;
		uint64_t room = pools[i].available_kib / pools[i].page_kib;

		shares[i] = need < room ? need : room;
		need -= shares[i];
	}
	shares[first] += need;
	return first;
}
