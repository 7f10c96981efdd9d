/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine itself uses of PCI functions: a list of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "holder.h"
#include "holdernode.h"
#include "host.h"
#include "pcidev.h"

struct hostuse {
	struct pciaddr addr;
	char what[192];	  /* "/home is mounted from it (/dev/nvme0n1p2)" */
	char remedy[192]; /* "umount /home" */
	bool drawn;	  /* an output that shows what a process draws */
};

struct hostuse_list {
	struct hostuse *items;
	size_t count;
};

void hostuse_list_done(struct hostuse_list *list);
#define _cleanup_hostuse_list_ _cleanup_(hostuse_list_done)

/* Adds one. 0, -ENOMEM. */
int hostuse_add(struct hostuse_list *list, const struct pciaddr *addr, const char *remedy,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
