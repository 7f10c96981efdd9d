/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a guest is made of: where they lie, and whether systemd has seen them as they are.
 */
#pragma once

#include "host.h"

/* Relative to the host's root. */
#define GUESTFILE_DIRECTORY "etc/vxm/guests"
/* What vxm-generator(8) writes for a guest, below systemd's directory for generators. */
#define GUESTFILE_GENERATED "run/systemd/generator"
#define GUESTFILE_DROPIN    "50-vxm.conf"

/*
 * The files of the guest's layers that are there, from the first to the last, relative to the
 * host's root. 0; -EINVAL: NAME is no guest's name; -ENOENT: there is no GUESTFILE_DIRECTORY/
 * NAME.conf; -errno of the reading.
 */
int guestfile_layers(const struct host *host, const char *name, struct strlist *ret);

/* guest_list() */
int guestfile_list(const struct host *host, struct strlist *ret);

/*
 * One line for each of those files: "/etc/vxm/guests/win11.conf 1732361890.123456789 482", its
 * path, modification time and size. Two lists are the same when no file was changed, added or
 * removed; an older file that was put in the place of a newer one shows, and a clock that was set
 * does no harm.
 */
int guestfile_stamps(const struct host *host, const char *name, struct strlist *ret);

/* The line that vxm-generator(8) begins each stamp with in a drop-in. */
#define GUESTFILE_STAMP_PREFIX "# read: "

/*
 * Whether the stamps in NAME's drop-in are those of its files now: 1 yes, 0 no, -errno. ret_file is
 * the first file that differs.
 */
int guestfile_is_generated(const struct host *host, const char *name, char ret_file[256]);

/* What such a file may be called, for a message. */
#define GUESTFILE_NAMES \
	"a name of 1 to 31 of a-z 0-9 . _ -, beginning with a letter or a digit, and .conf"

/* The files of that directory that look like a guest's and are none, for their names are not: such
 * as "Win.conf". 0, -errno. */
int guestfile_list_misnamed(const struct host *host, struct strlist *ret);

/* What to do about a guest's file that cannot be read with this errno: ": chmod ...", or "". */
const char *guestfile_remedy(int error);
