/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to hold among the values of a guest, once all its files are read. */
#pragma once

#include "guestspec.h"
#include "gueststore.h"

/*
 * Required keys, and values that do not go together. FILE is the guest's own file
 * ("/etc/vxm/guests/win11.conf"), which is named when a section is missing as a whole. 0; -EINVAL
 * and the first thing found in ret_error.
 */
int guestcheck_run(const struct guest *guest, const char *file, struct guest_error *ret_error);
