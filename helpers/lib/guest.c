/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest as its configuration describes it: four layers of files merged into one struct. */
#include "guest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conffile.h"
#include "guestcheck.h"
#include "guestfile.h"
#include "gueststore.h"
#include "option.h"
#include "utf8.h"

/*
 * Theory of operation
 *
 * The store holds one entry for each section: at its beginning those that do not repeat, with the
 * struct guest (or its gpu) as the struct to fill, then the others as the files bring them, each
 * with a struct of its own. A section line chooses the entry that the keys below it go to, and
 * makes it where needed; option.c says what a key is and fills the field. Once all layers are read,
 * the sections that are left become the lists of struct guest, and guestcheck.c looks at the whole.
 *
 * In one file a key stands once in a section: two Path= below one [Disk] are a forgotten [Disk]
 * line and not two meanings of one disk. A later file may set it again; that is what layers are
 * for.
 */

struct reader {
	struct guest *guest;
	const char *file; /* of the layer that is read, with its slash */
	struct guest_error *error;
	size_t current; /* the section that keys go to: an index into the store's */
	bool is_new;	/* the current section came with the last section line */
};

static int wrong(const struct reader *reader, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong(const struct reader *reader, unsigned line, const char *format, ...)
{
	char text[600], place[16] = "";
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (line)
		snprintf(place, sizeof(place), ":%u", line);
	snprintf(reader->error->text, sizeof(reader->error->text), "%.380s%s: %s", reader->file,
		 place, text);
	utf8_mend(reader->error->text);
	return -EINVAL;
}

static struct gueststore_section *current(const struct reader *reader)
{
	return &reader->guest->store->sections[reader->current];
}

static int add_section(struct reader *reader, enum option_section_id id, const char *label)
{
	const struct option_section *kind = option_section(id);
	struct guest_store *store = reader->guest->store;
	struct gueststore_section section = { .id = id, .size = kind->size };
	int r = 0;

	section.base = kind->repeats ? calloc(1, kind->size) : (char *)reader->guest + kind->base;
	if (!section.base)
		return -ENOMEM;
	if (label)
		r = gueststore_text(store, label, &section.label);
	if (r >= 0)
		r = option_set_defaults(id, section.base, &store->texts);
	if (r < 0) {
		if (kind->repeats)
			free(section.base);
		return r;
	}
	return gueststore_add_section(store, &section);
}

static int read_section(struct reader *reader, const struct conffile_item *item)
{
	struct guest_store *store = reader->guest->store;
	int id = option_find_section(item->section), r;
	struct gueststore_section *section;

	if (id < 0) {
		const char *near = option_nearest_section(item->section);

		return wrong(reader, item->line, "[%.60s]: no such section%s%s%s", item->section,
			     near ? "; did you mean [" : "; vxm-guest.conf(5) lists them",
			     near ? near : "", near ? "]?" : "");
	}
	if (item->label && !option_section(id)->repeats)
		return wrong(reader, item->line,
			     "[%s]: there is one such section, and it takes no label",
			     item->section);
	section = option_section(id)->repeats && !item->label
			  ? NULL
			  : gueststore_find_section(store, id, item->label);
	reader->is_new = !section;
	if (!section) {
		r = add_section(reader, id, item->label);
		if (r < 0)
			return r;
		section = &store->sections[store->section_count - 1];
	}
	section->origin = (struct guest_origin){ reader->file, item->line };
	reader->current = (size_t)(section - store->sections);
	return 0;
}

static int read_remove(const struct reader *reader, const struct conffile_item *item)
{
	struct gueststore_section *section = current(reader);
	const char *name = option_section(section->id)->name;
	bool value;

	if (parse_bool(item->value, &value) < 0 || !value)
		return wrong(reader, item->line,
			     "Remove=: \"%.100s\" is not allowed; allowed is yes", item->value);
	if (!section->label)
		return wrong(reader, item->line,
			     "Remove=: this [%s] has no label to find an earlier one by; allowed "
			     "is Remove= below a line like [%s label]",
			     name, name);
	if (reader->is_new)
		return wrong(reader, item->line, "Remove=: no earlier file has a section [%s %s]",
			     name, section->label);
	section->removed = true;
	return 0;
}

/* No key of that name in the current section: says where it belongs, or what was meant. */
static int wrong_key(const struct reader *reader, const struct conffile_item *item)
{
	enum option_section_id id = current(reader)->id;
	const char *section = option_section(id)->name, *near;
	size_t count;
	const struct option_key *keys = option_keys(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, item->key) == 0)
			return wrong(reader, item->line,
				     "%s=: no such key in [%s]; it belongs to [%s]", item->key,
				     section, option_section(keys[i].section)->name);
	near = option_nearest(id, item->key);
	if (near)
		return wrong(reader, item->line, "%.60s=: no such key in [%s]; did you mean %s=?",
			     item->key, section, near);
	return wrong(reader, item->line,
		     "%.60s=: no such key in [%s]; vxm-guest.conf(5) lists those that are",
		     item->key, section);
}

