/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages told to people: what a guest needs, has and could have, and what to do when short. */
#include "hugeshow.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "freemem.h"
#include "jsontext.h"
#include "sysfs.h"

#define HUGEPAGES     "kernel/mm/hugepages"
#define GIB_KIB	      (UINT64_C(1024) * 1024)
#define WHERE_SIZE    (PATH_MAX + 32)
#define SIZE_TEXT_MAX 32

/* "2 MiB", "1 GiB" */
static const char *format_page(uint64_t kib, char buf[static SIZE_TEXT_MAX])
{
	if (kib % GIB_KIB == 0)
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 " GiB", kib / GIB_KIB);
	else if (kib % 1024 == 0)
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 " MiB", kib / 1024);
	else
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 " KiB", kib);
	return buf;
}

static const char *where(const struct guest *guest, const void *field, char buf[static WHERE_SIZE])
{
	struct guest_origin origin = guest_where(guest, field);

	if (origin.file)
		snprintf(buf, WHERE_SIZE, "%s:%u", origin.file, origin.line);
	else
		snprintf(buf, WHERE_SIZE, "/etc/vxm/guests/%s.conf", guest->name);
	return buf;
}

/* What there is: "20.0 GiB are available, ..." */
static const char *format_memory(const struct guest *guest,
				 const struct hugeobtain_shortage *shortage, char *buf, size_t size)
{
	char largest[SIZE_TEXT_MAX];
	size_t n = 0;

	buf[0] = '\0';
	if (shortage->has_available)
		n += (size_t)snprintf(buf + n, size - n, "%.1f GiB are available",
				      (double)shortage->available_kib / (double)GIB_KIB);
	if (shortage->has_pieces)
		n += (size_t)snprintf(buf + n, size - n,
				      "%sfree blocks hold %" PRIu64 " such pages",
				      n > 0 ? ", " : "", shortage->pieces);
	else if (shortage->has_largest)
		n += (size_t)snprintf(buf + n, size - n,
				      "%s%.1f GiB of it in free blocks of %s, the largest there "
				      "are, and a page takes %" PRIu64 " that adjoin",
				      n > 0 ? ", " : "",
				      (double)shortage->blocks * (double)shortage->block_kib /
					      (double)GIB_KIB,
				      format_page(shortage->block_kib, largest),
				      guest->hugepage_kib / shortage->block_kib);
	if (shortage->claimed > 0)
		snprintf(buf + n, size - n, "%sother guests have %" PRIu64, n > 0 ? ", " : "",
			 shortage->claimed);
	return buf[0] ? buf : "the kernel does not say why";
}

const char *hugeshow_rest(const struct guest *guest, const struct hugeobtain_shortage *shortage,
			  char *buf, size_t size)
{
	if (shortage->left)
		snprintf(buf, size,
			 "Not all that was added could be taken away again: systemctl stop "
			 "vxm-hugepages@%s.service tries once more",
			 guest->name);
	else
		snprintf(buf, size, "The pools are as they were");
	return buf;
}

const char *hugeshow_shortage(const struct guest *guest, const struct hugeobtain_shortage *shortage,
			      char *buf, size_t size)
{
	char page[SIZE_TEXT_MAX], at[WHERE_SIZE], place[48] = "", memory[256], rest[192];

	format_page(guest->hugepage_kib, page);
	if (shortage->node >= 0)
		snprintf(place, sizeof(place), " on node %d%s", shortage->node,
			 shortage->several ? " and the others" : "");
	/* No word of hugepages= on the kernel's command line: those are others' pages to us. */
	snprintf(
		buf, size,
		"%" PRIu64 " huge pages of %s wanted%s, %" PRIu64
		" obtained%s (%s): end programs, set a smaller Memory= or Hugepages=no in %s, or "
		"have them made while memory is whole: systemctl enable vxm-prepare@%s.target, and "
		"boot. %s",
		shortage->wanted, page, place, shortage->obtained,
		shortage->compacted ? ", also after memory was compacted" : "",
		format_memory(guest, shortage, memory, sizeof(memory)),
		where(guest, &guest->memory_kib, at), guest->name,
		hugeshow_rest(guest, shortage, rest, sizeof(rest)));
	return buf;
}

const char *hugeshow_unknown_size(const struct host *host, const struct guest *guest, char *buf,
				  size_t size)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	char page[SIZE_TEXT_MAX], at[WHERE_SIZE], have[256] = "";
	size_t used = 0;

	sysfs_list(host, &names, HUGEPAGES);
	for (size_t i = 0; i < names.count && used < sizeof(have); i++)
		used += (size_t)snprintf(have + used, sizeof(have) - used, "%s%s",
					 used > 0 ? ", " : "", names.items[i]);
	if (used == 0)
		snprintf(buf, size,
			 "this kernel has no huge pages at all (CONFIG_HUGETLBFS): set "
			 "Hugepages=no in "
			 "%s, or boot another kernel",
			 where(guest, &guest->hugepage_kib, at));
	else
		snprintf(buf, size,
			 "this machine has no huge pages of %s, but %s: change Hugepages= in %s",
			 format_page(guest->hugepage_kib, page), have,
			 where(guest, &guest->hugepage_kib, at));
	return buf;
}

