/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sizes of a PCI function's memory windows (BARs): as they are, as they may be, as people write
 * them. */
#pragma once

#include <stdint.h>

#include "host.h"
#include "pciaddr.h"

#define BARSIZE_COUNT	  6  /* of the base address registers of a function */
#define BARSIZE_TEXT_SIZE 24 /* "256M", "8G" */
#define BARSIZE_LIST_SIZE 256

struct barsize {
	uint64_t mib;	  /* as it is; a power of two */
	uint64_t offered; /* bit N: 2^N MiB is possible (Resizable BAR capability) */
};

/*
 * Reads BAR number BAR. 0; -ENOENT: the kernel offers no other size (resourceN_resize is there from
 * Linux 6.1 on, for a BAR that the device's Resizable BAR capability names); -ENODATA: it has no
 * size of whole MiB now, so nobody could put it back; -errno of the reading. The read wakes a
 * device that sleeps.
 */
int barsize_read(const struct host *host, const struct pciaddr *addr, unsigned bar,
		 struct barsize *ret);
/*
 * "0:256M 2:8G" into MIB, by number; 0 where the text names none. 0; -EINVAL: not of the form, a
 * number that is none of 0 to 5 or comes twice; -ERANGE: no power of two from 1M on. MIB is
 * untouched then.
 */
int barsize_parse(const char *text, uint64_t mib[static BARSIZE_COUNT]);
/* What is written to resourceN_resize for that size: its power of two, in MiB. */
unsigned barsize_exponent(uint64_t mib);
/* "256M", "8G". Returns BUF. */
char *barsize_format(uint64_t mib, char buf[static BARSIZE_TEXT_SIZE]);
/* "256M, 8G": all sizes in a bitmap, as many as fit. Returns BUF. */
char *barsize_format_offered(uint64_t offered, char buf[static BARSIZE_LIST_SIZE]);
