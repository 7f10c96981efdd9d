/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outputs of a graphics card, as its DRM driver shows them in sysfs. */
#include "drmoutput.h"

#include <string.h>

#include "cleanup.h"
#include "sysfs.h"

static int add_outputs(const struct host *host, const char *bdf, const char *card,
		       struct strlist *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	size_t length = strlen(card);

	if (sysfs_list(host, &names, "bus/pci/devices/%s/drm/%s", bdf, card) < 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		int r;

		if (strncmp(name, card, length) != 0 || name[length] != '-' ||
		    strstr(name, "-Writeback-"))
			continue;
		r = strlist_addf(ret, "%s/%s", card, name);
		if (r < 0)
			return r;
	}
	return 1;
}

int drmoutput_list(const struct host *host, const char *bdf, struct strlist *ret)
{
	_cleanup_strlist_ struct strlist cards = STRLIST_EMPTY;
	int known = 0;

	if (sysfs_list(host, &cards, "bus/pci/devices/%s/drm", bdf) < 0)
		return 0;
	for (size_t i = 0; i < cards.count; i++) {
		int r = 0;

		if (strncmp(cards.items[i], "card", 4) == 0)
			r = add_outputs(host, bdf, cards.items[i], ret);
		if (r < 0)
			return r;
		known |= r;
	}
	return known;
}

bool drmoutput_is(const struct host *host, const char *bdf, const char *output, const char *key,
		  const char *value)
{
	char text[32];

	return sysfs_read(host, text, sizeof(text), "bus/pci/devices/%s/drm/%s/%s", bdf, output,
			  key) >= 0 &&
	       strcmp(text, value) == 0;
}

const char *drmoutput_connector(const char *output)
{
	return strchr(output, '/') + 1;
}

const char *drmoutput_name(const char *output)
{
	return strchr(drmoutput_connector(output), '-') + 1;
}
