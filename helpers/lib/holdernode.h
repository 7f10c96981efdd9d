/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device nodes that belong to PCI functions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "host.h"
#include "pcidev.h"

/*
 * Theory of operation
 *
 * The nodes of a function are those whose place in sysfs lies below it: /sys/dev/char and
 * /sys/dev/block link every device number to that place, and the last PCI address in it is the
 * function's. Two kinds stand elsewhere: NVIDIA's and the vfio group's.
 *
 * Of NVIDIA's, /proc/driver/nvidia/gpus/BDF/information has the minor of a card's own. nvidiactl,
 * nvidia-modeset and nvidia-uvm serve all cards of that driver: an open one says nothing about this
 * card while a card that stays with the host is among them. Once none is, whoever has one of them
 * can mean no other (kwin_wayland keeps nvidia-modeset after it has let go of the card itself).
 *
 * Not counted: input nodes (jacks of a sound card), and character devices behind a USB controller:
 * both are unplugged under their users every day, and the kernel waits for nobody.
 */

#define HOLDERNODE_PATH_SIZE 64

struct holdernode {
	struct pciaddr addr; /* the function */
	unsigned major, minor;
	bool any_minor; /* the whole major (nvidia-uvm has a second node for tools) */
	bool block;
	char path[HOLDERNODE_PATH_SIZE]; /* "/dev/dri/card1" */
	unsigned long dev, inode; /* of the file at that path on the running machine; 0: none */
};

struct holdernode_list {
	struct holdernode *items;
	size_t count;
};

/* Nodes of COUNT functions. 0, -errno. */
int holdernode_find(const struct host *host, const struct pcidev *const *devs, size_t count,
		    struct holdernode_list *ret);
/* The node of a vfio group alone; ADDR is what it is said to belong to. No such group: empty. */
int holdernode_find_group(const struct host *host, unsigned group, const struct pciaddr *addr,
			  struct holdernode_list *nodes);
void holdernode_list_done(struct holdernode_list *list);
#define _cleanup_holdernode_list_ _cleanup_(holdernode_list_done)

/* "MAJOR:MINOR". 0, -EINVAL. */
int holdernode_parse_number(const char *text, unsigned *ret_major, unsigned *ret_minor);
