/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the record of a hand-over says of one function. */
#pragma once

#include "isolationfunction.h"
#include "record.h"

/* Puts the old values of a function into a record. 0, -EINVAL, -ENOMEM. */
int isolationrecord_note(struct record *record, const struct isolation_function *function);
/* The old values of a function, whose address is set, from a record. 0; -EBADMSG: a key is missing
 * or too long. */
int isolationrecord_read(const struct record *record, struct isolation_function *function);
/* Whether OBJECT is no function that was handed over, but the port above one. */
bool isolationrecord_is_port(const struct record *record, const char *object);
