/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rule that keeps a guest's card out of the host's desktop sessions: Session=hide. */
#pragma once

#include <stdio.h>

#include "guestspec.h"

/* After 71-seat.rules, which sets the tags, and before 73-seat-late.rules, which acts on them. */
#define SEATRULE_PREFIX "72-vxm-hide-"

/* For rulefile.h. Errors are OUT's (ferror()). */
void seatrule_print(FILE *out, const struct guest *guest);
