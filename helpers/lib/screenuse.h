/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a graphics card shows for the host: an output that is on, the text console. */
#pragma once

#include "holder.h"
#include "hostuse.h"

/*
 * Theory of operation
 *
 * "enabled" of a connector says that some picture is set on it. Whose? When the last program has
 * closed the card the kernel sets its own framebuffer again (drm_fb_helper_lastclose()), so an
 * output is on from then on although nobody looks at it: that is no use. It is one while a program
 * has the card open, while the text console is on its framebuffer, and when the driver has no
 * framebuffer (then only a program can have set it).
 *
 * The text console is on the framebuffer that the kernel's map says, which is fb0 for all consoles
 * unless fbcon=map: says otherwise, and the lowest there is while there is no fb0 (fbcon.c,
 * con2fb_map_boot and fbcon_fb_unregistered()).
 */

/* Adds the uses of one function's outputs; none for what is no display. 0, -errno. */
int screenuse_scan(const struct host *host, const struct pcidev *dev,
		   const struct holder_list *holders, struct hostuse_list *uses);
