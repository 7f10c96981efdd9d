/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes hold device nodes of a PCI function. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "host.h"
#include "pcidev.h"

/*
 * Theory of operation
 *
 * The kernel's remove of a GPU, sound or i2c driver waits, for ever and beyond SIGKILL, until the
 * last descriptor of its nodes is closed (i2c_del_adapter, snd_card_free, nvidia's remove), and
 * vfio-pci's waits for the virtual machine. So before anything is written, whoever holds such a
 * node is found and named.
 *
 * The nodes of a function are those whose place in sysfs lies below it: /sys/dev/char and
 * /sys/dev/block link every device number to that place, and the last PCI address in it is the
 * function's. Two kinds stand elsewhere: NVIDIA's (/proc/driver/nvidia/gpus/BDF/information has the
 * minor; nvidiactl, nvidia-modeset and nvidia-uvm are shared by all cards and no proof) and the
 * vfio group's. Not counted: input nodes (jacks of a sound card), and character devices behind a
 * USB controller: both are unplugged under their users every day, and the kernel waits for nobody.
 *
 * Descriptors are compared by device number, not by name, so a node under another name, in a
 * container for instance, is the same node; on a recorded machine by name, for its links lead
 * nowhere.
 */

#define HOLDER_PATH_SIZE 64
#define HOLDER_UNIT_SIZE 128

struct holder {
	pid_t pid;
	char comm[32];
	char unit[HOLDER_UNIT_SIZE]; /* innermost service or scope of its cgroup; "" for none */
	char path[HOLDER_PATH_SIZE]; /* "/dev/dri/card1" */
	struct pciaddr addr;	     /* the function that the node belongs to */
};

struct holder_list {
	struct holder *items; /* by process, each with every node once */
	size_t count;
	size_t unseen; /* processes that we were not allowed to look into */
};

/* Holders of the nodes of COUNT functions. 0, -errno. */
int holder_scan(const struct host *host, const struct pcidev *const *devs, size_t count,
		struct holder_list *ret);
/* Holders of the vfio group's node alone. */
int holder_scan_group(const struct host *host, unsigned group, struct holder_list *ret);
void holder_list_done(struct holder_list *list);
#define _cleanup_holder_list_ _cleanup_(holder_list_done)

/*
 * Waits until no process holds the vfio group's node, on the pidfd of each that does. 0;
 * -ETIMEDOUT: ret_last still does; on a recorded machine at once. -errno. It is meant for a virtual
 * machine that was killed: its descriptors are closed before its pidfd says so.
 */
int holder_await_group(const struct host *host, unsigned group, unsigned timeout_ms,
		       struct holder *ret_last);
