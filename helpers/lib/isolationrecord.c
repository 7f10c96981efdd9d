/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the record of a hand-over says of one function. */
#include "isolationrecord.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

int isolationrecord_note(struct record *record, const struct isolation_function *function)
{
	const struct isolation_state *found = &function->found;
	char bdf[PCIADDR_SIZE], ids[PCIIDS_SIZE], group[16];
	const char *const lines[][2] = {
		{ "identity", pciids_format(&function->dev.ids, ids) },
		{ "iommu_group", group },
		{ "home", function->home },
		{ "driver", found->driver },
		{ "driver_override", found->override },
		/* What is not there has no line: an empty value would be put back as one. */
		{ "power/control", found->power[0] ? found->power : NULL },
		{ "d3cold_allowed", found->d3cold[0] ? found->d3cold : NULL },
		{ "reset_method", found->has_reset_method ? found->reset_method : NULL },
		{ "release", function->keep ? "keep" : NULL },
	};

	snprintf(group, sizeof(group), "%d", function->dev.iommu_group);
	pciaddr_format(&function->dev.addr, bdf);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		int r = lines[i][1] ? record_set(record, bdf, lines[i][0], lines[i][1]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int recall_text(const struct record *record, const char *object, const char *key, char *buf,
		       size_t size)
{
	const char *text = record_get(record, object, key);

	buf[0] = '\0';
	if (!text)
		return -ENODATA;
	if (strlen(text) >= size)
		return -EMSGSIZE;
	memcpy(buf, text, strlen(text) + 1);
	return 0;
}

#define RECALL(record, object, key, member) recall_text(record, object, key, member, sizeof(member))

int isolationrecord_read(const struct record *record, struct isolation_function *function)
{
	struct isolation_state *found = &function->found;
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&function->dev.addr, bdf);
	function->recorded = true;
	function->keep = record_get(record, bdf, "release") != NULL;
	found->has_reset_method = record_get(record, bdf, "reset_method") != NULL;
	if (RECALL(record, bdf, "home", function->home) < 0 ||
	    RECALL(record, bdf, "driver", found->driver) < 0 ||
	    RECALL(record, bdf, "driver_override", found->override) < 0)
		return -EBADMSG;
	/* What the function lacked has no line. */
	if (RECALL(record, bdf, "power/control", found->power) == -EMSGSIZE ||
	    RECALL(record, bdf, "d3cold_allowed", found->d3cold) == -EMSGSIZE ||
	    RECALL(record, bdf, "reset_method", found->reset_method) == -EMSGSIZE)
		return -EBADMSG;
	return 0;
}
