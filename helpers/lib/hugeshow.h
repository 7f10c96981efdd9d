/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages told to people: what a guest needs, has and could have, and what to do when short. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "guest.h"
#include "hugeclaim.h"
#include "hugeobtain.h"

/* What a start that failed has left of its pages: none, or some and who takes them away. */
const char *hugeshow_rest(const struct guest *guest, const struct hugeobtain_shortage *shortage,
			  char *buf, size_t size);
/* The sentence for a start that fell short. Returns buf. */
const char *hugeshow_shortage(const struct guest *guest, const struct hugeobtain_shortage *shortage,
			      char *buf, size_t size);
/* The sentence for a size of page that this machine has not; it names those that it has. */
const char *hugeshow_unknown_size(const struct host *host, const struct guest *guest, char *buf,
				  size_t size);

/*
 * Whether MORE pages can be had now, as far as can be told without asking for them. 0; 1 and why
 * not in buf; -errno of the reading.
 */
int hugeshow_refuse(const struct host *host, const struct guest *guest, uint64_t more, char *buf,
		    size_t size);

/* Prints which count would be written to which pool for MORE pages. 0, -errno. */
int hugeshow_plan(const struct host *host, const struct guest *guest, uint64_t more, int preferred);
/* Prints the guest's need and claim, and the pools. 0, -errno. */
int hugeshow_print(const struct host *host, const struct guest *guest,
		   const struct hugeclaim *claim, bool json);
