/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a graphics card shows for the host: an output that is on, the text console. */
#include "screenuse.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "drmoutput.h"
#include "parse.h"
#include "sysfs.h"

/* The lowest fbN of a directory; UINT_MAX when there is none. */
static unsigned lowest_framebuffer(const struct strlist *names)
{
	unsigned lowest = UINT_MAX, n;

	for (size_t i = 0; i < names->count; i++)
		if (strncmp(names->items[i], "fb", 2) == 0 &&
		    parse_uint(names->items[i] + 2, &n) >= 0 && n < lowest)
			lowest = n;
	return lowest;
}

/* Whether the console draws on framebuffers at all. */
static bool has_framebuffer_console(const struct host *host)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	char text[64];

	if (sysfs_list(host, &names, "class/vtconsole") < 0)
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (sysfs_read(host, text, sizeof(text), "class/vtconsole/%s/name",
			       names.items[i]) < 0 ||
		    !strstr(text, "frame buffer"))
			continue;
		if (sysfs_read(host, text, sizeof(text), "class/vtconsole/%s/bind",
			       names.items[i]) >= 0 &&
		    strcmp(text, "1") == 0)
			return true;
	}
	return false;
}

/* The first output that is on, as "HDMI-A-1"; "" for none. */
static void find_enabled(const struct host *host, const char *bdf, char *buf, size_t size)
{
	_cleanup_strlist_ struct strlist list = STRLIST_EMPTY;

	buf[0] = '\0';
	if (drmoutput_list(host, bdf, &list) <= 0)
		return;
	for (size_t i = 0; i < list.count && !buf[0]; i++)
		if (drmoutput_is(host, bdf, list.items[i], "enabled", "enabled"))
			snprintf(buf, size, "%s", drmoutput_name(list.items[i]));
}

static bool is_drawn_on(const struct pcidev *dev, const struct holder_list *holders)
{
	for (size_t i = 0; i < holders->count; i++)
		if (pciaddr_compare(&holders->items[i].addr, &dev->addr) == 0 &&
		    strncmp(holders->items[i].path, "/dev/dri/", 9) == 0)
			return true;
	return false;
}

int screenuse_scan(const struct host *host, const struct pcidev *dev,
		   const struct holder_list *holders, struct hostuse_list *uses)
{
	_cleanup_strlist_ struct strlist own = STRLIST_EMPTY, all = STRLIST_EMPTY;
	char bdf[PCIADDR_SIZE], output[64], remedy[192];
	unsigned framebuffer = UINT_MAX;
	bool console;
	int r = 0;

	if (!pcidev_is_display(dev))
		return 0;
	pciaddr_format(&dev->addr, bdf);
	if (sysfs_list(host, &own, "bus/pci/devices/%s/graphics", bdf) >= 0)
		framebuffer = lowest_framebuffer(&own);
	console = framebuffer != UINT_MAX && sysfs_list(host, &all, "class/graphics") >= 0 &&
		  lowest_framebuffer(&all) == framebuffer && has_framebuffer_console(host);
	find_enabled(host, bdf, output, sizeof(output));
	if (console && output[0]) {
		snprintf(remedy, sizeof(remedy),
			 "add fbcon=map:N to the kernel's command line, N being the number of the "
			 "other card's framebuffer (/proc/fb)");
		r = hostuse_add(uses, &dev->addr, remedy,
				"the text console is on it (fb%u, output %s)", framebuffer, output);
	} else if (output[0] && (framebuffer == UINT_MAX || is_drawn_on(dev, holders))) {
		r = hostuse_add(uses, &dev->addr,
				"switch that screen off in the desktop's display settings, and "
				"plug the host's monitor into the card that stays",
				"its output %s is on", output);
		if (r >= 0)
			uses->items[uses->count - 1].drawn = is_drawn_on(dev, holders);
	}
	return r;
}
