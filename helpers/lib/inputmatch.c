/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the [Input] sections of a guest to the nodes that they mean. */

/*
 * Theory of operation
 *
 * A match is asked of every node. Of those for which it holds, the ones that classify as what is
 * wanted are taken; only a match that names something explicitly falls back to nodes that are
 * merely capable (a remapper's virtual keyboard, a receiver that cannot be told apart). What is
 * left must be one device, because a grabbed keyboard is gone from the host: taking "all that fit"
 * would take the last one. Several interfaces of one keyboard are one device, and all are taken,
 * else the keys of the other interface would stay with the host.
 */
#include "inputmatch.h"

#include <errno.h>
#include <linux/input.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "parse.h"

#define INPUTMATCH_KEYS "bus=, vendor=, product=, name=\"...\", uniq=\"...\", phys=\"...\""

/* Copies the value at *TEXT, quoted or up to a blank, and moves *TEXT behind it. */
static int take_value(const char **text, char *buf, size_t size)
{
	const char *start = *text, *end;
	size_t length;

	if (*start == '"') {
		start++;
		end = strchr(start, '"');
		if (!end || (end[1] && end[1] != ' '))
			return -EINVAL;
		*text = end + 1;
	} else {
		end = start + strcspn(start, " ");
		*text = end;
	}
	length = (size_t)(end - start);
	if (length == 0 || length >= size)
		return -EINVAL;
	memcpy(buf, start, length);
	buf[length] = '\0';
	return 0;
}

static int parse_id(const char *text, uint16_t *ret, bool *ret_has)
{
	uint64_t value;
	int r = parse_hex(text, 4, &value);

	if (r < 0)
		return r;
	*ret = (uint16_t)value;
	*ret_has = true;
	return 0;
}

static int parse_bus(const char *text, struct inputmatch *match)
{
	static const struct {
		const char *word;
		uint16_t bus;
	} words[] = {
		{ "usb", BUS_USB },
		{ "bluetooth", BUS_BLUETOOTH },
		{ "i8042", BUS_I8042 },
		{ "virtio", BUS_VIRTUAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(text, words[i].word) == 0) {
			match->bus = words[i].bus;
			match->has_bus = true;
			return 0;
		}
	return parse_id(text, &match->bus, &match->has_bus);
}

static int set_word(struct inputmatch *match, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *text;
		size_t size;
	} texts[] = {
		{ "name", match->name, sizeof(match->name) },
		{ "uniq", match->uniq, sizeof(match->uniq) },
		{ "phys", match->phys, sizeof(match->phys) },
	};

	if (strcmp(key, "bus") == 0)
		return parse_bus(value, match);
	if (strcmp(key, "vendor") == 0)
		return parse_id(value, &match->vendor, &match->has_vendor);
	if (strcmp(key, "product") == 0)
		return parse_id(value, &match->product, &match->has_product);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(key, texts[i].key) == 0) {
			if (strlen(value) >= texts[i].size)
				return -EINVAL;
			memcpy(texts[i].text, value, strlen(value) + 1);
			return 0;
		}
	return -ENOENT;
}

int inputmatch_parse(const char *text, struct inputmatch *ret, char ret_what[256])
{
	struct inputmatch match = { .is_auto = strcmp(text, "auto") == 0 };
	const char *p = text;
	int r = *text ? 0 : -EINVAL;

	while (!match.is_auto && r >= 0 && *p) {
		char key[16], value[256];
		size_t length = strcspn(p, "= ");

		if (p[length] != '=' || length >= sizeof(key)) {
			r = -EINVAL;
			break;
		}
		memcpy(key, p, length);
		key[length] = '\0';
		p += length + 1;
		r = take_value(&p, value, sizeof(value));
		if (r >= 0)
			r = set_word(&match, key, value);
		p += strspn(p, " ");
	}
	if (r < 0) {
		if (ret_what)
			snprintf(ret_what, 256,
				 "\"%.96s\" is neither \"auto\" nor words of " INPUTMATCH_KEYS,
				 text);
		return -EINVAL;
	}
	*ret = match;
	return 0;
}

bool inputmatch_holds(const struct inputmatch *match, const struct inputdev *dev)
{
	if (match->is_auto)
		return !dev->is_virtual;
	return (!match->has_bus || match->bus == dev->bus) &&
	       (!match->has_vendor || match->vendor == dev->vendor) &&
	       (!match->has_product || match->product == dev->product) &&
	       (!match->name[0] || strcmp(match->name, dev->name) == 0) &&
	       (!match->uniq[0] || strcmp(match->uniq, dev->uniq) == 0) &&
	       (!match->phys[0] || strcmp(match->phys, dev->phys) == 0);
}

/* One node in words that can be pasted into the configuration. */
static void describe(const struct inputdev *dev, char *buf, size_t size)
{
	snprintf(buf, size, "%s (vendor=%04x product=%04x name=\"%.80s\"%s%.60s%s%s%.60s%s)",
		 dev->node, dev->vendor, dev->product, dev->name, dev->phys[0] ? " phys=\"" : "",
		 dev->phys, dev->phys[0] ? "\"" : "", dev->uniq[0] ? " uniq=\"" : "", dev->uniq,
		 dev->uniq[0] ? "\"" : "");
}

