/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes hold device nodes of a PCI function. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "holdernode.h"
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
 * Which nodes those are: holdernode.h; how processes are looked through: procscan.h.
 */

#define HOLDER_PATH_SIZE HOLDERNODE_PATH_SIZE
#define HOLDER_UNIT_SIZE 128

struct holder {
	pid_t pid;
	char comm[32];
	char unit[HOLDER_UNIT_SIZE]; /* innermost service or scope of its cgroup; "" for none */
	bool of_user;		     /* that unit is one of a person's session */
	char path[HOLDER_PATH_SIZE]; /* "/dev/dri/card1" */
	bool mapped;		     /* by a mapping: the descriptor is closed */
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
/* "Xorg (pid 812, display-manager.service) through /dev/dri/card1", in BUF. */
#define HOLDER_TEXT_SIZE 320
const char *holder_format(const struct holder *holder, char buf[static HOLDER_TEXT_SIZE]);
/* What ends it: "systemctl stop nvidia-persistenced.service, or ...", in BUF. */
const char *holder_remedy(const struct holder *holder, char buf[static HOLDER_TEXT_SIZE]);
void holder_list_done(struct holder_list *list);
#define _cleanup_holder_list_ _cleanup_(holder_list_done)

/*
 * Waits until no process holds the vfio group's node, on the pidfd of each that does. 0;
 * -ETIMEDOUT: ret_last still does; on a recorded machine at once. -errno. It is meant for a virtual
 * machine that was killed: its descriptors are closed before its pidfd says so.
 */
int holder_await_group(const struct host *host, unsigned group, unsigned timeout_ms,
		       struct holder *ret_last);
