/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages of the kernel's pools a guest's start has added, and how they go back. */
#include "hugeclaim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
 * Others between the steps. Our own helpers are kept out by the lock, and a killed one's part is
 * settled before the next guest's first write. Somebody who writes the pool by hand in the
 * microseconds between the reading in step 1 and the write in step 2 loses his change: the kernel
 * offers no "add", and the same happens to two hands. Somebody who writes it after a kill and
 * before the record is settled may have his pages mistaken for ours or ours for his, at most as
 * many as one write asks for: therefore a long growth is done in steps of 1 GiB, each closed before
 * the next. At all other times his changes are kept to the page.
 *
 * The floor. What is left after taking pages away is never less than what the records of other
 * guests claim in that pool, and never more than what was there.
 */

static const char *const key_added = "added", *const key_absorbed = "absorbed",
			 *const key_before = "before", *const key_target = "target";

void hugeclaim_done(struct hugeclaim *claim)
{
	free(claim->parts);
	*claim = (struct hugeclaim){ 0 };
}

struct hugeclaim_part *hugeclaim_part(struct hugeclaim *claim, const struct hugepool *pool)
{
	struct hugeclaim_part *parts;

	for (size_t i = 0; i < claim->count; i++)
		if (claim->parts[i].pool.node == pool->node &&
		    claim->parts[i].pool.page_kib == pool->page_kib)
			return &claim->parts[i];
	parts = reallocarray(claim->parts, claim->count + 1, sizeof(*parts));
	if (!parts)
		return NULL;
	claim->parts = parts;
	parts[claim->count] = (struct hugeclaim_part){ .pool = *pool };
	return &parts[claim->count++];
}

/* 1; 0 when the key is absent; -EBADMSG. */
static int get_number(const struct record *record, const char *object, const char *key,
		      uint64_t *ret)
{
	const char *text = record_get(record, object, key);

	if (!text)
		return 0;
	return parse_u64(text, ret) < 0 ? -EBADMSG : 1;
}

static int load_part(const struct record *record, const char *object, struct hugeclaim_part *ret)
{
	struct hugeclaim_part part = { 0 };
	int before, target;

	if (hugepool_parse(object, &part.pool) < 0 ||
	    get_number(record, object, key_added, &part.added) <= 0 ||
	    get_number(record, object, key_absorbed, &part.absorbed) <= 0)
		return -EBADMSG;
	before = get_number(record, object, key_before, &part.before);
	target = get_number(record, object, key_target, &part.target);
	if (before < 0 || before != target)
		return -EBADMSG;
	part.open = before > 0;
	*ret = part;
	return 0;
}

int hugeclaim_load(const struct host *host, const char *guest, struct hugeclaim *ret)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	_cleanup_record_ struct record *record = NULL;
	const char *object;
	int r = record_load(host, guest, HUGECLAIM_KIND, &record);

	if (r < 0 && r != -ENOENT)
		return r;
	snprintf(claim.guest, sizeof(claim.guest), "%s", guest);
	for (size_t i = 0; record && (object = record_object(record, i)); i++) {
		struct hugeclaim_part part, *place;

		r = load_part(record, object, &part);
		if (r < 0)
			return r;
		place = hugeclaim_part(&claim, &part.pool);
		if (!place)
			return -ENOMEM;
		*place = part;
	}
	*ret = claim;
	claim.parts = NULL;
	return 0;
}

static int set_number(struct record *record, const char *object, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return record_set(record, object, key, text);
}

/* A claim of nothing is no record. */
static int save_claim(const struct host *host, const struct hugeclaim *claim)
{
	_cleanup_record_ struct record *record = record_new(claim->guest, HUGECLAIM_KIND);
	char object[HUGEPOOL_NAME_SIZE];
	bool any = false;
	int r = record ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < claim->count; i++) {
		const struct hugeclaim_part *part = &claim->parts[i];

		if (!part->open && part->added == 0)
			continue;
		any = true;
		hugepool_format(&part->pool, object);
		r = set_number(record, object, key_added, part->added);
		if (r >= 0)
			r = set_number(record, object, key_absorbed, part->absorbed);
		if (r >= 0 && part->open)
			r = set_number(record, object, key_before, part->before);
		if (r >= 0 && part->open)
			r = set_number(record, object, key_target, part->target);
	}
	if (r < 0)
		return r;
	return any ? record_save(host, record) : record_remove(host, claim->guest, HUGECLAIM_KIND);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void hugeclaim_settle(struct hugeclaim_part *part, uint64_t now)
{
	if (!part->open)
		return;
	part->open = false;
	if (part->target >= part->before) {
		if (now > part->before)
			part->added += smaller(now, part->target) - part->before;
	} else if (now < part->before) {
		part->added -= smaller(part->added,
				       part->before - (now > part->target ? now : part->target));
	}
	part->absorbed = smaller(part->absorbed, part->added);
}

