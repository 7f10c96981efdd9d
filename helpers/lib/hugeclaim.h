/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages of the kernel's pools a guest's start has added, and how they go back. */
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
	bool open;	   /* a write was announced, and what came of it is not known */
	uint64_t before;   /* then: the persistent count before it, and the one asked for */
	uint64_t target;
};

struct hugeclaim {
	char guest[GUEST_NAME_SIZE];
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
/* The same for the whole claim, in memory: for those who only look. A pool that is gone gives 0. 0,
 * -errno. */
int hugeclaim_observe(const struct host *host, struct hugeclaim *claim);
/* The same for the records of all guests, written back. The lock has to be held. */
int hugeclaim_settle_all(const struct host *host);

/* How many pages of PAGE_KIB the guest can use of what it added. */
uint64_t hugeclaim_usable(const struct hugeclaim *claim, uint64_t page_kib);

/* The part of POOL; made when there is none. NULL on lack of memory. Valid until the next call. */
struct hugeclaim_part *hugeclaim_part(struct hugeclaim *claim, const struct hugepool *pool);

/*
 * Adds up to PAGES usable pages to POOL by one write. The lock has to be held and all records
 * settled. 0 and how many came (fewer, or none, is success of the call); -errno of record or write,
 * and then too *ret_got is right as far as the kernel could be asked.
 */
int hugeclaim_grow(const struct host *host, struct hugeclaim *claim, struct hugepool *pool,
		   uint64_t pages, uint64_t *ret_got);

/*
 * Takes the part's pages away again but for LEFT added and ABSORBED of these (both 0: all), never
 * below what the records of other guests claim. Pages in use become surplus and are freed when they
 * are let go. The lock has to be held. 0 and how many were taken; -EAGAIN: the kernel kept some,
 * which stay claimed; -errno.
 */
int hugeclaim_shrink(const struct host *host, struct hugeclaim *claim, size_t part, uint64_t left,
		     uint64_t absorbed, uint64_t *ret_taken);

/* The persistent count to ask for, to take GIVE away from NOW above a floor of FLOOR. Pure. */
uint64_t hugeclaim_lower(uint64_t now, uint64_t give, uint64_t floor);
