/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input nodes for tests: made below a tree's sysfs, or read from tests/fixtures/evdev. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>

#include "tree.h"

#include "inputdev.h"
#include "parse.h"

enum {
	INPUTNODE_KEYBOARD = 1 << 0,
	INPUTNODE_MOUSE = 1 << 1,
	INPUTNODE_VIRTUAL = 1 << 2,  /* hangs on no device */
	INPUTNODE_ONE_CTRL = 1 << 3, /* a keyboard without the right Ctrl key */
};

static inline void inputnode_set_key(struct inputdev *dev, unsigned code)
{
	dev->key[code / 64] |= UINT64_C(1) << (code % 64);
}

static inline void inputnode_attribute(const struct tree *tree, unsigned number, const char *name,
				       const char *text)
{
	char path[128], line[300];

	snprintf(path, sizeof(path), "sys/devices/input%u/%s", number + 100, name);
	snprintf(line, sizeof(line), "%s\n", text);
	tree_write(tree, path, line);
}

/* Makes eventNUMBER, whose parent is input(100+NUMBER), on the USB bus, 1234:0001. */
static inline void inputnode_make(const struct tree *tree, unsigned number, const char *name,
				  const char *phys, unsigned flags)
{
	/* Both Ctrl keys are 29 in the first word and 97 in the second. */
	const char *keys = !(flags & INPUTNODE_KEYBOARD) ? "70000 0 0 0 0"
			   : flags & INPUTNODE_ONE_CTRL	 ? "0 fffffffffffffffe"
							 : "200000000 fffffffffffffffe";
	char path[64], target[64];

	inputnode_attribute(tree, number, "name", name);
	inputnode_attribute(tree, number, "phys", phys);
	inputnode_attribute(tree, number, "uniq", "");
	inputnode_attribute(tree, number, "id/bustype", "0003");
	inputnode_attribute(tree, number, "id/vendor", "1234");
	inputnode_attribute(tree, number, "id/product", "0001");
	inputnode_attribute(tree, number, "id/version", "0111");
	inputnode_attribute(tree, number, "properties", "0");
	inputnode_attribute(tree, number, "capabilities/ev", "120013");
	inputnode_attribute(tree, number, "capabilities/key", keys);
	inputnode_attribute(tree, number, "capabilities/rel",
			    flags & INPUTNODE_MOUSE ? "103" : "0");
	inputnode_attribute(tree, number, "capabilities/abs", "0");
	inputnode_attribute(tree, number, "capabilities/led",
			    flags & INPUTNODE_KEYBOARD ? "7" : "0");
	if (!(flags & INPUTNODE_VIRTUAL)) {
		snprintf(path, sizeof(path), "sys/devices/input%u/device/here", number + 100);
		tree_write(tree, path, "");
	}
	snprintf(path, sizeof(path), "sys/class/input/event%u/device", number);
	snprintf(target, sizeof(target), "../../../devices/input%u", number + 100);
	tree_link(tree, path, target);
}

/* A line of the fixture. */
struct inputnode_record {
	char id[16];
	char group[32]; /* "-": it stands alone */
	bool is_ambiguous;
	enum inputdev_class class;
	struct inputdev dev;
};

static inline uint16_t inputnode_hex(const char *text)
{
	uint64_t value;

	assert_int_equal(parse_hex(text, 4, &value), 0);
	return (uint16_t)value;
}

static inline void inputnode_read_line(char *line, struct inputnode_record *ret)
{
	static const char *const classes[] = { "neither", "keyboard", "mouse" };
	char *fields[14], *rest = line;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < 14; i++)
		assert_non_null(fields[i] = strsep(&rest, "\t"));
	snprintf(ret->id, sizeof(ret->id), "%s", fields[0]);
	for (size_t i = 0; i < 3; i++)
		if (strcmp(fields[1], classes[i]) == 0)
			ret->class = (enum inputdev_class)i;
	ret->is_ambiguous = strcmp(fields[2], "yes") == 0;
	snprintf(ret->group, sizeof(ret->group), "%s", fields[3]);
	ret->dev.bus = inputnode_hex(fields[4]);
	ret->dev.vendor = inputnode_hex(fields[5]);
	ret->dev.product = inputnode_hex(fields[6]);
	assert_int_equal(inputdev_parse_bits(fields[7], ret->dev.prop, 1), 0);
	assert_int_equal(inputdev_parse_bits(fields[8], ret->dev.key, INPUTDEV_WORDS), 0);
	assert_int_equal(inputdev_parse_bits(fields[9], ret->dev.rel, 1), 0);
	assert_int_equal(inputdev_parse_bits(fields[10], ret->dev.abs, 1), 0);
	assert_int_equal(inputdev_parse_bits(fields[11], ret->dev.led, 1), 0);
	if (strcmp(fields[12], "-") != 0)
		snprintf(ret->dev.phys, sizeof(ret->dev.phys), "%s", fields[12]);
	snprintf(ret->dev.name, sizeof(ret->dev.name), "%s", fields[13]);
}

/* All records; the caller frees them. VXM_EVDEV_NODES may name another file of that form. */
static inline size_t inputnode_read_fixture(struct inputnode_record **ret)
{
	const char *source = getenv("VXM_SOURCE"), *other = getenv("VXM_EVDEV_NODES");
	struct inputnode_record *records = NULL;
	char path[PATH_MAX], *line = NULL;
	size_t count = 0, room = 0;
	ssize_t length;
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/fixtures/evdev/nodes.tsv", source ? source : ".");
	in = fopen(other ? other : path, "re");
	assert_non_null(in);
	while ((length = getline(&line, &room, in)) > 0) {
		if (line[0] == '#')
			continue;
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		records = reallocarray(records, count + 1, sizeof(*records));
		assert_non_null(records);
		inputnode_read_line(line, &records[count++]);
	}
	free(line);
	fclose(in);
	*ret = records;
	return count;
}

/* The nodes of the group of record I, as a list (to be freed), and that record's own node in it. */
static inline const struct inputdev *inputnode_group(const struct inputnode_record *records,
						     size_t count, size_t i,
						     struct inputdev_list *ret)
{
	const struct inputdev *own = NULL;

	ret->items = calloc(count, sizeof(*ret->items));
	ret->count = 0;
	assert_non_null(ret->items);
	for (size_t n = 0; n < count; n++) {
		if (n != i &&
		    (records[i].group[0] == '-' || strcmp(records[n].group, records[i].group) != 0))
			continue;
		if (n == i)
			own = &ret->items[ret->count];
		ret->items[ret->count++] = records[n].dev;
	}
	return own;
}
