/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one helper changed for one guest, and what was there before: /run/vxm/GUEST/KIND. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "host.h"
#include "parse.h"

/*
 * Theory of operation
 *
 * A record is written before the first change and after each further old value becomes known, as a
 * whole (temporary file, fsync is not needed on tmpfs, rename), and removed only once every old
 * value is back. So whatever kills a helper at whatever moment, the record names at least
 * everything that was changed. It is root's: 0644 in a directory root:root 0755. It is also the
 * claim: an object (a PCI function, a node, a monitor) that stands in the record of one guest is
 * not taken by another.
 *
 * A line is "OBJECT KEY VALUE", separated by one blank; VALUE runs to the end of the line and may
 * be empty. An object and a key hold no blank; nothing holds a newline or another control
 * character.
 */

struct record;

/* KIND is the helper's short name: "isolate", "hugepages", "access", "display". NULL on lack of
 * memory. */
struct record *record_new(const char *guest, const char *kind);
void record_free(struct record *record);
CLEANUP_DEFINE(struct record, record_free)
#define _cleanup_record_ _cleanup_(record_freep)

/* 0; -ENOENT: there is none; -EBADMSG: the file is not of the form above; -errno of the reading. */
int record_load(const struct host *host, const char *guest, const char *kind, struct record **ret);
/* In memory only. Adds, or changes, the value. -EINVAL for a text that the form cannot carry,
 * -ENOMEM. */
int record_set(struct record *record, const char *object, const char *key, const char *value);
/* NULL when there is none. Valid until the record is changed. */
const char *record_get(const struct record *record, const char *object, const char *key);
/* The I-th object in the order of their first line, or NULL past the last. */
const char *record_object(const struct record *record, size_t i);
/* Makes /run/vxm/GUEST where needed; atomic. -errno, and the earlier file stands. */
int record_save(const struct host *host, const struct record *record);
/* Removes the file, and /run/vxm/GUEST when nothing else is in it. A record that is not there is
 * success. */
int record_remove(const struct host *host, const char *guest, const char *kind);
/* Removes /run/vxm/GUEST if it is empty; success also when it is absent or in use. For those who
 * only had a sub-directory there. */
int record_leave(const struct host *host, const char *guest);

/*
 * Who has OBJECT in a record of KIND, other than GUEST: 1 and the name in ret_owner, 0 when nobody
 * has it, -errno. An unreadable record of another guest is an error, not "nobody".
 */
int record_owner(const struct host *host, const char *kind, const char *object, const char *guest,
		 char ret_owner[static GUEST_NAME_SIZE]);
/* Names of all guests that have a record of KIND. */
int record_guests(const struct host *host, const char *kind, struct strlist *ret);

/*
 * Takes the lock of a KIND of records: flock on the directory /run/vxm/.lock/KIND (made where
 * needed). It is held by the descriptor returned until that is closed; a child that may outlive the
 * helper has to close it. It waits; the unit's TimeoutStartSec= bounds that. -errno.
 */
int record_lock(const struct host *host, const char *kind);
/* Opens that directory, without the lock. -ENOENT when it is not there and MAKE is false: then
 * nobody has ever taken it. See recordlock.h. */
int record_open_lock(const struct host *host, const char *kind, bool make);
