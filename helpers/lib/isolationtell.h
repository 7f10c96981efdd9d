/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people are told of a hand-over and of a return. */
#pragma once

#include "giveback.h"
#include "isolation.h"
#include "tell.h"

/* What is known to go wrong with the functions, once for each hand-over: what is on record is on
 * vfio-pci, and has been told of. */
void isolationtell_quirks(const struct isolation *iso, tell_function tell);
/* ISO is of before the hand-over: each function that was not on vfio-pci then. */
void isolationtell_taken(const struct isolation *iso, tell_function tell);
/* One function that is through. */
void isolationtell_returned(const struct isolation_function *function,
			    const struct giveback *result, tell_function tell);
