/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outputs of a graphics card, as its DRM driver shows them in sysfs. */
#pragma once

#include <stdbool.h>

#include "host.h"
#include "strlist.h"

/*
 * The outputs of the function BDF, each as "card1/card1-HDMI-A-1" below its directory drm, without
 * the kernel's writeback connectors, which lead nowhere. 1; 0: no DRM driver has the card; -ENOMEM.
 */
int drmoutput_list(const struct host *host, const char *bdf, struct strlist *ret);
/* Whether the attribute KEY of an output of that list reads VALUE ("status" "connected", "enabled"
 * "enabled"). */
bool drmoutput_is(const struct host *host, const char *bdf, const char *output, const char *key,
		  const char *value);
/* "card1-HDMI-A-1" and "HDMI-A-1" of such an output, within it. */
const char *drmoutput_connector(const char *output);
const char *drmoutput_name(const char *output);