static bool has_size(const struct host *host, uint64_t page_kib)
{
	return sysfs_exists(host, HUGEPAGES "/hugepages-%" PRIu64 "kB", page_kib) >= 0;
}

int hugeshow_refuse(const struct host *host, const struct guest *guest, uint64_t more, char *buf,
		    size_t size)
{
	uint64_t available_kib, total_kib, room;
	char page[SIZE_TEXT_MAX], at[WHERE_SIZE];
	int r;

	if (!has_size(host, guest->hugepage_kib)) {
		hugeshow_unknown_size(host, guest, buf, size);
		return 1;
	}
	r = freemem_machine(host, &available_kib, &total_kib);
	if (r < 0)
		return r;
	room = available_kib / guest->hugepage_kib;
	if (more <= room)
		return 0;
	snprintf(buf, size,
		 "%" PRIu64 " huge pages of %s are needed for Memory= in %s, and at most %" PRIu64
		 " can be had: %.1f GiB of the machine's %.1f GiB are available. End programs, or "
		 "set "
		 "a smaller Memory=. Nothing was changed",
		 more, format_page(guest->hugepage_kib, page), where(guest, &guest->memory_kib, at),
		 room, (double)available_kib / (double)GIB_KIB,
		 (double)total_kib / (double)GIB_KIB);
	return 1;
}

int hugeshow_plan(const struct host *host, const struct guest *guest, uint64_t more, int preferred)
{
	_cleanup_free_ struct hugepool *pools = NULL;
	_cleanup_free_ uint64_t *shares = NULL;
	char name[HUGEPOOL_NAME_SIZE];
	size_t count;
	int r = hugepool_list(host, guest->hugepage_kib, &pools, &count);

	if (r < 0)
		return r;
	shares = calloc(count, sizeof(*shares));
	if (!shares)
		return -ENOMEM;
	hugepool_plan(pools, count, preferred, more, shares);
	for (size_t i = 0; i < count; i++)
		if (shares[i] > 0)
			printf("%s: add %" PRIu64 " pages, nr_hugepages %" PRIu64 " -> %" PRIu64
			       "\n",
			       hugepool_format(&pools[i], name), shares[i], pools[i].total,
			       pools[i].total + shares[i]);
	return 0;
}

/* What the guest has added to POOL. */
static uint64_t find_added(const struct hugeclaim *claim, const struct hugepool *pool)
{
	for (size_t i = 0; i < claim->count; i++)
		if (claim->parts[i].pool.node == pool->node &&
		    claim->parts[i].pool.page_kib == pool->page_kib)
			return claim->parts[i].added;
	return 0;
}

static void print_pools_json(const struct hugeclaim *claim, const struct hugepool *pools,
			     size_t count)
{
	char name[HUGEPOOL_NAME_SIZE];

	for (size_t i = 0; i < count; i++) {
		printf("%s{\"pool\": ", i > 0 ? ", " : "");
		jsontext_print(stdout, hugepool_format(&pools[i], name));
		printf(", \"node\": %d, \"pages\": %" PRIu64 ", \"surplus\": %" PRIu64
		       ", \"free\": %" PRIu64 ", \"added\": %" PRIu64 "}",
		       pools[i].node, pools[i].total, pools[i].surplus, pools[i].free,
		       find_added(claim, &pools[i]));
	}
}

static void print_pools(const struct hugeclaim *claim, const struct hugepool *pools, size_t count)
{
	char name[HUGEPOOL_NAME_SIZE];

	for (size_t i = 0; i < count; i++)
		printf("%s: %" PRIu64 " pages, %" PRIu64 " surplus, %" PRIu64 " free, %" PRIu64
		       " added for this guest\n",
		       hugepool_format(&pools[i], name), pools[i].total, pools[i].surplus,
		       pools[i].free, find_added(claim, &pools[i]));
}

int hugeshow_print(const struct host *host, const struct guest *guest,
		   const struct hugeclaim *claim, bool json)
{
	_cleanup_free_ struct hugepool *pools = NULL;
	uint64_t page_kib = guest->hugepage_kib, need, have, reserved = 0;
	size_t count = 0;
	int r;

	if (page_kib == 0) {
		puts(json ? "null" : "Hugepages=no: this guest's memory is of ordinary pages");
		return 0;
	}
	r = hugepool_list(host, page_kib, &pools, &count);
	if (r >= 0)
		r = hugepool_reserved(host, page_kib, &reserved);
	if (r < 0)
		return r;
	need = hugepool_need(guest->memory_kib, page_kib);
	have = hugeclaim_usable(claim, page_kib);
	if (!json) {
		printf("%" PRIu64 " pages of %" PRIu64 " KiB needed, %" PRIu64
		       " there for this guest, %" PRIu64 " reserved by running programs\n",
		       need, page_kib, have, reserved);
		print_pools(claim, pools, count);
		return 0;
	}
	printf("{\"page_kib\": %" PRIu64 ", \"needed\": %" PRIu64 ", \"usable\": %" PRIu64
	       ", \"reserved\": %" PRIu64 ", \"pools\": [",
	       page_kib, need, have, reserved);
	print_pools_json(claim, pools, count);
	puts("]}");
	return 0;
}