/* The pages of a node that went offline went with it. */
static int observe_part(const struct host *host, struct hugeclaim_part *part)
{
	int r = hugepool_read(host, &part->pool);

	if (r == -ENOENT) {
		part->open = false;
		part->added = part->absorbed = 0;
		return 0;
	}
	if (r < 0)
		return r;
	hugeclaim_settle(part, hugepool_persistent(&part->pool));
	return 0;
}

int hugeclaim_observe(const struct host *host, struct hugeclaim *claim)
{
	for (size_t i = 0; i < claim->count; i++) {
		int r = observe_part(host, &claim->parts[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int settle_guest(const struct host *host, const char *guest)
{
	_cleanup_hugeclaim_ struct hugeclaim claim = { 0 };
	bool open = false;
	int r = hugeclaim_load(host, guest, &claim);

	for (size_t i = 0; r >= 0 && i < claim.count; i++)
		open = open || claim.parts[i].open;
	if (r < 0 || !open)
		return r;
	r = hugeclaim_observe(host, &claim);
	return r < 0 ? r : save_claim(host, &claim);
}

int hugeclaim_settle_all(const struct host *host)
{
	_cleanup_strlist_ struct strlist guests = STRLIST_EMPTY;
	int r = record_guests(host, HUGECLAIM_KIND, &guests);

	for (size_t i = 0; r >= 0 && i < guests.count; i++)
		r = settle_guest(host, guests.items[i]);
	return r;
}

uint64_t hugeclaim_usable(const struct hugeclaim *claim, uint64_t page_kib)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < claim->count; i++) {
		const struct hugeclaim_part *part = &claim->parts[i];

		if (part->pool.page_kib == page_kib)
			pages += part->added - smaller(part->absorbed, part->added);
	}
	return pages;
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
	r = save_claim(host, claim);
	if (r < 0) {
		part->open = false;
		part->absorbed = absorbed_before;
		return r;
	}
	r = hugepool_resize(host, &part->pool, target);
	/* A write that failed may still have done a part. */
	saved = observe_part(host, part);
	if (saved < 0)
		return r < 0 ? r : saved;
	if (part->added >= added_before)
		part->absorbed = absorbed_before + smaller(absorbed, part->added - added_before);
	saved = save_claim(host, claim);
	return r < 0 ? r : saved;
}

int hugeclaim_grow(const struct host *host, struct hugeclaim *claim, struct hugepool *pool,
		   uint64_t pages, uint64_t *ret_got)
{
	struct hugeclaim_part *part = hugeclaim_part(claim, pool);
	uint64_t usable = hugeclaim_usable(claim, pool->page_kib), now;
	int r;

	*ret_got = 0;
	if (!part)
		return -ENOMEM;
	r = hugepool_read(host, &part->pool);
	if (r < 0)
		return r;
	r = write_part(host, claim, part, part->pool.total + pages, part->pool.surplus);
	*pool = part->pool;
	now = hugeclaim_usable(claim, pool->page_kib);
	*ret_got = now > usable ? now - usable : 0;
	return r;
}

uint64_t hugeclaim_lower(uint64_t now, uint64_t give, uint64_t floor)
{
	uint64_t left = now > give ? now - give : 0;

	return smaller(now, left > floor ? left : floor);
}

/* What the records of others claim in POOL. */
static int sum_of_others(const struct host *host, const char *guest, const struct hugepool *pool,
			 uint64_t *ret)
{
	_cleanup_strlist_ struct strlist guests = STRLIST_EMPTY;
	uint64_t sum = 0;
	int r = record_guests(host, HUGECLAIM_KIND, &guests);

	for (size_t i = 0; r >= 0 && i < guests.count; i++) {
		_cleanup_hugeclaim_ struct hugeclaim other = { 0 };

		if (strcmp(guests.items[i], guest) == 0)
			continue;
		r = hugeclaim_load(host, guests.items[i], &other);
		for (size_t n = 0; r >= 0 && n < other.count; n++)
			if (other.parts[n].pool.node == pool->node &&
			    other.parts[n].pool.page_kib == pool->page_kib)
				sum += other.parts[n].added;
	}
	if (r < 0)
		return r;
	*ret = sum;
	return 0;
}

int hugeclaim_shrink(const struct host *host, struct hugeclaim *claim, size_t index, uint64_t left,
		     uint64_t absorbed, uint64_t *ret_taken)
{
	struct hugeclaim_part *part = &claim->parts[index];
	uint64_t floor, before, target;
	int r = observe_part(host, part);

	*ret_taken = 0;
	if (r >= 0)
		r = sum_of_others(host, claim->guest, &part->pool, &floor);
	if (r < 0)
		return r;
	before = hugepool_persistent(&part->pool);
	target = part->added > left ? hugeclaim_lower(before, part->added - left, floor) : before;
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
	return save_claim(host, claim);
}
