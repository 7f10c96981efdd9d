/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest read from its files owns: texts, the structs of its sections, and where each value
 * was set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "guestspec.h"
#include "option.h"
#include "strlist.h"

struct gueststore_section {
	enum option_section_id id;
	void *base;  /* its struct: owned when the section repeats, else a part of struct guest */
	size_t size; /* of that struct */
	const char *label;	    /* NULL: none */
	struct guest_origin origin; /* its last header; file NULL: no file has the section */
	bool removed;		    /* by Remove=yes */
};

struct gueststore_value {
	const struct option_key *key;
	size_t section; /* index of sections */
	struct guest_origin origin;
};

struct guest_store {
	struct strlist texts;
	struct gueststore_section *sections; /* first the ones that do not repeat, by id; then in
						the order of the files */
	size_t section_count;
	struct gueststore_value *values; /* those that a file has set */
	size_t value_count;
};

void gueststore_free(struct guest_store *store);

/* A copy of TEXT that lives as long as the store. 0, -ENOMEM. */
int gueststore_text(struct guest_store *store, const char *text, const char **ret);
/* Appends a copy of SECTION; its struct is the store's from here on if it repeats (also when this
 * fails). 0, -ENOMEM. */
int gueststore_add_section(struct guest_store *store, const struct gueststore_section *section);
/* The section of that id and label which was not removed, or NULL. LABEL NULL finds the one that
 * does not repeat. */
struct gueststore_section *gueststore_find_section(const struct guest_store *store,
						   enum option_section_id id, const char *label);
/* Where KEY of that section was set; file NULL: nowhere. */
struct guest_origin gueststore_origin(const struct guest_store *store, size_t section,
				      const struct option_key *key);
/* Sets it. 0, -ENOMEM. */
int gueststore_set_origin(struct guest_store *store, size_t section, const struct option_key *key,
			  struct guest_origin origin);
/* guest_where() */
struct guest_origin gueststore_where(const struct guest_store *store, const void *field);
