/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Getting the pages a guest needs out of the kernel, or leaving the pools as they were. */
#pragma once

#include "hugechange.h"

/* Why the pages could not be had. */
struct hugeobtain_shortage {
	uint64_t wanted;   /* pages */
	uint64_t obtained; /* pages that could be had, before they were given back */
	int node;	   /* where they were asked for first; -1: a kernel without NUMA */
	bool several;	   /* and on the other nodes after that */
	bool compacted;	   /* a second attempt was made on compacted memory */
	bool left;	   /* giving back failed: the record names what is left */
	uint64_t claimed;  /* pages of this size that other guests have added */
	/* After giving back: memory available, and pages that the free blocks of all nodes
	 * would make; false when the kernel did not tell. */
	bool has_available, has_pieces, has_largest;
	uint64_t available_kib;
	uint64_t pieces;
	/* Where pages are larger than any block the kernel keeps: its largest, and how many. */
	uint64_t block_kib, blocks;
};

/*
 * Brings the claim to NEED usable pages of PAGE_KIB, from node PREFERRED first (below 0: any).
 * PROGRESS is called with the pages there so far, and with COMPACTING before that is begun. The
 * lock has to be held, all records settled, and hugechange_begin() called.
 *
 * 0; -ENOSPC: the kernel could not make enough, and what this call added has been given back,
 * ret_shortage says it all; -ENOENT: no pages of this size here; -errno of record or write, given
 * back too. When giving back failed as well, the record still names what is left.
 */
int hugeobtain(const struct host *host, struct hugeclaim *claim, uint64_t page_kib, uint64_t need,
	       int preferred, void (*progress)(uint64_t have, uint64_t need, bool compacting),
	       struct hugeobtain_shortage *ret_shortage);
