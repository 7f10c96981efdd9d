/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Getting the pages a guest needs out of the kernel, or leaving the pools as they were. */
#include "hugeobtain.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "freemem.h"

/*
 * Theory of operation
 *
 * The kernel says success however few pages it made, so what counts is what is read back. It has
 * tried hard by then: each page is allocated with direct reclaim and compaction, and it stops at
 * the first that fails. The nodes are asked for what they seem to have (hugepool_plan()), then
 * those that gave all for what is still missing. Only when that falls short, memory is compacted as
 * a whole and all are asked once more; it costs seconds of the machine's time, so never at first.
 *
 * Page cache is not dropped: the kernel reclaims what it needs, and the documentation advises
 * against it outside of testing (admin-guide/sysctl/vm.rst).
 *
 * Growth goes in steps of 1 GiB: see "Others between the steps" in hugechange.c. It also makes
 * progress that can be shown, and asking for one step more than there is costs one failed step.
 */

#define STEP_KIB (UINT64_C(1024) * 1024)

struct attempt {
	const struct host *host;
	struct hugeclaim *claim;
	struct hugepool *pools;
	uint64_t *shares;
	bool *is_short;
	size_t count;
	uint64_t page_kib;
	uint64_t need;
	void (*progress)(uint64_t have, uint64_t need, bool compacting);
};

static uint64_t count_missing(const struct attempt *attempt)
{
	uint64_t have = hugeclaim_usable(attempt->claim, attempt->page_kib);

	return have < attempt->need ? attempt->need - have : 0;
}

/* Up to WANTED pages from one pool, as long as each step gives all that it was asked for. */
static int ask_pool(struct attempt *attempt, size_t i, uint64_t wanted)
{
	uint64_t step_pages = STEP_KIB / attempt->page_kib;

	while (wanted > 0) {
		uint64_t step = wanted < step_pages || step_pages == 0 ? wanted : step_pages, got;
		int r = hugechange_grow(attempt->host, attempt->claim, &attempt->pools[i], step,
					&got);

		attempt->progress(attempt->need - count_missing(attempt), attempt->need, false);
		if (r < 0)
			return r;
		if (got < step) {
			attempt->is_short[i] = true;
			return 0;
		}
		wanted -= step;
	}
	return 0;
}

static int ask_all(struct attempt *attempt, int preferred, size_t *ret_first)
{
	int r = 0;

	*ret_first = hugepool_plan(attempt->pools, attempt->count, preferred,
				   count_missing(attempt), attempt->shares);
	for (size_t i = 0; i < attempt->count; i++)
		attempt->is_short[i] = false;
	for (size_t i = 0; r >= 0 && i < attempt->count; i++)
		r = ask_pool(attempt, i, attempt->shares[i]);
	for (size_t i = 0; r >= 0 && i < attempt->count; i++)
		if (!attempt->is_short[i])
			r = ask_pool(attempt, i, count_missing(attempt));
	return r;
}

static int ask_compacted(struct attempt *attempt, int preferred,
			 struct hugeobtain_shortage *shortage)
{
	size_t first;
	int r;

	attempt->progress(attempt->need - count_missing(attempt), attempt->need, true);
	for (size_t i = 0; i < attempt->count; i++)
		if (hugepool_compact(attempt->host, &attempt->pools[i]) >= 0)
			shortage->compacted = true;
	if (!shortage->compacted)
		return 0;
	for (size_t i = 0; i < attempt->count; i++) {
		r = hugepool_read(attempt->host, &attempt->pools[i]);
		if (r < 0)
			return r;
	}
	return ask_all(attempt, preferred, &first);
}

/* Back to what the claim was: the parts of KEPT, which come first, and nothing of the others. */
static int give_back(struct attempt *attempt, const struct hugeclaim_part *kept, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < attempt->claim->count; i++) {
		uint64_t taken;
		int q = hugechange_shrink(attempt->host, attempt->claim, i,
					  i < count ? kept[i].added : 0,
					  i < count ? kept[i].absorbed : 0, &taken);

		if (q < 0)
			r = q;
	}
	return r;
}

/* What fragmentation allows on one node. A kernel without NUMA calls all its memory node 0. */
static void count_blocks(const struct attempt *attempt, int node, struct hugeobtain_shortage *ret)
{
	unsigned number = node < 0 ? 0 : (unsigned)node;
	uint64_t count, block_kib;

	if (freemem_pages(attempt->host, number, attempt->page_kib, &count) >= 0) {
		ret->has_pieces = true;
		ret->pieces += count;
	} else if (freemem_largest(attempt->host, number, &block_kib, &count) >= 0) {
		ret->has_largest = true;
		ret->block_kib = block_kib;
		ret->blocks += count;
	}
}

static void explain(const struct attempt *attempt, size_t first, struct hugeobtain_shortage *ret)
{
	uint64_t total_kib;
	int node = attempt->pools[first].node;

	ret->node = node;
	ret->several = attempt->count > 1;
	ret->has_available = freemem_machine(attempt->host, &ret->available_kib, &total_kib) >= 0;
	for (size_t i = 0; i < attempt->count; i++) {
		uint64_t claimed;

		count_blocks(attempt, attempt->pools[i].node, ret);
		if (hugeclaim_sum_others(attempt->host, attempt->claim->guest, &attempt->pools[i],
					 &claimed) >= 0)
			ret->claimed += claimed;
	}
}

static int obtain(struct attempt *attempt, int preferred, struct hugeobtain_shortage *shortage)
{
	_cleanup_free_ struct hugeclaim_part *kept = NULL;
	size_t kept_count = attempt->claim->count, first;
	int r;

	kept = calloc(kept_count + 1, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < kept_count; i++)
		kept[i] = attempt->claim->parts[i];
	r = ask_all(attempt, preferred, &first);
	if (r >= 0 && count_missing(attempt) > 0)
		r = ask_compacted(attempt, preferred, shortage);
	if (r >= 0 && count_missing(attempt) == 0)
		return 0;
	shortage->wanted = attempt->need;
	shortage->obtained = attempt->need - count_missing(attempt);
	shortage->left = give_back(attempt, kept, kept_count) < 0;
	explain(attempt, first, shortage);
	return r < 0 ? r : -ENOSPC;
}

int hugeobtain(const struct host *host, struct hugeclaim *claim, uint64_t page_kib, uint64_t need,
	       int preferred, void (*progress)(uint64_t have, uint64_t need, bool compacting),
	       struct hugeobtain_shortage *ret_shortage)
{
	_cleanup_free_ struct hugepool *pools = NULL;
	_cleanup_free_ uint64_t *shares = NULL;
	_cleanup_free_ bool *is_short = NULL;
	struct attempt attempt = {
		.host = host,
		.claim = claim,
		.page_kib = page_kib,
		.need = need,
		.progress = progress,
	};
	int r = hugepool_list(host, page_kib, &pools, &attempt.count);

	*ret_shortage = (struct hugeobtain_shortage){ .node = -1 };
	if (r < 0)
		return r;
	shares = calloc(attempt.count, sizeof(*shares));
	is_short = calloc(attempt.count, sizeof(*is_short));
	if (!shares || !is_short)
		return -ENOMEM;
	attempt.pools = pools;
	attempt.shares = shares;
	attempt.is_short = is_short;
	return obtain(&attempt, preferred, ret_shortage);
}
