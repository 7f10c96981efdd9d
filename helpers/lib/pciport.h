/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports between a PCI function and its root complex, and whether they keep devices apart. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "host.h"
#include "pciaddr.h"

#define PCIPORT_MAX 16 /* ports one above the other */

enum pciport_kind {
	PCIPORT_UNKNOWN, /* its config space cannot be read */
	PCIPORT_ROOT,
	PCIPORT_UPSTREAM,
	PCIPORT_DOWNSTREAM,
	PCIPORT_BRIDGE, /* to conventional PCI, where every device hears every other */
};

enum pciport_acs {
	PCIPORT_ACS_UNSEEN, /* beyond the 64 bytes that everybody may read, or not on record */
	PCIPORT_ACS_ABSENT, /* it has no such capability */
	PCIPORT_ACS_OFF,    /* it has, and firmware or kernel left it off */
	PCIPORT_ACS_ON,
	PCIPORT_ACS_NEEDLESS, /* an upstream port, below which only its own switch is */
};

struct pciport {
	struct pciaddr addr;
	enum pciport_kind kind;
	enum pciport_acs acs;
};

/*
 * The ports above the function, the root port first, by where sysfs says it hangs; at most
 * PCIPORT_MAX of them. 0, none for a function on the root bus; -ENODATA: the record does not say
 * where it hangs; -errno.
 */
int pciport_path(const struct host *host, const struct pciaddr *addr,
		 struct pciport ret[static PCIPORT_MAX], size_t *ret_count);

/* What SIZE bytes of a port's config space say. Pure. */
void pciport_parse(const unsigned char *config, size_t size, struct pciport *ret);

/* "root port", "conventional bridge" */
const char *pciport_kind_word(enum pciport_kind kind);
/* "on", "off", "none", "not seen", "needs none" */
const char *pciport_acs_word(enum pciport_acs acs);
/* Whether the kernel has to put what hangs below into one group: ACS is off or absent. */
bool pciport_is_open(const struct pciport *port);
