/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adding pages to the kernel's pools and taking the same away, with the record in step. */
#pragma once

#include "hugeclaim.h"

/*
 * Brings the records of all guests up to date: what an interrupted write did is read from the
 * pools, and what a dead helper of another guest than GUEST was at is taken back to where BACK
 * says (TELL hears of it). That of GUEST itself is left to its caller. The lock has to be held. A
 * pool that cannot be shrunk stays claimed, for the next one to try: no error here. 0, -errno.
 */
int hugechange_settle_all(const struct host *host, const char *guest,
			  void (*tell)(const char *guest, const struct hugepool *pool,
				       uint64_t taken));

/*
 * From here until hugechange_end() the claim is at work, in memory and in each record written: a
 * death in between is undone to what the claim is now (KEEP), or to nothing. A claim that was at
 * work already goes back as far as it would have then, or further.
 */
void hugechange_begin(struct hugeclaim *claim, bool keep);
/* DONE: the claim is to stay as it is. Else only when it is back where it was, and otherwise at
 * work still, for the next one to undo. 0, -errno of the record. */
int hugechange_end(const struct host *host, struct hugeclaim *claim, bool done);

/*
 * Adds up to PAGES usable pages to POOL by one write. The lock has to be held and all records
 * settled. 0 and how many came (fewer, or none, is success of the call); -errno of record or write,
 * and then too *ret_got is right as far as the kernel could be asked.
 */
int hugechange_grow(const struct host *host, struct hugeclaim *claim, struct hugepool *pool,
		    uint64_t pages, uint64_t *ret_got);

/*
 * Takes the part's pages away again but for LEFT added and ABSORBED of these (both 0: all), never
 * below what hugechange_floor() says. Pages in use become surplus and are freed when they are let
 * go. The lock has to be held. 0 and how many were taken; -EAGAIN: the kernel kept some, which stay
 * claimed; -errno.
 */
int hugechange_shrink(const struct host *host, struct hugeclaim *claim, size_t part, uint64_t left,
		      uint64_t absorbed, uint64_t *ret_taken);

/* What has to stay of NOW persistent pages when PART gives its own back, OTHER_GUESTS claiming that
 * many beside it. Pure. */
uint64_t hugechange_floor(const struct hugeclaim_part *part, uint64_t now, uint64_t other_guests);
/* The persistent count to ask for, to take GIVE away from NOW above a floor of FLOOR. Pure. */
uint64_t hugechange_lower(uint64_t now, uint64_t give, uint64_t floor);
