/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd has to be told of one guest: the drop-ins that a template unit cannot carry. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "guestspec.h"

/* The units that get one. */
enum guestdropin_unit {
	GUESTDROPIN_GUEST,
	GUESTDROPIN_CHECK,
	GUESTDROPIN_HUGEPAGES,
	GUESTDROPIN_ISOLATE,
	GUESTDROPIN_TPM,
	GUESTDROPIN_DISPLAY,
	GUESTDROPIN_UNIT_COUNT,
};

/* Of "vxm-guest@NAME.service", "guest". */
const char *guestdropin_name(enum guestdropin_unit unit);

/* What else counts but the configuration. */
struct guestdropin_now {
	bool is_prepared; /* the guest's target is enabled */
	bool lacks_tpm;	  /* the guest runs, and without a TPM */
};

/*
 * Prints what follows in the unit's drop-in after "[Unit]" and SourcePath=, with a section
 * [Service] where it needs one. 1; 0: this unit needs no drop-in, and nothing was printed. Errors
 * are OUT's (ferror()).
 */
int guestdropin_print(FILE *out, const struct guest *guest, enum guestdropin_unit unit,
		      const struct guestdropin_now *now);