/* Up to four nodes, and how many more there are. */
static void describe_all(const struct inputdev **found, size_t count, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++) {
		char one[320];

		if (i == 4) {
			snprintf(buf + used, size - used, " and %zu more", count - i);
			return;
		}
		describe(found[i], one, sizeof(one));
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? "; " : "", one);
	}
}

/* Fills FOUND (room for the whole list) with the nodes of the wanted kind for which MATCH holds. */
static size_t find_nodes(const struct inputdev_list *list, const struct inputmatch *match,
			 enum inputdev_class class, bool by_capability,
			 const struct inputdev **found)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct inputdev *dev = &list->items[i];
		bool fits = by_capability ? inputdev_is_capable(dev, class)
					  : inputdev_classify(list, dev) == class;

		if (fits && (!match || inputmatch_holds(match, dev)))
			found[count++] = dev;
	}
	return count;
}

/* One piece of hardware: siblings that can be told to be so by where they hang. */
static bool is_one_device(const struct inputdev **found, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (!found[0]->phys[0] || !inputdev_is_sibling(found[0], found[i]))
			return false;
	return true;
}

struct resolving {
	const struct guest *guest;
	struct inputdev_list list;
	const struct inputdev **found;
	struct inputmatch_choices *choices;
	struct guest_error *error;
};

static int complain(struct resolving *job, const char *const *field, bool is_keyboard, int code,
		    const char *what)
{
	struct guest_origin origin = guest_where(job->guest, field);

	snprintf(job->error->text, sizeof(job->error->text), "%s:%u: %s=: %s",
		 origin.file ? origin.file : "(built in)", origin.line,
		 is_keyboard ? "Keyboard" : "Mouse", what);
	return code;
}

static void add_choice(struct resolving *job, const struct guest_input *section,
		       const struct inputdev *dev, bool is_keyboard)
{
	struct inputmatch_choices *choices = job->choices;

	for (size_t i = 0; i < choices->count; i++)
		if (strcmp(choices->items[i].dev.node, dev->node) == 0)
			return;
	choices->items[choices->count++] = (struct inputmatch_choice){
		.dev = *dev,
		.section = section,
		.is_keyboard = is_keyboard,
		.has_toggle = is_keyboard && inputdev_has_toggle(dev, section->toggle),
	};
}

static int resolve_one(struct resolving *job, const struct guest_input *section,
		       const char *const *field, bool is_keyboard)
{
	enum inputdev_class class = is_keyboard ? INPUTDEV_KEYBOARD : INPUTDEV_MOUSE;
	const char *kind = is_keyboard ? "keyboard" : "mouse";
	char what[256], nodes[600], text[900];
	struct inputmatch match;
	size_t count;

	if (inputmatch_parse(*field, &match, what) < 0)
		return complain(job, field, is_keyboard, -EINVAL, what);
	count = find_nodes(&job->list, &match, class, false, job->found);
	if (count == 0 && !match.is_auto)
		count = find_nodes(&job->list, &match, class, true, job->found);
	if (count == 0) {
		count = find_nodes(&job->list, NULL, class, true, job->found);
		describe_all(job->found, count, nodes, sizeof(nodes));
		snprintf(text, sizeof(text),
			 "no %s fits \"%.80s\"; there %s%s: plug it in, or name one", kind, *field,
			 count ? "is " : "is none", nodes);
		return complain(job, field, is_keyboard, -ENODEV, text);
	}
	if (!is_one_device(job->found, count)) {
		describe_all(job->found, count, nodes, sizeof(nodes));
		snprintf(text, sizeof(text), "\"%.80s\" fits %zu of them, and one is wanted: %s",
			 *field, count, nodes);
		return complain(job, field, is_keyboard, -ENOTUNIQ, text);
	}
	for (size_t i = 0; i < count; i++)
		add_choice(job, section, job->found[i], is_keyboard);
	return 0;
}

int inputmatch_resolve(const struct host *host, const struct guest *guest,
		       struct inputmatch_choices *ret, struct guest_error *ret_error)
{
	_cleanup_inputmatch_choices_ struct inputmatch_choices choices = { 0 };
	_cleanup_inputdev_list_ struct inputdev_list list = { 0 };
	_cleanup_free_ const struct inputdev **found = NULL;
	struct resolving job = { .guest = guest, .choices = &choices, .error = ret_error };
	int r = inputdev_scan(host, &list);

	if (r < 0) {
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "the input devices of this machine cannot be listed: %s", strerror(-r));
		return r;
	}
	found = calloc(list.count + 1, sizeof(*found));
	choices.items = calloc(list.count + 1, sizeof(*choices.items));
	if (!found || !choices.items)
		return -ENOMEM;
	job.list = list;
	job.found = found;
	for (size_t i = 0; i < guest->input_count && r >= 0; i++) {
		const struct guest_input *section = guest->inputs[i];

		if (section->keyboard)
			r = resolve_one(&job, section, &section->keyboard, true);
		if (r >= 0 && section->mouse)
			r = resolve_one(&job, section, &section->mouse, false);
	}
	if (r < 0)
		return r;
	*ret = choices;
	choices = (struct inputmatch_choices){ 0 };
	return 0;
}

void inputmatch_choices_done(struct inputmatch_choices *choices)
{
	free(choices->items);
	*choices = (struct inputmatch_choices){ 0 };
}
