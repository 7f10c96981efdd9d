/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of what may stand in a guest's configuration, and how each value is read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "optionvalue.h"
#include "strlist.h"

enum option_section_id {
	OPTION_GUEST,
	OPTION_GPU,
	OPTION_PCI,
	OPTION_DISK,
	OPTION_CDROM,
	OPTION_NETWORK,
	OPTION_INPUT,
	OPTION_DISPLAY,
	OPTION_LOOKING_GLASS,
	OPTION_SECTION_COUNT,
};

struct option_section {
	const char *name;
	bool repeats; /* may repeat, and then carry a label */
	size_t size;  /* of the struct of one such section; of struct guest where it has none of its
			 own */
	size_t base;  /* of a section that does not repeat: its struct's offset in struct guest */
};

struct option_key {
	enum option_section_id section;
	const char *name;
	/* NULL for Remove=, which is an act and no value. */
	optionvalue_parse *parse;
	size_t offset;	      /* in the section's struct, of what parse() is given */
	size_t start, span;   /* the bytes that the key fills, for guest_where() */
	const char *fallback; /* the built-in default as it would be written; NULL: there is none */
	const char *allowed;  /* ends the sentence "allowed is ..." */
	const char *doc;      /* one line */
	struct optionvalue_rule rule;
};

/* The whole table, sections in the order of enum option_section_id. */
const struct option_key *option_keys(size_t *ret_count);
const struct option_section *option_section(enum option_section_id id);

/* The id of a section by its exact name, or -ENOENT. */
int option_find_section(const char *name);
/* NULL when that section has no such key. */
const struct option_key *option_find(enum option_section_id section, const char *name);
/* What was probably meant: the name of the nearest by edit distance, without regard to case, or
 * NULL when nothing is near. */
const char *option_nearest_section(const char *name);
const char *option_nearest(enum option_section_id section, const char *name);
/* Whether KEY is Remove=. */
bool option_is_remove(const struct option_key *key);

/*
 * Reads VALUE into KEY's field of SECTION, which is the struct that option_section() gives the size
 * of. Texts are added to TEXTS, which owns them. An empty value is the built-in default where there
 * is one. 0; -EINVAL: not of the form; -ERANGE: of the form, and out of bounds; -ENOMEM. The field
 * is untouched then.
 */
int option_set(const struct option_key *key, const char *value, void *section,
	       struct strlist *texts);
/* Sets each key of that section which has a built-in default. 0, -ENOMEM. */
int option_set_defaults(enum option_section_id id, void *section, struct strlist *texts);