static int read_key(const struct reader *reader, const struct conffile_item *item)
{
	struct gueststore_section *section = current(reader);
	struct guest_store *store = reader->guest->store;
	const struct option_key *key = option_find(section->id, item->key);
	struct guest_origin before;
	int r;

	if (!key)
		return wrong_key(reader, item);
	if (section->removed)
		return wrong(reader, item->line, "%s=: nothing may follow Remove=yes", key->name);
	if (option_is_remove(key))
		return read_remove(reader, item);
	before = gueststore_origin(store, reader->current, key);
	if (before.file && strcmp(before.file, reader->file) == 0)
		return wrong(reader, item->line,
			     "%s=: is set in line %u already; allowed is one %s= in a section%s",
			     key->name, before.line, key->name,
			     option_section(section->id)->repeats ? ", and a section line for each"
								  : "");
	r = option_set(key, item->value, section->base, &store->texts);
	if (r == -EINVAL || r == -ERANGE)
		return wrong(reader, item->line, "%s=: \"%.100s\" is %s; allowed is %s", key->name,
			     item->value, r == -ERANGE ? "out of bounds" : "not of the form",
			     key->allowed);
	if (r < 0)
		return r;
	return gueststore_set_origin(store, reader->current, key,
				     (struct guest_origin){ reader->file, item->line });
}

/* Reads one layer. Only -EINVAL has told the reader's error. */
static int read_layer(struct reader *reader, const struct host *host, const char *path)
{
	_cleanup_conffile_ struct conffile file = { 0 };
	char what[CONFFILE_WHAT_SIZE];
	struct conffile_item item;
	_cleanup_free_ char *name = NULL;
	int r;

	if (asprintf(&name, "/%s", path) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	r = gueststore_text(reader->guest->store, name, &reader->file);
	if (r < 0)
		return r;
	r = conffile_open(host, path, &file, what);
	if (r < 0 && r != -EBADMSG && r != -ENOMEM) {
		wrong(reader, 0, "cannot be read: %s%s", strerror(-r), guestfile_remedy(r));
		return r;
	}
	while (r >= 0 && (r = conffile_next(&file, &item, what)) > 0)
		r = item.section ? read_section(reader, &item) : read_key(reader, &item);
	if (r == -EBADMSG)
		return wrong(reader, file.line, "%s", what);
	return r;
}

/* Appends the pointer ITEM to a list of struct guest. */
#define APPEND(list, count, item)                                                           \
	({                                                                                  \
		__typeof__(list) more_ = reallocarray((list), (count) + 1, sizeof(void *)); \
		if (more_) {                                                                \
			(list) = more_;                                                     \
			(list)[(count)++] = (item);                                         \
		}                                                                           \
		more_ ? 0 : -ENOMEM;                                                        \
	})

static int append_section(struct guest *guest, const struct gueststore_section *section)
{
	struct guest_device *device = section->base;
	struct guest_disk *disk = section->base;
	struct guest_input *input = section->base;
	struct guest_display *display = section->base;

	switch (section->id) {
	case OPTION_GPU:
		guest->gpu.section = section->origin;
		return 0;
	case OPTION_PCI:
		device->label = section->label;
		device->section = section->origin;
		return APPEND(guest->pci, guest->pci_count, device);
	case OPTION_DISK:
		disk->label = section->label;
		disk->section = section->origin;
		return APPEND(guest->disks, guest->disk_count, disk);
	case OPTION_CDROM:
		disk->label = section->label;
		disk->section = section->origin;
		return APPEND(guest->cdroms, guest->cdrom_count, disk);
	case OPTION_INPUT:
		input->label = section->label;
		input->section = section->origin;
		return APPEND(guest->inputs, guest->input_count, input);
	case OPTION_DISPLAY:
		display->label = section->label;
		display->section = section->origin;
		return APPEND(guest->displays, guest->display_count, display);
	default: /* their keys are members of struct guest */
		return 0;
	}
}

static int finish(struct guest *guest)
{
	const struct guest_store *store = guest->store;

	for (size_t i = 0; i < store->section_count; i++) {
		int r = store->sections[i].removed ? 0 : append_section(guest, &store->sections[i]);

		if (r < 0)
			return r;
	}
	if (!guest->description)
		guest->description = guest->name;
	return 0;
}

static struct guest *new_guest(const char *name, struct reader *reader)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	struct guest_store *store = calloc(1, sizeof(*store));

	if (!guest || !store) {
		free(guest);
		free(store);
		return NULL;
	}
	guest->store = store;
	snprintf(guest->name, sizeof(guest->name), "%s", name);
	reader->guest = guest;
	for (int id = 0; id < OPTION_SECTION_COUNT; id++)
		if (!option_section(id)->repeats && add_section(reader, id, NULL) < 0) {
			guest_free(guest);
			return NULL;
		}
	return guest;
}

