/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address (BDF) and the identity of a PCI function. */
#include "pciaddr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "parse.h"

/* Takes the text up to SEPARATOR (or its end for 0) as MIN..MAX hexadecimal digits and moves *text
 * behind it. */
static int take_hex(const char **text, char separator, size_t min, size_t max, uint64_t *ret)
{
	const char *end = separator ? strchr(*text, separator) : *text + strlen(*text);
	char digits[8];
	size_t length;

	if (!end)
		return -EINVAL;
	length = (size_t)(end - *text);
	if (length < min || length > max || length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, *text, length);
	digits[length] = '\0';
	if (strchr(digits, 'x') || strchr(digits, 'X'))
		return -EINVAL;
	*text = end + !!separator;
	return parse_hex(digits, (unsigned)max, ret);
}

int pciaddr_parse(const char *text, struct pciaddr *ret)
{
	uint64_t domain, bus, slot, function;

	if (take_hex(&text, ':', 4, 5, &domain) < 0 || take_hex(&text, ':', 2, 2, &bus) < 0 ||
	    take_hex(&text, '.', 2, 2, &slot) < 0 || take_hex(&text, '\0', 1, 1, &function) < 0)
		return -EINVAL;
	if (slot > 31 || function > 7)
		return -EINVAL;
	*ret = (struct pciaddr){ .domain = (uint32_t)domain,
				 .bus = (uint8_t)bus,
				 .slot = (uint8_t)slot,
				 .function = (uint8_t)function };
	return 0;
}

const char *pciaddr_format(const struct pciaddr *addr, char buf[static PCIADDR_SIZE])
{
	snprintf(buf, PCIADDR_SIZE, "%04x:%02x:%02x.%x", addr->domain & 0xfffff, addr->bus,
		 addr->slot & 0x1f, addr->function & 7);
	return buf;
}

static uint64_t order(const struct pciaddr *a)
{
	return (uint64_t)a->domain << 16 | (uint64_t)a->bus << 8 | (uint64_t)a->slot << 3 |
	       a->function;
}

int pciaddr_compare(const struct pciaddr *a, const struct pciaddr *b)
{
	return (order(a) > order(b)) - (order(a) < order(b));
}

bool pciaddr_is_same_slot(const struct pciaddr *a, const struct pciaddr *b)
{
	return order(a) >> 3 == order(b) >> 3;
}

int pciids_parse(const char *text, struct pciids *ret)
{
	uint16_t *parts[4];
	struct pciids ids = { 0 };
	size_t count = 1;

	for (const char *p = text; *p; p++)
		count += *p == ':';
	if (count != 2 && count != 4)
		return -EINVAL;
	parts[0] = &ids.vendor;
	parts[1] = &ids.device;
	parts[2] = &ids.subvendor;
	parts[3] = &ids.subdevice;
	for (size_t i = 0; i < count; i++) {
		uint64_t value;

		if (take_hex(&text, i + 1 < count ? ':' : '\0', 4, 4, &value) < 0)
			return -EINVAL;
		*parts[i] = (uint16_t)value;
	}
	ids.has_subsystem = count == 4;
	*ret = ids;
	return 0;
}

const char *pciids_format(const struct pciids *ids, char buf[static PCIIDS_SIZE])
{
	if (ids->has_subsystem)
		snprintf(buf, PCIIDS_SIZE, "%04x:%04x:%04x:%04x", ids->vendor, ids->device,
			 ids->subvendor, ids->subdevice);
	else
		snprintf(buf, PCIIDS_SIZE, "%04x:%04x", ids->vendor, ids->device);
	return buf;
}

bool pciids_match(const struct pciids *wanted, const struct pciids *found)
{
	if (wanted->vendor != found->vendor || wanted->device != found->device)
		return false;
	return !wanted->has_subsystem ||
	       (wanted->subvendor == found->subvendor && wanted->subdevice == found->subdevice);
}
