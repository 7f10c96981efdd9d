/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory there is to make huge pages of, and in how large pieces. */
#include "freemem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "parse.h"
#include "sysfs.h"

#define FREEMEM_LIMIT ((size_t)256 * 1024)
/* Above MAX_ORDER of every architecture: 10 on x86, 13 on arm64 with pages of 64 KiB. */
#define LARGEST_ORDER 20

/* Moves *AT past blanks and over one word, which is copied. False at the end of the line. */
static bool next_word(const char **at, char *word, size_t size)
{
	const char *start = *at + strspn(*at, " \t");
	size_t length = strcspn(start, " \t\n");

	if (length == 0 || length >= size)
		return false;
	memcpy(word, start, length);
	word[length] = '\0';
	*at = start + length;
	return true;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* Before the field of a node's meminfo stands "Node 0". */
static bool first_word(const char **at, char *word, size_t size)
{
	bool there = next_word(at, word, size);

	if (there && strcmp(word, "Node") == 0) {
		there = next_word(at, word, size);
		there = there && next_word(at, word, size);
	}
	return there;
}

int freemem_field(const char *text, const char *field, uint64_t *ret_kib)
{
	size_t length = strlen(field);

	for (const char *line = text; *line; line = next_line(line)) {
		char word[64];
		const char *at = line;
		uint64_t kib;
		int r;

		if (!first_word(&at, word, sizeof(word)))
			continue;
		if (strncmp(word, field, length) != 0 || strcmp(word + length, ":") != 0)
			continue;
		if (!next_word(&at, word, sizeof(word)))
			return -EINVAL;
		r = parse_u64(word, &kib);
		if (r < 0 || !next_word(&at, word, sizeof(word)) || strcmp(word, "kB") != 0)
			return -EINVAL;
		*ret_kib = kib;
		return 0;
	}
	return -ENODATA;
}

/* "Node 0, zone   Normal   2567    754 ..." up to the first count; false for another node's. */
static bool skip_zone_head(const char **at, unsigned node)
{
	char word[64], wanted[16];

	snprintf(wanted, sizeof(wanted), "%u,", node);
	return next_word(at, word, sizeof(word)) && strcmp(word, "Node") == 0 &&
	       next_word(at, word, sizeof(word)) && strcmp(word, wanted) == 0 &&
	       next_word(at, word, sizeof(word)) && strcmp(word, "zone") == 0 &&
	       next_word(at, word, sizeof(word));
}

int freemem_pieces(const char *text, unsigned node, unsigned order, uint64_t *ret_pieces)
{
	uint64_t pieces = 0;
	bool known = false;

	for (const char *line = text; *line; line = next_line(line)) {
		const char *at = line;
		char word[64];

		if (!skip_zone_head(&at, node))
			continue;
		for (unsigned n = 0; next_word(&at, word, sizeof(word)); n++) {
			uint64_t blocks, more;

			if (parse_u64(word, &blocks) < 0 || n >= 64)
				return -EINVAL;
			if (n < order)
				continue;
			known = true;
			if (__builtin_mul_overflow(blocks, UINT64_C(1) << (n - order), &more) ||
			    __builtin_add_overflow(pieces, more, &pieces))
				return -EINVAL;
		}
	}
	if (!known)
		return -ENODATA;
	*ret_pieces = pieces;
	return 0;
}

int freemem_machine(const struct host *host, uint64_t *ret_available_kib, uint64_t *ret_total_kib)
{
	_cleanup_free_ char *text = NULL;
	uint64_t available, total;
	int r = host_read_file(host, "proc/meminfo", FREEMEM_LIMIT, &text, NULL);

	if (r < 0)
		return r;
	r = freemem_field(text, "MemAvailable", &available);
	if (r >= 0)
		r = freemem_field(text, "MemTotal", &total);
	if (r < 0)
		return r;
	*ret_available_kib = available;
	*ret_total_kib = total;
	return 0;
}

int freemem_node(const struct host *host, unsigned node, uint64_t *ret_kib)
{
	static const char *const fields[] = { "MemFree", "Active(file)", "Inactive(file)" };
	char text[SYSFS_TEXT_SIZE];
	uint64_t sum = 0;
	int r = sysfs_read(host, text, sizeof(text), "devices/system/node/node%u/meminfo", node);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(fields); i++) {
		uint64_t kib = 0;

		r = freemem_field(text, fields[i], &kib);
		if (__builtin_add_overflow(sum, kib, &sum))
			r = -EINVAL;
	}
	if (r < 0)
		return r;
	*ret_kib = sum;
	return 0;
}

static uint64_t base_page_kib(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

int freemem_pages(const struct host *host, unsigned node, uint64_t page_kib, uint64_t *ret_pages)
{
	_cleanup_free_ char *text = NULL;
	unsigned order = 0;
	int r = host_read_file(host, "proc/buddyinfo", FREEMEM_LIMIT, &text, NULL);

	if (r < 0)
		return r;
	while (base_page_kib() << order < page_kib)
		order++;
	return freemem_pieces(text, node, order, ret_pages);
}

int freemem_largest(const struct host *host, unsigned node, uint64_t *ret_block_kib,
		    uint64_t *ret_blocks)
{
	_cleanup_free_ char *text = NULL;
	int r = host_read_file(host, "proc/buddyinfo", FREEMEM_LIMIT, &text, NULL);
	unsigned order = LARGEST_ORDER + 1;

	if (r < 0)
		return r;
	do
		r = freemem_pieces(text, node, --order, ret_blocks);
	while (r == -ENODATA && order > 0);
	if (r >= 0)
		*ret_block_kib = base_page_kib() << order;
	return r;
}
