/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input nodes (evdev) of the machine, and which of them are a keyboard or a mouse. */

/*
 * Theory of operation
 *
 * The first sieve is udev's own (systemd, udev-builtin-input_id.c): a keyboard has all of the keys
 * 1 to 31, a mouse a button and both relative axes. Hardware then lies in known ways, and the
 * second sieve is made of these:
 * - a mouse with macro buttons has a keyboard interface. Its name says "mouse", or it declares
 *   relative axes without a button, or its device has a mouse node on an earlier interface;
 * - a touchpad on I2C has a node "... Mouse" that is silent while the touchpad driver is bound;
 * - a keyboard has a node with buttons and axes that nobody can move;
 * - a pen tablet declares typing keys.
 * No list of models: a device that defeats this is named in the configuration.
 */
#include "inputdev.h"

#include <ctype.h>
#include <errno.h>
#include <linux/input.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "parse.h"
#include "sysfs.h"

int inputdev_parse_bits(const char *text, uint64_t *ret, size_t count)
{
	uint64_t words[INPUTDEV_WORDS + 1];
	size_t n = 0;

	for (const char *p = text; *p;) {
		size_t length = strcspn(p, " ");
		char word[20];
		int r;

		if (length == 0 || length >= sizeof(word))
			return -EINVAL;
		if (n == count || n == ARRAY_SIZE(words))
			return -ERANGE;
		memcpy(word, p, length);
		word[length] = '\0';
		r = parse_hex(word, 16, &words[n++]);
		if (r < 0)
			return r;
		p += length;
		p += strspn(p, " ");
	}
	if (n == 0)
		return -EINVAL;
	memset(ret, 0, count * sizeof(*ret));
	for (size_t i = 0; i < n; i++)
		ret[i] = words[n - 1 - i];
	return 0;
}

static bool has_bit(const uint64_t *bits, size_t count, unsigned bit)
{
	return bit < count * 64 && bits[bit / 64] >> (bit % 64) & 1;
}

bool inputdev_has_key(const struct inputdev *dev, unsigned code)
{
	return has_bit(dev->key, INPUTDEV_WORDS, code);
}

bool inputdev_has_toggle(const struct inputdev *dev, const char *toggle)
{
	static const struct {
		const char *word;
		unsigned keys[2];
	} pairs[] = {
		{ "ctrl-ctrl", { KEY_LEFTCTRL, KEY_RIGHTCTRL } },
		{ "alt-alt", { KEY_LEFTALT, KEY_RIGHTALT } },
		{ "shift-shift", { KEY_LEFTSHIFT, KEY_RIGHTSHIFT } },
		{ "meta-meta", { KEY_LEFTMETA, KEY_RIGHTMETA } },
		{ "scrolllock", { KEY_SCROLLLOCK, KEY_SCROLLLOCK } },
	};

	if (strcmp(toggle, "ctrl-scrolllock") == 0)
		return inputdev_has_key(dev, KEY_SCROLLLOCK) &&
		       (inputdev_has_key(dev, KEY_LEFTCTRL) ||
			inputdev_has_key(dev, KEY_RIGHTCTRL));
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (strcmp(toggle, pairs[i].word) == 0)
			return inputdev_has_key(dev, pairs[i].keys[0]) &&
			       inputdev_has_key(dev, pairs[i].keys[1]);
	return false;
}

static bool is_name_with(const struct inputdev *dev, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(dev->name, *words))
			return true;
	return false;
}

static bool is_named_keyboard(const struct inputdev *dev)
{
	static const char *const words[] = { "keyboard", "kbd", "keypad", NULL };

	return is_name_with(dev, words);
}

static bool is_named_pointer(const struct inputdev *dev)
{
	static const char *const words[] = { "mouse",	 "mice",       "trackball",
					     "touchpad", "trackpoint", NULL };

	return is_name_with(dev, words);
}

/* One receiver serves a keyboard and a mouse: neither interface pretends. */
static bool is_named_receiver(const struct inputdev *dev)
{
	static const char *const words[] = { "receiver", "transceiver", "dongle", "wireless",
					     "2.4g",	 "combo",	NULL };

	return is_name_with(dev, words);
}

