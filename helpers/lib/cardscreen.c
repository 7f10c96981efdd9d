/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a GPU shows and how much of it the processor sees: its outputs, and its memory windows. */
#include "cardscreen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "drmoutput.h"
#include "parse.h"
#include "sysfs.h"

/* include/linux/ioport.h */
#define RESOURCE_MEM	0x00000200
#define RESOURCE_MEM_64 0x00100000
#define RESOURCE_UNSET	0x20000000

#define FOUR_GIB    (UINT64_C(4) << 30)
#define BIG_BAR_KIB (UINT64_C(256) << 10)

int cardscreen_parse_bars(const char *text, struct cardscreen_bar ret[static CARDSCREEN_BARS])
{
	struct cardscreen_bar bars[CARDSCREEN_BARS] = { 0 };

	for (size_t i = 0; i < CARDSCREEN_BARS && *text; i++) {
		uint64_t values[3];

		for (size_t n = 0; n < 3; n++) {
			size_t length = strcspn(text, " \n");
			char word[24];

			if (length == 0 || length >= sizeof(word))
				return -EINVAL;
			memcpy(word, text, length);
			word[length] = '\0';
			if (parse_hex(word, 16, &values[n]) < 0)
				return -EINVAL;
			text += length;
			text += *text != '\0';
		}
		if (values[2] == 0 || values[1] < values[0])
			continue;
		bars[i] = (struct cardscreen_bar){
			.start = values[0],
			.size = values[1] - values[0] + 1,
			.is_memory = (values[2] & RESOURCE_MEM) != 0,
			.is_64bit = (values[2] & RESOURCE_MEM_64) != 0,
			/* An unset one begins at 0, where no BAR of a PC can lie. */
			.is_unassigned = (values[2] & RESOURCE_UNSET) != 0 || values[0] == 0,
		};
	}
	memcpy(ret, bars, sizeof(bars));
	return 0;
}

#define ABOVE_4G                                                                                \
	"switch on \"Above 4G Decoding\" (and \"Resizable BAR\") in the firmware's setup, and " \
	"boot by UEFI, with \"CSM\" off"

static void check_bars(const struct host *host, const char *bdf, struct reason_list *reasons)
{
	struct cardscreen_bar bars[CARDSCREEN_BARS];
	char text[SYSFS_TEXT_SIZE];

	if (sysfs_read(host, text, sizeof(text), "bus/pci/devices/%s/resource", bdf) < 0 ||
	    cardscreen_parse_bars(text, bars) < 0)
		return;
	for (size_t i = 0; i < CARDSCREEN_BARS; i++) {
		uint64_t kib = bars[i].size >> 10;

		if (!bars[i].is_memory)
			continue;
		if (bars[i].is_unassigned)
			reason_add(reasons, REASON_BLOCKS, "bar-unassigned", ABOVE_4G,
				   "%s: the firmware found no room for BAR %zu (%" PRIu64 " MiB)",
				   bdf, i, kib >> 10);
		else if (bars[i].is_64bit && kib >= BIG_BAR_KIB && bars[i].start < FOUR_GIB)
			reason_add(reasons, REASON_WARNS, "below-4g", ABOVE_4G,
				   "%s: BAR %zu (%" PRIu64
				   " MiB) lies below 4 GiB, so the processor "
				   "sees no more of the card's memory at a time",
				   bdf, i, kib >> 10);
	}
}

struct outputs {
	bool known; /* a DRM driver has the card */
	size_t count, connected;
	char enabled[64]; /* an output that shows something now, "" for none */
};

static void observe_outputs(const struct host *host, const char *bdf, struct outputs *outputs)
{
	_cleanup_strlist_ struct strlist list = STRLIST_EMPTY;

	outputs->known = drmoutput_list(host, bdf, &list) > 0;
	outputs->count = list.count;
	for (size_t i = 0; i < list.count; i++) {
		const char *output = list.items[i];

		if (drmoutput_is(host, bdf, output, "status", "connected"))
			outputs->connected++;
		if (drmoutput_is(host, bdf, output, "enabled", "enabled"))
			snprintf(outputs->enabled, sizeof(outputs->enabled), "%s",
				 drmoutput_connector(output));
	}
}

#define LOOKING_GLASS                                                                        \
	"say Size=64M in [LookingGlass] of the guest's file, and install the Looking Glass " \
	"host with a virtual display driver in the guest"

static void check_outputs(const struct host *host, const struct pcidev *dev, const char *bdf,
			  const struct guest *guest, struct reason_list *reasons)
{
	bool has_glass = guest && guest->looking_glass_kib > 0;
	/* NVIDIA's own driver shows no connectors in sysfs unless nvidia-drm.modeset=1. */
	bool hides = strcmp(dev->driver, "nvidia") == 0;
	struct outputs outputs = { 0 };

	observe_outputs(host, bdf, &outputs);
	if (outputs.enabled[0])
		reason_add(reasons, REASON_BLOCKS, "output-in-use",
			   "switch that screen off in the desktop's display settings, and plug the "
			   "host's monitor into the card that stays",
			   "%s shows the desktop or the console on its output %s", bdf,
			   outputs.enabled);
	if (has_glass)
		return;
	if (dev->class >> 8 == 0x0302 || (outputs.known && outputs.count == 0 && !hides))
		reason_add(
			reasons, REASON_WARNS, "no-outputs", LOOKING_GLASS,
			"%s has no output of its own (%s), so nothing of the guest would be seen",
			bdf,
			dev->class >> 8 == 0x0302 ? "a 3D controller, as in laptops whose "
						    "screen hangs on the other GPU"
						  : "no connector");
	else if (outputs.count > 0 && outputs.connected == 0)
		reason_add(reasons, REASON_WARNS, "no-monitor",
			   "plug a second cable from the monitor (or a dummy plug) into the card",
			   "no monitor is connected to %s", bdf);
}

void cardscreen_check(const struct host *host, const struct pcidev *dev, const struct guest *guest,
		      struct reason_list *reasons)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&dev->addr, bdf);
	check_outputs(host, dev, bdf, guest, reasons);
	check_bars(host, bdf, reasons);
}
