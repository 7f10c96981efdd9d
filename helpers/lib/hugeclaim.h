/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages of the kernel's pools are there because of a guest: its record. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "hugepool.h"
#include "parse.h"

/* What a guest added to one pool. */
struct hugeclaim_part {
	struct hugepool pool;
	uint64_t added;	   /* persistent pages that are there because of this guest */
	uint64_t absorbed; /* of these, how many only made surplus pages of others persistent */
	uint64_t others;   /* persistent pages that no guest claimed, when these were added */
	uint64_t back, back_absorbed; /* with at_work: see there */
	bool open;		      /* a write was announced; what came of it is not known */
	uint64_t before; /* then: the persistent count before it, and the one asked for */
	uint64_t target;
};

struct hugeclaim {
	char guest[GUEST_NAME_SIZE];
	/* A helper is between its first write and its last. It holds the lock meanwhile, so whoever
	 * has the lock and reads this finds it dead; the claim is then to shrink to what BACK says.
	 */
	bool at_work;
	struct hugeclaim_part *parts;
	size_t count;
};

#define HUGECLAIM_KIND "hugepages"

void hugeclaim_done(struct hugeclaim *claim);
#define _cleanup_hugeclaim_ _cleanup_(hugeclaim_done)

/*
 * Reads the guest's record; without one the claim is empty. -EBADMSG when the record is not what
 * this module writes; -errno. An open part is still open; the pools' numbers are 0.
 */
int hugeclaim_load(const struct host *host, const char *guest, struct hugeclaim *ret);

/*
 * Closes an open part, by the persistent count that is there NOW: what went between before and
 * target has been added, or has been taken away. Pure.
 */
void hugeclaim_settle(struct hugeclaim_part *part, uint64_t now);
/* The same for a part, or the whole claim, in memory, with the pools' numbers read anew. A pool
 * that is gone gives 0. 0, -errno. */
int hugeclaim_observe_part(const struct host *host, struct hugeclaim_part *part);
int hugeclaim_observe(const struct host *host, struct hugeclaim *claim);
/* How many pages of PAGE_KIB the guest can use of what it added. */
uint64_t hugeclaim_usable(const struct hugeclaim *claim, uint64_t page_kib);

/* The part of POOL; made when there is none. NULL on lack of memory. Valid until the next call. */
struct hugeclaim_part *hugeclaim_part(struct hugeclaim *claim, const struct hugepool *pool);

/* Writes the record; a claim of nothing is no record. 0, -errno. */
int hugeclaim_save(const struct host *host, const struct hugeclaim *claim);

/* What the records of all guests but this one claim in POOL. 0, -errno. */
int hugeclaim_sum_others(const struct host *host, const char *guest, const struct hugepool *pool,
			 uint64_t *ret);
