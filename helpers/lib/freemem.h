/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory there is to make huge pages of, and in how large pieces. */
#pragma once

#include <stdint.h>

#include "host.h"

/*
 * The value of FIELD in TEXT of the form of /proc/meminfo ("MemFree:  4590736 kB") or of a node's
 * meminfo ("Node 0 MemFree:  4590736 kB"), in KiB. 0, -ENODATA when there is no such field, -EINVAL
 * when its value is not of that form.
 */
int freemem_field(const char *text, const char *field, uint64_t *ret_kib);

/*
 * How many pieces of 2^ORDER base pages the free blocks of NODE hold, by TEXT of the form of
 * /proc/buddyinfo; all zones of the node. 0; -ENODATA when the node is not in it, or its table ends
 * below ORDER (then the kernel keeps no such blocks); -EINVAL when a number is not one.
 */
int freemem_pieces(const char *text, unsigned node, unsigned order, uint64_t *ret_pieces);

/* The kernel's own estimate of what can be had without swapping (MemAvailable), and all there is,
 * of the machine. 0, -errno. */
int freemem_machine(const struct host *host, uint64_t *ret_available_kib, uint64_t *ret_total_kib);

/*
 * About what can be had on one node without swapping: free memory, and what only caches files. The
 * kernel tells no such figure; this one errs upwards and serves to choose among nodes. 0, -errno.
 */
int freemem_node(const struct host *host, unsigned node, uint64_t *ret_kib);

/* How many pages of PAGE_KIB the free blocks of NODE hold. 0, -ENODATA as above, -errno. */
int freemem_pages(const struct host *host, unsigned node, uint64_t page_kib, uint64_t *ret_pages);

/* The largest blocks that the kernel keeps on NODE, and how many of these are free. A page that is
 * larger takes several that adjoin, and no table tells which do. 0, -ENODATA: no such node, -errno.
 */
int freemem_largest(const struct host *host, unsigned node, uint64_t *ret_block_kib,
		    uint64_t *ret_blocks);
