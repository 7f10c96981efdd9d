/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input nodes (evdev) of the machine, and which of them are a keyboard or a mouse. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"

#define INPUTDEV_WORDS 12 /* 768 bits: KEY_MAX is 0x2ff */

enum inputdev_class {
	INPUTDEV_NEITHER,
	INPUTDEV_KEYBOARD,
	INPUTDEV_MOUSE,
};

struct inputdev {
	char node[24];	 /* "event3" */
	char parent[24]; /* "input17": counted up through a boot, never used twice */
	char path[48];	 /* "/dev/input/event3" */
	char name[256];	 /* as the device tells; may be "" */
	char phys[128];	 /* "usb-0000:00:14.0-2/input0"; "" for virtual ones */
	char uniq[128];	 /* serial number, or the Bluetooth address */
	uint16_t bus;	 /* BUS_USB 3, BUS_BLUETOOTH 5, BUS_VIRTUAL 6, BUS_I8042 0x11 */
	uint16_t vendor;
	uint16_t product;
	uint16_t version;
	bool is_virtual; /* no hardware behind it: made through uinput */
	uint64_t ev[1];
	uint64_t key[INPUTDEV_WORDS];
	uint64_t rel[1];
	uint64_t abs[1];
	uint64_t led[1];
	uint64_t prop[1];
};

struct inputdev_list {
	struct inputdev *items; /* by node number */
	size_t count;
};

/* All nodes of class input that are called eventN. 0, -errno; an unreadable node is left out. */
int inputdev_scan(const struct host *host, struct inputdev_list *ret);
void inputdev_list_done(struct inputdev_list *list);
#define _cleanup_inputdev_list_ _cleanup_(inputdev_list_done)

/*
 * What a person would call the node: the keyboard, the mouse, or neither (power buttons, media
 * keys, touchpads, tablets, virtual devices, and the keyboard that many a mouse pretends to be).
 * DEV is one of LIST, whose other nodes tell what device it belongs to. Judged by capabilities, bus
 * and names only: what it says NEITHER of can still be named in the configuration when it is
 * capable.
 */
enum inputdev_class inputdev_classify(const struct inputdev_list *list, const struct inputdev *dev);
/* Whether the node has a keyboard's keys (Esc, digits, Q to D) or a pointer's button and axes. */
bool inputdev_is_capable(const struct inputdev *dev, enum inputdev_class class);
/* Whether both are nodes of one piece of hardware, as far as bus, ids and phys can tell. */
bool inputdev_is_sibling(const struct inputdev *a, const struct inputdev *b);

/* Room for the name of a node's mark. */
#define INPUTDEV_MARK_SIZE 48
/* The mark for udevnode_mark(): "event3-input17". With the parent's number, which is never used
 * twice, a mark that outlives an unplugged device fits no other. Returns buf. */
const char *inputdev_mark(const struct inputdev *dev, char buf[static INPUTDEV_MARK_SIZE]);

/* Whether the node itself has a key (KEY_LEFTCTRL ...): code below 768. */
bool inputdev_has_key(const struct inputdev *dev, unsigned code);
/* Whether the node has all keys of QEMU's grab-toggle TOGGLE ("ctrl-ctrl"); QEMU sees a combination
 * only when both keys come from one node. False for a word that is none. */
bool inputdev_has_toggle(const struct inputdev *dev, const char *toggle);
/* Reads the kernel's text of a bit map: hexadecimal words, the highest first, "fffffffffffffffe
 * 7ffffff". 0, -EINVAL, -ERANGE when it has more words than COUNT. */
int inputdev_parse_bits(const char *text, uint64_t *ret, size_t count);