static int no_guest(const struct host *host, const char *name, int r, struct guest_error *error)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	char others[512] = "";
	size_t used = 0;

	if (r == -EINVAL) {
		snprintf(error->text, sizeof(error->text),
			 "\"%.100s\" is not a guest's name: 1 to 31 of a-z 0-9 . _ -, beginning "
			 "with a letter or a digit, and not \"auto\"",
			 name);
		return r;
	}
	if (r != -ENOENT) {
		snprintf(error->text, sizeof(error->text),
			 "/" GUESTFILE_DIRECTORY "/%s.conf: cannot be looked for: %s%s", name,
			 strerror(-r), guestfile_remedy(r));
		return r;
	}
	if (guestfile_list(host, &names) >= 0)
		for (size_t i = 0; i < names.count && used < sizeof(others); i++)
			used += (size_t)snprintf(others + used, sizeof(others) - used, "%s%s",
						 i > 0 ? ", " : "", names.items[i]);
	snprintf(error->text, sizeof(error->text),
		 "/" GUESTFILE_DIRECTORY
		 "/%s.conf: there is no such file, so there is no guest %s; "
		 "the guests here: %s",
		 name, name, names.count > 0 ? others : "none");
	return r;
}

int guest_load(const struct host *host, const char *name, struct guest **ret,
	       struct guest_error *ret_error)
{
	_cleanup_strlist_ struct strlist layers = STRLIST_EMPTY;
	_cleanup_guest_ struct guest *guest = NULL;
	struct reader reader = { .error = ret_error };
	char file[64];
	int r = guestfile_layers(host, name, &layers);

	if (r < 0)
		return no_guest(host, name, r, ret_error);
	ret_error->text[0] = '\0';
	guest = new_guest(name, &reader);
	r = guest ? 0 : -ENOMEM;
	for (size_t i = 0; r >= 0 && i < layers.count; i++)
		r = read_layer(&reader, host, layers.items[i]);
	if (r >= 0)
		r = finish(guest);
	snprintf(file, sizeof(file), "/" GUESTFILE_DIRECTORY "/%s.conf", name);
	if (r >= 0)
		r = guestcheck_run(guest, file, ret_error);
	if (r == -ENOMEM)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "%s: not enough memory to read it", file);
	if (r < 0)
		return r;
	*ret = take_ptr(guest);
	return 0;
}

void guest_free(struct guest *guest)
{
	if (!guest)
		return;
	free(guest->pci);
	free(guest->disks);
	free(guest->cdroms);
	free(guest->inputs);
	free(guest->displays);
	gueststore_free(guest->store);
	free(guest);
}

struct guest_origin guest_where(const struct guest *guest, const void *field)
{
	return gueststore_where(guest->store, field);
}

int guest_list(const struct host *host, struct strlist *ret)
{
	return guestfile_list(host, ret);
}

int guest_is_generated(const struct host *host, const char *name, char ret_file[256])
{
	char file[256];

	if (host->recorded)
		return 1;
	return guestfile_is_generated(host, name, ret_file ? ret_file : file);
}
