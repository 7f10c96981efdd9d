/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what reads one word: numbers, addresses, identities, names of pools, each option's value.
 */
#include "fuzz.h"

#include <inttypes.h>
#include <strings.h>

#include "hugepool.h"
#include "inputmatch.h"
#include "option.h"
#include "parse.h"
#include "pciaddr.h"
#include "spelling.h"

/*
 * What is asked of each: success or one of the documented errors; an error leaves the output alone;
 * and what was read, written out in its canonical form, is read as the same value.
 */

/* TEXT without zeros before a number's first digit, which its value cannot tell. */
static const char *significant(const char *text)
{
	while (text[0] == '0' && text[1])
		text++;
	return text;
}

static void decimals(const char *text)
{
	uint64_t value, none;
	unsigned u;
	int r, ru, ri, i;
	char again[32];

	fuzz_mark(&value, sizeof(value));
	fuzz_mark(&none, sizeof(none));
	r = parse_u64(text, &value);
	demand(r == 0 || r == -EINVAL || r == -ERANGE);
	if (r == 0) {
		snprintf(again, sizeof(again), "%" PRIu64, value);
		demand(strcmp(again, significant(text)) == 0);
	} else {
		demand(value == none);
	}
	u = (unsigned)none;
	ru = parse_uint(text, &u);
	demand(ru == (r == 0 && value > UINT_MAX ? -ERANGE : r));
	demand(u == (ru == 0 ? (unsigned)value : (unsigned)none));
	i = (int)none;
	ri = parse_int(text, &i);
	if (ri < 0) {
		demand(i == (int)none);
		return;
	}
	snprintf(again, sizeof(again), "%d", i < 0 ? -i : i);
	demand(strcmp(again, significant(text + (*text == '-'))) == 0);
	demand(i <= 0 || *text != '-');
}

static void hexadecimals(const char *text)
{
	const char *digits = text[0] == '0' && (text[1] | 0x20) == 'x' ? text + 2 : text;

	for (unsigned n = 1; n <= 16; n++) {
		uint64_t value, none;
		char again[32];
		int r;

		fuzz_mark(&value, sizeof(value));
		none = value;
		r = parse_hex(text, n, &value);
		demand(r == 0 || r == -EINVAL);
		demand(r == 0 || value == none);
		if (r < 0)
			continue;
		demand(strlen(digits) <= n);
		snprintf(again, sizeof(again), "%" PRIx64, value);
		demand(strcasecmp(again, significant(digits)) == 0);
	}
}

static void others(const char *text)
{
	uint64_t kib = 0, kib_again;
	unsigned s = 0, s_again;
	uint8_t byte = 0, byte_again;
	char again[32];
	bool yes;

	if (parse_size_kib(text, &kib) == 0) {
		demand(kib <= UINT64_MAX >> 10);
		snprintf(again, sizeof(again), "%" PRIu64 "KiB", kib);
		demand(parse_size_kib(again, &kib_again) == 0 && kib_again == kib);
	} else {
		demand(kib == 0);
	}
	if (parse_seconds(text, &s) == 0) {
		snprintf(again, sizeof(again), "%us", s);
		demand(parse_seconds(again, &s_again) == 0 && s_again == s);
	} else {
		demand(s == 0);
	}
	if (parse_u8_any(text, &byte) == 0) {
		snprintf(again, sizeof(again), "0x%x", byte);
		demand(parse_u8_any(again, &byte_again) == 0 && byte_again == byte);
	} else {
		demand(byte == 0);
	}
	demand(parse_bool(text, &yes) == 0 || strlen(text) > 5 || strcasecmp(text, "yes") != 0);
	/* Paths are built from names. */
	if (parse_guest_name(text) == 0)
		demand(*text != '.' && *text != '-' && !strchr(text, '/') &&
		       strlen(text) < GUEST_NAME_SIZE && fuzz_is_line(text));
}

