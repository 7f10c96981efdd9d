/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's pools of huge pages: one for each node and each size of page. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "host.h"

struct hugepool {
	int node; /* -1: the machine's only pool, of a kernel without NUMA */
	uint64_t page_kib;
	uint64_t total;		/* nr_hugepages: persistent and surplus pages */
	uint64_t surplus;	/* in use beyond the persistent count; freed when let go */
	uint64_t free;		/* in the pool and given to nobody; some may be reserved */
	uint64_t available_kib; /* about what the node could make pages of; 0 where it tells none */
};

/* How many pages hold MEMORY_KIB. */
uint64_t hugepool_need(uint64_t memory_kib, uint64_t page_kib);

/* Room for "node12/hugepages-1048576kB". */
#define HUGEPOOL_NAME_SIZE 64

/* What a record calls the pool; buf is returned. */
const char *hugepool_format(const struct hugepool *pool, char buf[static HUGEPOOL_NAME_SIZE]);
/* node and page_kib of what hugepool_format() wrote; the rest is 0. 0, -EINVAL. */
int hugepool_parse(const char *name, struct hugepool *ret);

/*
 * The pools of pages of PAGE_KIB, in the order of their nodes; the caller frees *ret. -ENOENT: this
 * kernel, or this processor, has no such pages; -errno of the reading.
 */
int hugepool_list(const struct host *host, uint64_t page_kib, struct hugepool **ret,
		  size_t *ret_count);
/* Reads the numbers of a pool anew. -ENOENT when it is gone (its node went offline). */
int hugepool_read(const struct host *host, struct hugepool *pool);
/* The count that a write to nr_hugepages sets: what stays when nobody uses the pool. */
uint64_t hugepool_persistent(const struct hugepool *pool);
/*
 * Asks the kernel for PERSISTENT pages, and reads the numbers anew. 0 says that the kernel took the
 * number: it returns success when it could make only a part of the pages, or none. -errno.
 */
int hugepool_resize(const struct host *host, struct hugepool *pool, uint64_t persistent);
/* Pages of PAGE_KIB in all pools that are promised to a mapping which has not touched them yet.
 * They count as free, and are not to be had. 0, -errno. */
int hugepool_reserved(const struct host *host, uint64_t page_kib, uint64_t *ret);
/* Has the kernel bring the free memory of the pool's node together. -ENOENT where it cannot be
 * asked to. It may take seconds. */
int hugepool_compact(const struct host *host, const struct hugepool *pool);

/*
 * How many of NEED pages each pool is to give, by what its node has available: first the pool of
 * node PREFERRED (below 0: of the node that has the most), then the others in their order. What no
 * node seems to have is asked of the first. Pure. SHARES has COUNT elements; returns the index of
 * the pool that came first.
 */
size_t hugepool_plan(const struct hugepool *pools, size_t count, int preferred, uint64_t need,
		     uint64_t *shares);
