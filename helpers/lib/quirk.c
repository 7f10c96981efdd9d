/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known quirks: devices, drivers and kernels that a hand-over goes wrong with. */
#include "quirk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cleanup.h"
#include "parse.h"
#include "sysfs.h"

int quirk_parse_version(const char *text, unsigned ret[4])
{
	unsigned numbers[4] = { 0 };
	size_t count = 0;

	while (count < ARRAY_SIZE(numbers)) {
		size_t length = strspn(text, "0123456789");
		char digits[16];
		int r;

		if (length == 0)
			break;
		if (length >= sizeof(digits))
			return -ERANGE;
		memcpy(digits, text, length);
		digits[length] = '\0';
		r = parse_uint(digits, &numbers[count++]);
		if (r < 0)
			return r;
		text += length;
		if (*text++ != '.')
			break;
	}
	if (count == 0)
		return -EINVAL;
	memcpy(ret, numbers, sizeof(numbers));
	return 0;
}

static int compare(const unsigned a[4], const unsigned b[4])
{
	for (size_t i = 0; i < 4; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static bool is_in_range(const char *version, const char *from, const char *before)
{
	unsigned is[4], limit[4];

	if (!from && !before)
		return true;
	if (quirk_parse_version(version, is) < 0)
		return false;
	if (from && (quirk_parse_version(from, limit) < 0 || compare(is, limit) < 0))
		return false;
	return !before || (quirk_parse_version(before, limit) >= 0 && compare(is, limit) < 0);
}

/* WORD among words that blanks separate. */
static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static bool is_class(const struct quirk *quirk, uint32_t class)
{
	if (!quirk->class)
		return true;
	return (quirk->class & 0xff) == 0xff ? quirk->class >> 8 == class >> 16
					     : quirk->class == class >> 8;
}

bool quirk_is_about(const struct quirk *quirk, const struct quirk_subject *subject)
{
	uint16_t device = subject->ids.device;

	if (quirk->vendor && quirk->vendor != subject->ids.vendor)
		return false;
	if (quirk->device_last && (device < quirk->device_first || device > quirk->device_last))
		return false;
	if (!is_class(quirk, subject->class) || (quirk->boot_display && !subject->boot_display))
		return false;
	if (quirk->driver && strcmp(quirk->driver, subject->driver) != 0)
		return false;
	if (quirk->bar_over_mib && subject->bar_mib <= quirk->bar_over_mib)
		return false;
	if (quirk->unless_reset && has_word(subject->reset_method, quirk->unless_reset))
		return false;
	if (quirk->unless_parameter && has_word(subject->parameters, quirk->unless_parameter))
		return false;
	return is_in_range(subject->driver_version, quirk->driver_from, quirk->driver_before) &&
	       is_in_range(subject->kernel, quirk->kernel_from, quirk->kernel_before);
}

static void read_kernel(const struct host *host, char *buf, size_t size)
{
	_cleanup_free_ char *text = NULL;
	struct utsname name;

	/* A unit may have been denied that file, and the call never is. */
	if (!host->recorded && uname(&name) == 0)
		snprintf(buf, size, "%s", name.release);
	else if (host_read_file(host, "proc/sys/kernel/osrelease", size - 1, &text, NULL) >= 0)
		snprintf(buf, size, "%.*s", (int)strcspn(text, "\n"), text);
}

/* A module is called like its driver, with underscores. */
static void read_driver_version(const struct host *host, const char *driver, char *buf, size_t size)
{
	char module[PCIDEV_DRIVER_SIZE];

	snprintf(module, sizeof(module), "%s", driver);
	for (char *c = module; *c; c++)
		if (*c == '-')
			*c = '_';
	if (!module[0] || sysfs_read(host, buf, size, "module/%s/version", module) < 0)
		buf[0] = '\0';
}

static void read_parameters(const struct host *host, char *buf, size_t size)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	size_t used = 0;

	buf[0] = '\0';
	if (sysfs_list(host, &names, "module/vfio_pci/parameters") < 0)
		return;
	for (size_t i = 0; i < names.count && used < size; i++) {
		char value[16];

		if (sysfs_read(host, value, sizeof(value), "module/vfio_pci/parameters/%s",
			       names.items[i]) >= 0 &&
		    strcmp(value, "Y") == 0)
			used += (size_t)snprintf(buf + used, size - used, " %s ", names.items[i]);
	}
}

/* "resource": a line for each BAR with its first and last address and its flags. */
static uint64_t read_largest_bar(const struct host *host, const char *bdf)
{
	char text[SYSFS_TEXT_SIZE], *line = text, *next;
	uint64_t largest = 0;

	if (sysfs_read(host, text, sizeof(text), "bus/pci/devices/%s/resource", bdf) < 0)
		return 0;
	for (size_t bar = 0; bar < 6 && line; bar++, line = next) {
		char *first = strsep(&line, " "), *last = line ? strsep(&line, " ") : NULL;
		uint64_t from, to;

		next = line ? strchr(line, '\n') : NULL;
		next = next ? next + 1 : NULL;
		if (last && parse_hex(first, 16, &from) >= 0 && parse_hex(last, 16, &to) >= 0 &&
		    to > from && to - from + 1 > largest)
			largest = to - from + 1;
	}
	return largest / (1024UL * 1024UL);
}

void quirk_observe(const struct host *host, const struct pcidev *dev, const char *driver,
		   struct quirk_subject *ret)
{
	char bdf[PCIADDR_SIZE];

	*ret = (struct quirk_subject){ .ids = dev->ids,
				       .class = dev->class,
				       .boot_display = dev->boot_vga == 1 };
	pciaddr_format(&dev->addr, bdf);
	snprintf(ret->driver, sizeof(ret->driver), "%s", driver);
	read_kernel(host, ret->kernel, sizeof(ret->kernel));
	read_driver_version(host, driver, ret->driver_version, sizeof(ret->driver_version));
	if (sysfs_read(host, ret->reset_method, sizeof(ret->reset_method),
		       "bus/pci/devices/%s/reset_method", bdf) < 0)
		ret->reset_method[0] = '\0';
	read_parameters(host, ret->parameters, sizeof(ret->parameters));
	ret->bar_mib = read_largest_bar(host, bdf);
}

size_t quirk_find(const struct host *host, const struct pcidev *dev, const char *driver,
		  const struct quirk *ret[QUIRK_LIMIT])
{
	struct quirk_subject subject;
	size_t count, found = 0;
	const struct quirk *table = quirk_table(&count);

	quirk_observe(host, dev, driver, &subject);
	for (size_t i = 0; i < count && found < QUIRK_LIMIT; i++)
		if (quirk_is_about(&table[i], &subject))
			ret[found++] = &table[i];
	return found;
}
