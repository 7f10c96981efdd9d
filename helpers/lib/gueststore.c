/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest read from its files owns: texts, the structs of its sections, and where each value
 * was set. */
#include "gueststore.h"

#include <errno.h>
#include <string.h>

void gueststore_free(struct guest_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < store->section_count; i++)
		if (option_section(store->sections[i].id)->repeats)
			free(store->sections[i].base);
	free(store->sections);
	free(store->values);
	strlist_done(&store->texts);
	free(store);
}

int gueststore_text(struct guest_store *store, const char *text, const char **ret)
{
	int r = strlist_add(&store->texts, text);

	if (r < 0)
		return r;
	*ret = store->texts.items[store->texts.count - 1];
	return 0;
}

int gueststore_add_section(struct guest_store *store, const struct gueststore_section *section)
{
	struct gueststore_section *more =
		reallocarray(store->sections, store->section_count + 1, sizeof(*more));

	if (!more) {
		if (option_section(section->id)->repeats)
			free(section->base);
		return -ENOMEM;
	}
	store->sections = more;
	store->sections[store->section_count++] = *section;
	return 0;
}

struct gueststore_section *gueststore_find_section(const struct guest_store *store,
						   enum option_section_id id, const char *label)
{
	for (size_t i = 0; i < store->section_count; i++) {
		struct gueststore_section *s = &store->sections[i];

		if (s->id != id || s->removed || !s->label != !label)
			continue;
		if (label ? strcmp(s->label, label) == 0 : !option_section(id)->repeats)
			return s;
	}
	return NULL;
}

static struct gueststore_value *find_value(const struct guest_store *store, size_t section,
					   const struct option_key *key)
{
	for (size_t i = 0; i < store->value_count; i++)
		if (store->values[i].section == section && store->values[i].key == key)
			return &store->values[i];
	return NULL;
}

struct guest_origin gueststore_origin(const struct guest_store *store, size_t section,
				      const struct option_key *key)
{
	const struct gueststore_value *value = find_value(store, section, key);

	return value ? value->origin : (struct guest_origin){ NULL, 0 };
}

int gueststore_set_origin(struct guest_store *store, size_t section, const struct option_key *key,
			  struct guest_origin origin)
{
	struct gueststore_value *value = find_value(store, section, key);

	if (!value) {
		value = reallocarray(store->values, store->value_count + 1, sizeof(*value));
		if (!value)
			return -ENOMEM;
		store->values = value;
		value += store->value_count++;
	}
	*value = (struct gueststore_value){ key, section, origin };
	return 0;
}

/* The key of a section that fills the byte at OFFSET of its struct, or NULL. */
static const struct option_key *key_at(enum option_section_id id, size_t offset)
{
	size_t count;
	const struct option_key *keys = option_keys(&count);

	for (size_t i = 0; i < count; i++)
		if (keys[i].section == id && offset >= keys[i].start &&
		    offset < keys[i].start + keys[i].span)
			return &keys[i];
	return NULL;
}

struct guest_origin gueststore_where(const struct guest_store *store, const void *field)
{
	struct guest_origin within = { NULL, 0 };

	for (size_t i = 0; i < store->section_count; i++) {
		const struct gueststore_section *s = &store->sections[i];
		const char *base = s->base, *at = field;
		const struct option_key *key;
		struct guest_origin origin;

		if (at < base || at >= base + s->size)
			continue;
		key = key_at(s->id, (size_t)(at - base));
		if (key) {
			origin = gueststore_origin(store, i, key);
			return origin.file ? origin : s->origin;
		}
		/* A struct that several sections fill says nothing about the section, unless it is
		 * the section's own. */
		if (s->size != sizeof(struct guest))
			within = s->origin;
	}
	return within;
}
