/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the record of a hand-over says of one function. */
#include "isolationrecord.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "parse.h"

/* A port is an object of its own, so that it is the claim of one guest. */
#define PORT_KEY "child"

bool isolationrecord_is_port(const struct record *record, const char *object)
{
	return record_get(record, object, PORT_KEY) != NULL;
}

static int note_port(struct record *record, const char *bdf,
		     const struct isolation_function *function)
{
	const struct isolation_power *found = &function->port_found;
	char port[PCIADDR_SIZE];
	int r = record_set(record, bdf, "port", pciaddr_format(&function->port, port));

	if (r >= 0)
		r = record_set(record, port, PORT_KEY, bdf);
	if (r >= 0 && found->control[0])
		r = record_set(record, port, "power/control", found->control);
	if (r >= 0 && found->d3cold[0])
		r = record_set(record, port, "d3cold_allowed", found->d3cold);
	return r;
}

/* The sizes of the BARs that are set, in MiB, under the names of the kernel's files. */
static int note_bars(struct record *record, const char *bdf,
		     const struct isolation_function *function)
{
	for (unsigned i = 0; i < BARSIZE_COUNT; i++) {
		char key[32], mib[24];
		int r;

		if (function->found.bar_mib[i] == 0)
			continue;
		snprintf(key, sizeof(key), "resource%u_resize", i);
		snprintf(mib, sizeof(mib), "%" PRIu64, function->found.bar_mib[i]);
		r = record_set(record, bdf, key, mib);
		if (r < 0)
			return r;
	}
	return 0;
}

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

	int r;

	snprintf(group, sizeof(group), "%d", function->dev.iommu_group);
	pciaddr_format(&function->dev.addr, bdf);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		r = lines[i][1] ? record_set(record, bdf, lines[i][0], lines[i][1]) : 0;

		if (r < 0)
			return r;
	}
	r = note_bars(record, bdf, function);
	return r >= 0 && function->has_port ? note_port(record, bdf, function) : r;
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

static int recall_bars(const struct record *record, const char *bdf,
		       struct isolation_function *function)
{
	for (unsigned i = 0; i < BARSIZE_COUNT; i++) {
		const char *mib;
		char key[32];

		snprintf(key, sizeof(key), "resource%u_resize", i);
		mib = record_get(record, bdf, key);
		if (mib && parse_u64(mib, &function->found.bar_mib[i]) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int recall_port(const struct record *record, const char *bdf,
		       struct isolation_function *function)
{
	struct isolation_power *found = &function->port_found;
	const char *port = record_get(record, bdf, "port");

	if (!port)
		return 0;
	if (pciaddr_parse(port, &function->port) < 0 ||
	    RECALL(record, port, "power/control", found->control) == -EMSGSIZE ||
	    RECALL(record, port, "d3cold_allowed", found->d3cold) == -EMSGSIZE)
		return -EBADMSG;
	function->has_port = true;
	return 0;
}

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
	    RECALL(record, bdf, "reset_method", found->reset_method) == -EMSGSIZE ||
	    recall_bars(record, bdf, function) < 0)
		return -EBADMSG;
	return recall_port(record, bdf, function);
}
