/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adding pages to the kernel's pools and taking the same away, with the record in step. */
#include "hugechange.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "record.h"

/*
 * Theory of operation
 *
 * A pool has one number that everybody writes: other guests, the administrator, libvirt. So a claim
 * is a difference. It is added to whatever is there, and the same difference is taken from whatever
 * is there later; an "old value" is never put back, because it would undo what others did
 * meanwhile.
 *
 * What is counted. All reckoning is in persistent pages (nr_hugepages - surplus_hugepages), the
 * number that a write sets. The pages a guest needs come on top of all that are there: free ones
 * may be an administrator's who wants them for something else, and counting on them would make two
 * guests count on the same. Where surplus pages exist, the kernel first makes these persistent when
 * a pool grows (set_max_huge_pages()), which yields no free page: they are asked for on top, and
 * noted as "absorbed", part of what is taken back and no part of what the guest can use.
 *
 * Killed anywhere. Around each write there are three steps under the lock:
 *
 *   1. the record says "open": the persistent count BEFORE, and the TARGET that will be written
 *   2. the write; the kernel may do a part of it (no memory, a pending signal), and says success
 *   3. the count is read back, the difference goes to ADDED, the record is closed
 *
 * Whoever finds an open part afterwards (this guest's stop, or any guest's next start or stop,
 * which settle all records right after taking the lock) does step 3 in its place: what the count
 * has moved from BEFORE towards TARGET was ours, at most the whole way. A kill before step 2 gives
 * a difference of 0, after it the true one. So each page added is in a record, and taken back once.
 * Taking away runs through the same steps with a TARGET below BEFORE.
 *
 * The dead. All writes of a start, or of a stop, are made under one holding of the lock, and the
 * record says so ("at work") from the first to the last. Whoever has the lock and finds a claim at
 * work therefore knows that its helper is gone, and takes its pages back at once: a guest that was
 * killed on the way up does not keep the next one from its memory until somebody stops it.
 *
 * Others between the steps. Our own helpers are kept out by the lock, and a killed one's part is
 * settled before the next guest's first write. Somebody who writes the pool by hand in the
 * microseconds between the reading in step 1 and the write in step 2 loses his change: the kernel
 * offers no "add", and the same happens to two hands. Somebody who writes it after a kill and
 * before the record is settled may have his pages mistaken for ours or ours for his, at most as
 * many as one write asks for: therefore a long growth is done in steps of 1 GiB, each closed before
 * the next. At all other times his changes are kept to the page.
 *
 * The floor. What is left after taking pages away is never less than what the records of other
 * guests claim in that pool, and never more than what was there. As long as the pool holds all that
 * the guests claim, what is missing or more is a change that others made to their own. With fewer
 * than that somebody wrote an absolute number without a thought of ours (systemd-sysctl does, when
 * a package's installation restarts it: vm.nr_hugepages): then the difference is meaningless, and
 * what others had when the guest's pages were added is left to them, as far as it is there.
 */

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void hugechange_begin(struct hugeclaim *claim, bool keep)
{
	for (size_t i = 0; i < claim->count; i++) {
		struct hugeclaim_part *part = &claim->parts[i];

		if (!claim->at_work) {
			part->back = part->added;
			part->back_absorbed = part->absorbed;
		}
		if (!keep)
			part->back = part->back_absorbed = 0;
	}
	claim->at_work = true;
}

int hugechange_end(const struct host *host, struct hugeclaim *claim, bool done)
{
	for (size_t i = 0; !done && i < claim->count; i++)
		if (claim->parts[i].open || claim->parts[i].added > claim->parts[i].back)
			return 0;
	claim->at_work = false;
	return hugeclaim_save(host, claim);
}

/* To where the dead helper's work is undone. What cannot be done now stays at work. */
static int undo(const struct host *host, struct hugeclaim *claim,
		void (*tell)(const char *guest, const struct hugepool *pool, uint64_t taken))
{
	bool all = true;

	for (size_t i = 0; i < claim->count; i++) {
		struct hugeclaim_part *part = &claim->parts[i];
		uint64_t taken;

		if (hugechange_shrink(host, claim, i, part->back, part->back_absorbed, &taken) < 0)
			all = false;
		if (taken > 0)
			tell(claim->guest, &part->pool, taken);
	}
	return hugechange_end(host, claim, all);
}