static bool has_axes(const struct inputdev *dev)
{
	return has_bit(dev->rel, 1, REL_X) && has_bit(dev->rel, 1, REL_Y);
}

static bool has_buttons(const struct inputdev *dev)
{
	return inputdev_has_key(dev, BTN_LEFT);
}

bool inputdev_is_capable(const struct inputdev *dev, enum inputdev_class class)
{
	if (class == INPUTDEV_MOUSE)
		return has_buttons(dev) && has_axes(dev);
	if (class != INPUTDEV_KEYBOARD)
		return false;
	/* Bits 1 to 31, as systemd's input_id tests them. */
	return (dev->key[0] & 0xfffffffe) == 0xfffffffe;
}

/* The part of phys before "/input0". */
static size_t phys_length(const struct inputdev *dev)
{
	const char *slash = strrchr(dev->phys, '/');

	return slash ? (size_t)(slash - dev->phys) : strlen(dev->phys);
}

bool inputdev_is_sibling(const struct inputdev *a, const struct inputdev *b)
{
	size_t length = phys_length(a);

	return a->bus == b->bus && a->vendor == b->vendor && a->product == b->product &&
	       a->is_virtual == b->is_virtual && strcmp(a->uniq, b->uniq) == 0 &&
	       length == phys_length(b) && strncmp(a->phys, b->phys, length) == 0;
}

/* A full set of keys on a device whose mouse comes first, or has the very same name. */
static bool is_of_mouse(const struct inputdev_list *list, const struct inputdev *dev)
{
	if (is_named_keyboard(dev) || is_named_receiver(dev))
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct inputdev *other = &list->items[i];

		if (other == dev || !inputdev_is_capable(other, INPUTDEV_MOUSE) ||
		    inputdev_is_capable(other, INPUTDEV_KEYBOARD) ||
		    !inputdev_is_sibling(dev, other))
			continue;
		if (dev->phys[0] ? strcmp(other->phys, dev->phys) < 0
				 : strcmp(other->name, dev->name) == 0)
			return true;
	}
	return false;
}

static bool is_keyboard(const struct inputdev_list *list, const struct inputdev *dev)
{
	if (dev->bus == BUS_I2C && is_named_pointer(dev))
		return false;
	if (has_bit(dev->abs, 1, ABS_PRESSURE) || has_bit(dev->abs, 1, ABS_TILT_X))
		return false;
	if (has_axes(dev) && !has_buttons(dev))
		return false;
	if (is_named_pointer(dev) && !is_named_keyboard(dev) && !is_named_receiver(dev))
		return false;
	return !is_of_mouse(list, dev);
}

static bool is_mouse(const struct inputdev *dev)
{
	if (dev->bus == BUS_I2C && is_named_pointer(dev))
		return false;
	if (inputdev_has_key(dev, BTN_TOOL_FINGER) || has_bit(dev->prop, 1, INPUT_PROP_BUTTONPAD) ||
	    has_bit(dev->abs, 1, ABS_X))
		return false;
	return is_named_pointer(dev) || !is_named_keyboard(dev);
}

enum inputdev_class inputdev_classify(const struct inputdev_list *list, const struct inputdev *dev)
{
	/* virtio-input is on this bus too, with a phys of its own. */
	bool is_made_up = dev->is_virtual || (dev->bus == BUS_VIRTUAL && !dev->phys[0]) ||
			  strcasestr(dev->name, "virtual");

	if (is_made_up)
		return INPUTDEV_NEITHER;
	if (inputdev_is_capable(dev, INPUTDEV_KEYBOARD))
		return is_keyboard(list, dev) ? INPUTDEV_KEYBOARD : INPUTDEV_NEITHER;
	if (inputdev_is_capable(dev, INPUTDEV_MOUSE))
		return is_mouse(dev) ? INPUTDEV_MOUSE : INPUTDEV_NEITHER;
	return INPUTDEV_NEITHER;
}

const char *inputdev_mark(const struct inputdev *dev, char buf[static INPUTDEV_MARK_SIZE])
{
	snprintf(buf, INPUTDEV_MARK_SIZE, "%s-%s", dev->node, dev->parent);
	return buf;
}

