/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports between a PCI function and its root complex, and whether they keep devices apart. */
#include "pciport.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "sysfs.h"

/* PCI Express Base Specification: offsets and ids as in linux/pci_regs.h. */
#define CONFIG_SIZE	  4096
#define CONFIG_PUBLIC	  64 /* what the kernel shows to a reader without CAP_SYS_ADMIN */
#define STATUS		  0x06
#define STATUS_CAP_LIST	  0x10
#define CAPABILITY_LIST	  0x34
#define CAP_ID_EXP	  0x10
#define EXP_FLAGS	  2
#define EXTENDED	  0x100
#define EXT_CAP_ID_ACS	  0x000d
#define ACS_CAP		  4
#define ACS_CTRL	  6
#define EXP_TYPE_ROOT	  4
#define EXP_TYPE_UPSTREAM 5
#define EXP_TYPE_DOWN	  6
/* Source validation, request and completion redirect, upstream forwarding: what the kernel asks for
 * before it makes two groups (REQ_ACS_FLAGS of drivers/iommu/iommu.c). */
#define ACS_WANTED 0x1d

static unsigned get16(const unsigned char *config, size_t at)
{
	return config[at] | (unsigned)config[at + 1] << 8;
}

/* The offset of the PCI Express capability, 0 when there is none. The list may be a loop. */
static size_t find_express(const unsigned char *config, size_t size)
{
	size_t at = config[CAPABILITY_LIST] & ~3u;

	if ((get16(config, STATUS) & STATUS_CAP_LIST) == 0)
		return 0;
	for (unsigned left = 48; left > 0 && at >= CONFIG_PUBLIC && at + 4 <= size; left--) {
		if (config[at] == CAP_ID_EXP)
			return at;
		at = config[at + 1] & ~3u;
	}
	return 0;
}

static enum pciport_acs find_acs(const unsigned char *config, size_t size)
{
	size_t at = EXTENDED;

	for (unsigned left = 480; left > 0 && at >= EXTENDED && at + 8 <= size; left--) {
		unsigned wanted;

		if (get16(config, at) == EXT_CAP_ID_ACS) {
			/* What a port cannot do, it need not be told to (pci_acs_flags_enabled()).
			 */
			wanted = ACS_WANTED & get16(config, at + ACS_CAP);
			return (get16(config, at + ACS_CTRL) & wanted) == wanted ? PCIPORT_ACS_ON
										 : PCIPORT_ACS_OFF;
		}
		at = get16(config, at + 2) >> 4 & ~3u;
	}
	return PCIPORT_ACS_ABSENT;
}

void pciport_parse(const unsigned char *config, size_t size, struct pciport *ret)
{
	size_t express;

	ret->kind = PCIPORT_UNKNOWN;
	ret->acs = PCIPORT_ACS_UNSEEN;
	if (size <= CONFIG_PUBLIC)
		return;
	express = find_express(config, size);
	if (express == 0) {
		ret->kind = PCIPORT_BRIDGE;
		ret->acs = PCIPORT_ACS_ABSENT;
		return;
	}
	switch (get16(config, express + EXP_FLAGS) >> 4 & 0xf) {
	case EXP_TYPE_ROOT:
		ret->kind = PCIPORT_ROOT;
		break;
	case EXP_TYPE_UPSTREAM:
		ret->kind = PCIPORT_UPSTREAM;
		ret->acs = PCIPORT_ACS_NEEDLESS;
		return;
	case EXP_TYPE_DOWN:
		ret->kind = PCIPORT_DOWNSTREAM;
		break;
	default:
		ret->kind = PCIPORT_BRIDGE;
		ret->acs = PCIPORT_ACS_ABSENT;
		return;
	}
	if (size > EXTENDED)
		ret->acs = find_acs(config, size);
}

static void read_port(const struct host *host, struct pciport *port)
{
	unsigned char config[CONFIG_SIZE];
	char bdf[PCIADDR_SIZE];
	ssize_t n = sysfs_read_bytes(host, config, sizeof(config), "bus/pci/devices/%s/config",
				     pciaddr_format(&port->addr, bdf));

	pciport_parse(config, n < 0 ? 0 : (size_t)n, port);
}

int pciport_path(const struct host *host, const struct pciaddr *addr,
		 struct pciport ret[static PCIPORT_MAX], size_t *ret_count)
{
	char place[PATH_MAX], bdf[PCIADDR_SIZE], *save;
	size_t count = 0;
	int r = sysfs_read_target(host, place, sizeof(place), "bus/pci/devices/%s",
				  pciaddr_format(addr, bdf));

	/* A record may hold the function itself in the place of the link. */
	if (r < 0)
		return r == -EINVAL ? -ENODATA : r;
	for (char *part = strtok_r(place, "/", &save); part && count < PCIPORT_MAX;
	     part = strtok_r(NULL, "/", &save)) {
		struct pciport port = { .kind = PCIPORT_UNKNOWN };

		if (pciaddr_parse(part, &port.addr) < 0 || pciaddr_compare(&port.addr, addr) == 0)
			continue;
		read_port(host, &port);
		ret[count++] = port;
	}
	*ret_count = count;
	return 0;
}

const char *pciport_kind_word(enum pciport_kind kind)
{
	static const char *const words[] = {
		[PCIPORT_UNKNOWN] = "port",
		[PCIPORT_ROOT] = "root port",
		[PCIPORT_UPSTREAM] = "upstream port",
		[PCIPORT_DOWNSTREAM] = "downstream port",
		[PCIPORT_BRIDGE] = "conventional bridge",
	};

	return words[kind];
}

const char *pciport_acs_word(enum pciport_acs acs)
{
	static const char *const words[] = {
		[PCIPORT_ACS_UNSEEN] = "not seen",
		[PCIPORT_ACS_ABSENT] = "none",
		[PCIPORT_ACS_OFF] = "off",
		[PCIPORT_ACS_ON] = "on",
		[PCIPORT_ACS_NEEDLESS] = "needs none",
	};

	return words[acs];
}

bool pciport_is_open(const struct pciport *port)
{
	return port->acs == PCIPORT_ACS_ABSENT || port->acs == PCIPORT_ACS_OFF;
}