static int settle_guest(const struct host *host, const char *name, const char *guest,
			void (*tell)(const char *guest, const struct hugepool *pool,
				     uint64_t taken))
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	bool open = false;
	int r = hugeclaim_load(host, name, &claim);

	for (size_t i = 0; r >= 0 && i < claim.count; i++)
		open = open || claim.parts[i].open;
	if (r >= 0 && open) {
		r = hugeclaim_observe(host, &claim);
		if (r >= 0)
			r = hugeclaim_save(host, &claim);
	}
	if (r < 0 || !claim.at_work || strcmp(name, guest) == 0)
		return r;
	return undo(host, &claim, tell);
}

int hugechange_settle_all(const struct host *host, const char *guest,
			  void (*tell)(const char *guest, const struct hugepool *pool,
				       uint64_t taken))
{
	_cleanup_strlist_ struct strlist guests = STRLIST_EMPTY;
	int r = record_guests(host, HUGECLAIM_KIND, &guests);

	for (size_t i = 0; r >= 0 && i < guests.count; i++)
		r = settle_guest(host, guests.items[i], guest, tell);
	return r;
}

/* Steps 1 to 3. ABSORBED pages of what comes first are surplus ones. PART is right afterwards as
 * far as the kernel could be asked. */
static int write_part(const struct host *host, struct hugeclaim *claim, struct hugeclaim_part *part,
		      uint64_t target, uint64_t absorbed)
{
	uint64_t added_before = part->added, absorbed_before = part->absorbed;
	int r, saved;

	part->before = hugepool_persistent(&part->pool);
	part->target = target;
	part->absorbed += absorbed;
	part->open = true;
	r = hugeclaim_save(host, claim);
	if (r < 0) {
		part->open = false;
		part->absorbed = absorbed_before;
		return r;
	}
	r = hugepool_resize(host, &part->pool, target);
	/* A write that failed may still have done a part. */
	saved = hugeclaim_observe_part(host, part);
	if (saved < 0)
		return r < 0 ? r : saved;
	if (part->added >= added_before)
		part->absorbed = absorbed_before + smaller(absorbed, part->added - added_before);
	saved = hugeclaim_save(host, claim);
	return r < 0 ? r : saved;
}

int hugechange_grow(const struct host *host, struct hugeclaim *claim, struct hugepool *pool,
		    uint64_t pages, uint64_t *ret_got)
{
	struct hugeclaim_part *part = hugeclaim_part(claim, pool);
	uint64_t usable = hugeclaim_usable(claim, pool->page_kib), now, claimed;
	int r;

	*ret_got = 0;
	if (!part)
		return -ENOMEM;
	r = hugeclaim_sum_others(host, claim->guest, pool, &claimed);
	if (r >= 0)
		r = hugepool_read(host, &part->pool);
	if (r < 0)
		return r;
	now = hugepool_persistent(&part->pool);
	claimed += part->added;
	part->others = now > claimed ? now - claimed : 0;
	r = write_part(host, claim, part, part->pool.total + pages, part->pool.surplus);
	*pool = part->pool;
	now = hugeclaim_usable(claim, pool->page_kib);
	*ret_got = now > usable ? now - usable : 0;
	return r;
}

uint64_t hugechange_floor(const struct hugeclaim_part *part, uint64_t now, uint64_t other_guests)
{
	return now < part->added + other_guests ? part->others + other_guests : other_guests;
}

uint64_t hugechange_lower(uint64_t now, uint64_t give, uint64_t floor)
{
	uint64_t left = now > give ? now - give : 0;

	return smaller(now, left > floor ? left : floor);
}

int hugechange_shrink(const struct host *host, struct hugeclaim *claim, size_t index, uint64_t left,
		      uint64_t absorbed, uint64_t *ret_taken)
{
	struct hugeclaim_part *part = &claim->parts[index];
	uint64_t other_guests, before, target;
	int r = hugeclaim_observe_part(host, part);

	*ret_taken = 0;
	if (r >= 0)
		r = hugeclaim_sum_others(host, claim->guest, &part->pool, &other_guests);
	if (r < 0)
		return r;
	part->back = smaller(part->back, left);
	part->back_absorbed = smaller(part->back_absorbed, absorbed);
	before = hugepool_persistent(&part->pool);
	target = before;
	if (part->added > left)
		target = hugechange_lower(before, part->added - left,
					  hugechange_floor(part, before, other_guests));
	if (target < before) {
		r = write_part(host, claim, part, target, 0);
		if (r < 0)
			return r;
		*ret_taken = before - smaller(before, hugepool_persistent(&part->pool));
		if (hugepool_persistent(&part->pool) > target)
			return -EAGAIN;
	}
	/* What others had taken away before is no longer claimed either. */
	part->added = smaller(part->added, left);
	part->absorbed = smaller(part->added, absorbed);
	return hugeclaim_save(host, claim);
}
