/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages of the kernel's pools are there because of a guest: its record. */
#include "hugeclaim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "record.h"

static const char *const key_added = "added", *const key_absorbed = "absorbed",
			 *const key_others = "others", *const key_before = "before",
			 *const key_target = "target", *const key_back = "back",
			 *const key_back_absorbed = "back-absorbed";

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

/* 1: a helper was at work on it; 0; -EBADMSG. */
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
	/* Absent in the record of an earlier release. */
	if (get_number(record, object, key_others, &part.others) < 0)
		return -EBADMSG;
	before = get_number(record, object, key_back, &part.back);
	target = get_number(record, object, key_back_absorbed, &part.back_absorbed);
	if (before < 0 || before != target)
		return -EBADMSG;
	*ret = part;
	return before;
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
		claim.at_work = claim.at_work || r > 0;
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

static int save_part(struct record *record, const struct hugeclaim_part *part, bool at_work)
{
	const struct {
		const char *key;
		uint64_t value;
		bool is_there;
	} lines[] = {
		{ key_added, part->added, true },
		{ key_absorbed, part->absorbed, true },
		{ key_others, part->others, true },
		{ key_back, part->back, at_work },
		{ key_back_absorbed, part->back_absorbed, at_work },
		{ key_before, part->before, part->open },
		{ key_target, part->target, part->open },
	};
	char object[HUGEPOOL_NAME_SIZE];
	int r = 0;

	hugepool_format(&part->pool, object);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(lines); i++)
		if (lines[i].is_there)
			r = set_number(record, object, lines[i].key, lines[i].value);
	return r;
}

int hugeclaim_save(const struct host *host, const struct hugeclaim *claim)
{
	_cleanup_record_ struct record *record = record_new(claim->guest, HUGECLAIM_KIND);
	bool any = false;
	int r = record ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < claim->count; i++) {
		if (!claim->parts[i].open && claim->parts[i].added == 0)
			continue;
		any = true;
		r = save_part(record, &claim->parts[i], claim->at_work);
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
int hugeclaim_observe_part(const struct host *host, struct hugeclaim_part *part)
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
		int r = hugeclaim_observe_part(host, &claim->parts[i]);

		if (r < 0)
			return r;
	}
	return 0;
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

int hugeclaim_sum_others(const struct host *host, const char *guest, const struct hugepool *pool,
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