static int read_id(const struct host *host, const char *node, const char *key, uint16_t *ret)
{
	uint64_t value;
	char text[16];
	int r;

	r = sysfs_read(host, text, sizeof(text), "class/input/%s/device/id/%s", node, key);
	if (r >= 0)
		r = parse_hex(text, 4, &value);
	if (r >= 0)
		*ret = (uint16_t)value;
	return r;
}

/* A text that is absent, or longer than the room for it, is "". */
static void read_word(const struct host *host, const char *node, const char *key, char *buf,
		      size_t size)
{
	if (sysfs_read(host, buf, size, "class/input/%s/device/%s", node, key) < 0)
		buf[0] = '\0';
}

static int read_bits(const struct host *host, const char *node, const char *key, uint64_t *ret,
		     size_t count)
{
	char text[512];
	int r = sysfs_read(host, text, sizeof(text), "class/input/%s/device/%s", node, key);

	return r < 0 ? r : inputdev_parse_bits(text, ret, count);
}

static int read_node(const struct host *host, const char *node, struct inputdev *ret)
{
	struct inputdev dev = { 0 };
	int r;

	snprintf(dev.node, sizeof(dev.node), "%s", node);
	snprintf(dev.path, sizeof(dev.path), "/dev/input/%s", dev.node);
	r = sysfs_read_link(host, dev.parent, sizeof(dev.parent), "class/input/%s/device", node);
	if (r >= 0)
		r = read_id(host, node, "bustype", &dev.bus);
	if (r >= 0)
		r = read_id(host, node, "vendor", &dev.vendor);
	if (r >= 0)
		r = read_id(host, node, "product", &dev.product);
	if (r >= 0)
		r = read_id(host, node, "version", &dev.version);
	if (r >= 0)
		r = read_bits(host, node, "capabilities/ev", dev.ev, ARRAY_SIZE(dev.ev));
	if (r >= 0)
		r = read_bits(host, node, "capabilities/key", dev.key, ARRAY_SIZE(dev.key));
	if (r >= 0)
		r = read_bits(host, node, "capabilities/rel", dev.rel, ARRAY_SIZE(dev.rel));
	if (r >= 0)
		r = read_bits(host, node, "capabilities/abs", dev.abs, ARRAY_SIZE(dev.abs));
	if (r >= 0)
		r = read_bits(host, node, "capabilities/led", dev.led, ARRAY_SIZE(dev.led));
	if (r >= 0)
		r = read_bits(host, node, "properties", dev.prop, ARRAY_SIZE(dev.prop));
	if (r < 0)
		return r;
	read_word(host, node, "name", dev.name, sizeof(dev.name));
	read_word(host, node, "phys", dev.phys, sizeof(dev.phys));
	read_word(host, node, "uniq", dev.uniq, sizeof(dev.uniq));
	/* What has hardware behind it hangs on that device; what uinput makes hangs on nothing. */
	dev.is_virtual = sysfs_exists(host, "class/input/%s/device/device", node) < 0;
	*ret = dev;
	return 0;
}

static int node_number(const char *name, unsigned *ret)
{
	return strncmp(name, "event", 5) == 0 ? parse_uint(name + 5, ret) : -EINVAL;
}

static int by_number(const void *a, const void *b)
{
	const struct inputdev *x = a, *y = b;
	unsigned m = 0, n = 0;

	(void)node_number(x->node, &m);
	(void)node_number(y->node, &n);
	return (m > n) - (m < n);
}

int inputdev_scan(const struct host *host, struct inputdev_list *ret)
{
	_cleanup_inputdev_list_ struct inputdev_list list = { 0 };
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	unsigned number;
	int r;

	r = sysfs_list(host, &names, "class/input");
	if (r < 0 && r != -ENOENT) /* a machine without any input device has no such class */
		return r;
	list.items = calloc(names.count + 1, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	for (size_t i = 0; i < names.count; i++) {
		if (node_number(names.items[i], &number) < 0)
			continue;
		if (read_node(host, names.items[i], &list.items[list.count]) >= 0)
			list.count++;
	}
	qsort(list.items, list.count, sizeof(*list.items), by_number);
	*ret = list;
	list = (struct inputdev_list){ 0 };
	return 0;
}

void inputdev_list_done(struct inputdev_list *list)
{
	free(list->items);
	*list = (struct inputdev_list){ 0 };
}