static void addresses(const char *text)
{
	char buf[PCIADDR_SIZE], again[PCIADDR_SIZE], ids_buf[PCIIDS_SIZE];
	struct pciaddr addr, same;
	struct pciids ids, same_ids;

	fuzz_mark(&addr, sizeof(addr));
	if (pciaddr_parse(text, &addr) == 0) {
		pciaddr_format(&addr, buf);
		demand(pciaddr_parse(buf, &same) == 0);
		demand(pciaddr_compare(&addr, &same) == 0);
		demand(pciaddr_is_same_slot(&addr, &same));
		demand(strcmp(pciaddr_format(&same, again), buf) == 0);
		/* Five digits that begin with a zero are the four that the kernel writes. */
		demand(strcasecmp(text + (strlen(text) > strlen(buf)), buf) == 0);
	} else {
		demand(fuzz_is_marked(&addr, sizeof(addr)));
	}
	fuzz_mark(&ids, sizeof(ids));
	if (pciids_parse(text, &ids) == 0) {
		demand(strcasecmp(pciids_format(&ids, ids_buf), text) == 0);
		demand(pciids_parse(ids_buf, &same_ids) == 0);
		demand(pciids_match(&ids, &same_ids) && pciids_match(&same_ids, &ids));
	} else {
		demand(fuzz_is_marked(&ids, sizeof(ids)));
	}
}

static void pools(const char *text)
{
	char buf[HUGEPOOL_NAME_SIZE];
	struct hugepool pool;

	fuzz_mark(&pool, sizeof(pool));
	if (hugepool_parse(text, &pool) == 0)
		demand(strcmp(hugepool_format(&pool, buf), text) == 0);
	else
		demand(fuzz_is_marked(&pool, sizeof(pool)));
}

static void print_word(FILE *out, const char *key, const char *value)
{
	const char *quote = strchr(value, ' ') ? "\"" : "";

	if (*value)
		fprintf(out, "%s=%s%s%s ", key, quote, value, quote);
}

static void matches(const char *text)
{
	struct inputmatch match, same;
	char what[256] = "", again[2048];
	FILE *out;

	fuzz_mark(&match, sizeof(match));
	if (inputmatch_parse(text, &match, what) < 0) {
		demand(fuzz_is_marked(&match, sizeof(match)));
		demand(*what && memchr(what, '\0', sizeof(what)));
		return;
	}
	demand(memchr(match.name, '\0', sizeof(match.name)) &&
	       memchr(match.uniq, '\0', sizeof(match.uniq)) &&
	       memchr(match.phys, '\0', sizeof(match.phys)));
	if (match.is_auto)
		return;
	out = fmemopen(again, sizeof(again), "w");
	demand(out);
	if (match.has_bus)
		fprintf(out, "bus=%04x ", match.bus);
	if (match.has_vendor)
		fprintf(out, "vendor=0x%x ", match.vendor);
	if (match.has_product)
		fprintf(out, "product=%04x ", match.product);
	print_word(out, "name", match.name);
	print_word(out, "uniq", match.uniq);
	print_word(out, "phys", match.phys);
	fclose(out);
	demand(inputmatch_parse(again, &same, NULL) == 0);
	demand(same.has_bus == match.has_bus && same.bus == match.bus);
	demand(same.has_vendor == match.has_vendor && same.vendor == match.vendor);
	demand(same.has_product == match.has_product && same.product == match.product);
	demand(strcmp(same.name, match.name) == 0 && strcmp(same.uniq, match.uniq) == 0 &&
	       strcmp(same.phys, match.phys) == 0);
}

/* A value goes into the bytes that its key says it fills, and into no other. */
static void option(const struct option_key *key, const char *text)
{
	_cleanup_strlist_ struct strlist texts = STRLIST_EMPTY;
	size_t size = option_section(key->section)->size;
	uint8_t *section = malloc(size);
	int r;

	demand(section);
	fuzz_mark(section, size);
	r = option_set(key, text, section, &texts);
	demand(r == 0 || r == -EINVAL || r == -ERANGE);
	if (r == 0) {
		demand(fuzz_is_marked(section, key->start));
		demand(fuzz_is_marked(section + key->start + key->span,
				      size - key->start - key->span));
	} else {
		demand(fuzz_is_marked(section, size));
		demand(texts.count == 0);
	}
	free(section);
}

/* In one section, by the length of the text: the distance to all names takes longer than the rest.
 */
static void spellings(const char *text)
{
	enum option_section_id id = strlen(text) % OPTION_SECTION_COUNT;
	const char *near = option_nearest(id, text);

	demand(!near || option_find(id, near));
	demand(!option_find(id, text) || (near && strcmp(near, text) == 0));
	demand(spelling_distance(text, "Memory") == spelling_distance("Memory", text));
	demand(spelling_distance("Memory", "memory") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	size_t count;
	const struct option_key *keys = option_keys(&count);

	decimals(text);
	hexadecimals(text);
	others(text);
	addresses(text);
	pools(text);
	matches(text);
	spellings(text);
	for (size_t i = 0; i < count; i++)
		if (!option_is_remove(&keys[i]))
			option(&keys[i], text);
	return 0;
}
