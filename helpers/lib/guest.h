/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest as its configuration describes it: four layers of files merged into one struct. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guestspec.h"
#include "host.h"
#include "parse.h"
#include "pciaddr.h"

/*
 * Layers, each merged over the one before: PREFIX/lib/vxm/guest.conf < /etc/vxm/guest.conf <
 * /etc/vxm/guests/NAME.conf < /etc/vxm/guests/NAME.conf.d/ *.conf in byte order of their names. A
 * key set in a later file replaces the value of the earlier one. A section that may repeat adds
 * one; with a label ("[Disk system]") it merges by key into the one of that label; Remove=yes drops
 * that one.
 */

/*
 * Reads the layers of NAME below HOST. 0 and *ret, to be freed by guest_free(); -ENOENT when there
 * is no /etc/vxm/guests/NAME.conf, -EINVAL when a line is wrong, -errno of the reading; ret_error
 * says it all in each case.
 */
int guest_load(const struct host *host, const char *name, struct guest **ret,
	       struct guest_error *ret_error);
void guest_free(struct guest *guest);
CLEANUP_DEFINE(struct guest, guest_free)
#define _cleanup_guest_ _cleanup_(guest_freep)

/*
 * Where FIELD (the address of a member of GUEST or of one of its sections, e.g. &guest->gpu.device)
 * was set. A field that nobody set gives its section's origin when the section is in a file, else
 * file NULL.
 */
struct guest_origin guest_where(const struct guest *guest, const void *field);

/* Names of all guests: /etc/vxm/guests/ *.conf, in byte order; a file whose name is no guest's name
 * is left out. */
int guest_list(const struct host *host, struct strlist *ret);

/*
 * Whether the unit drop-in that vxm-generator wrote for NAME is as new as each of the guest's
 * files: 1 yes, 0 no ("systemctl daemon-reload" is due), and 1 as well on a recorded host. -errno.
 * ret_file (may be NULL) is the newer file.
 */
int guest_is_generated(const struct host *host, const char *name, char ret_file[256]);
