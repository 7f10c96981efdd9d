/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sizes of a PCI function's memory windows (BARs): as they are, as they may be, as people write
 * them. */
#include "barsize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "sysfs.h"

#define BARSIZE_MIB UINT64_C(1048576)
/* An address has 64 bits: no size is larger than 2^43 MiB. */
#define BARSIZE_EXPONENT_MAX 43

static bool is_power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* The word of hexadecimal digits that TEXT begins with, and what follows its blank. */
static int take_hex(const char **text, uint64_t *ret)
{
	size_t length = strcspn(*text, " \n");
	char word[24];

	if (length >= sizeof(word))
		return -EINVAL;
	memcpy(word, *text, length);
	word[length] = '\0';
	*text += length + ((*text)[length] == ' ');
	return parse_hex(word, 16, ret);
}

/* "resource": a line for each BAR with first address, last address and flags
 * (drivers/pci/pci-sysfs.c, resource_show()). */
static int parse_size(const char *text, unsigned bar, uint64_t *ret_mib)
{
	uint64_t first, last, size;

	for (; bar > 0; bar--) {
		text = strchr(text, '\n');
		if (!text)
			return -ENODATA;
		text++;
	}
	if (take_hex(&text, &first) < 0 || take_hex(&text, &last) < 0 || last <= first)
		return -ENODATA;
	size = last - first + 1;
	if (!is_power_of_two(size) || size < BARSIZE_MIB)
		return -ENODATA;
	*ret_mib = size / BARSIZE_MIB;
	return 0;
}

int barsize_read(const struct host *host, const struct pciaddr *addr, unsigned bar,
		 struct barsize *ret)
{
	char text[SYSFS_TEXT_SIZE], bdf[PCIADDR_SIZE];
	struct barsize size;
	int r;

	pciaddr_format(addr, bdf);
	r = sysfs_read(host, text, sizeof(text), "bus/pci/devices/%s/resource%u_resize", bdf, bar);
	if (r >= 0)
		r = parse_hex(text, 16, &size.offered);
	if (r >= 0)
		r = sysfs_read(host, text, sizeof(text), "bus/pci/devices/%s/resource", bdf);
	if (r >= 0)
		r = parse_size(text, bar, &size.mib);
	if (r >= 0)
		*ret = size;
	return r;
}

static int parse_one(const char *word, uint64_t mib[static BARSIZE_COUNT])
{
	unsigned bar = (unsigned)(word[0] - '0');
	uint64_t kib;
	int r;

	if (word[0] < '0' || bar >= BARSIZE_COUNT || word[1] != ':' || mib[bar] != 0)
		return -EINVAL;
	r = parse_size_kib(word + 2, &kib);
	if (r < 0)
		return r;
	if (!is_power_of_two(kib) || kib < 1024 || kib / 1024 > UINT64_C(1) << BARSIZE_EXPONENT_MAX)
		return -ERANGE;
	mib[bar] = kib / 1024;
	return 0;
}

int barsize_parse(const char *text, uint64_t mib[static BARSIZE_COUNT])
{
	uint64_t read[BARSIZE_COUNT] = { 0 };

	if (*text && !text[strspn(text, " \t")])
		return -EINVAL;
	for (;;) {
		char word[32];
		size_t length;
		int r;

		text += strspn(text, " \t");
		length = strcspn(text, " \t");
		if (length == 0)
			break;
		if (length >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, length);
		word[length] = '\0';
		r = parse_one(word, read);
		if (r < 0)
			return r;
		text += length;
	}
	memcpy(mib, read, sizeof(read));
	return 0;
}

unsigned barsize_exponent(uint64_t mib)
{
	unsigned exponent = 0;

	while (mib >>= 1)
		exponent++;
	return exponent;
}

char *barsize_format(uint64_t mib, char buf[static BARSIZE_TEXT_SIZE])
{
	static const char units[] = { 'M', 'G', 'T', 'P' };
	size_t unit = 0;

	for (; mib != 0 && mib % 1024 == 0 && unit + 1 < sizeof(units); unit++)
		mib /= 1024;
	snprintf(buf, BARSIZE_TEXT_SIZE, "%" PRIu64 "%c", mib, units[unit]);
	return buf;
}

char *barsize_format_offered(uint64_t offered, char buf[static BARSIZE_LIST_SIZE])
{
	char one[BARSIZE_TEXT_SIZE];
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i <= BARSIZE_EXPONENT_MAX; i++) {
		int n;

		if ((offered >> i & 1) == 0)
			continue;
		n = snprintf(buf + used, BARSIZE_LIST_SIZE - used, "%s%s", used > 0 ? ", " : "",
			     barsize_format(UINT64_C(1) << i, one));
		if (n < 0 || (size_t)n >= BARSIZE_LIST_SIZE - used) {
			buf[used] = '\0';
			break;
		}
		used += (size_t)n;
	}
	return buf;
}
