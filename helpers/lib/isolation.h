/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI functions of a guest: as they are, and as they were found. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "guest.h"
#include "holder.h"
#include "hostuse.h"
#include "iommu.h"
#include "isolationfunction.h"
#include "quirk.h"
#include "record.h"

struct isolation_device {
	const struct guest_device *config;
	const struct pcidev *dev; /* NULL: nothing is at that address */
	struct iommu_set set;	  /* when dev is not NULL */
};

struct isolation {
	struct pcidev_list list;
	struct isolation_device *devices; /* [GPU], then each [PCI] */
	size_t device_count;
	struct isolation_function *functions; /* in the order of taking: the GPU's own last */
	size_t count;
	/* By gate_look(): */
	struct holder_list holders; /* of the functions that are not on vfio-pci by our own hand */
	struct hostuse_list uses;   /* of the same */
	char polled[HOLDER_PATH_SIZE]; /* a node that is opened and closed all the time, see gate.h
					*/
	char leftover[PCIADDR_SIZE];   /* recorded, and not among functions; "" for none */
};

/*
 * Looks at all that the configuration names, and at what moves with it. RECORD is the guest's, or
 * NULL. 0, -errno of the reading. Nothing is judged here: an absent device has no functions.
 */
int isolation_observe(const struct host *host, const struct guest *guest,
		      const struct record *record, struct isolation *ret);
/*
 * The functions of a record as they are now, in the order of the record; no configuration is
 * needed. With LOCK_FD (see deadline.h; -1: only looked at) what a killed helper was writing to
 * them is waited for. 0; -EBADMSG: an object is no BDF, or a key is missing or too long; -errno of
 * the reading.
 */
int isolation_recall(const struct host *host, const struct record *record, int lock_fd,
		     struct isolation *ret);
/*
 * The functions that our udev rule has kept for GUEST since boot and that no guest has a record of:
 * what is left when the boot's preparation was refused. Empty for most guests. 0, -EBADMSG: the
 * file in /etc/vxm/prepared is not of its form, -errno of the reading.
 */
int isolation_recall_prepared(const struct host *host, const char *guest, struct isolation *ret);
/* Reads what a hand-over changes on a function; its driver comes from DEV. 0; -ETIMEDOUT and -errno
 * of pcidev_read_override(), with its *ret_pid (may be NULL): all but the override is read. */
int isolation_read_state(const struct host *host, const struct pcidev *dev,
			 struct isolation_state *ret, pid_t *ret_pid);
void isolation_done(struct isolation *iso);
#define _cleanup_isolation_ _cleanup_(isolation_done)

/* The first row of that kind that holds for any of the functions, and for which; or NULL. */
const struct quirk *isolation_find_quirk(const struct isolation *iso, enum quirk_action action,
					 const struct isolation_function **ret_function);
/*
 * Whether what is to stay on vfio-pci after the guest does: the card has come there whole, its
 * display function included. One that has not, for a start was killed, goes back like any other.
 */
bool isolation_is_kept(const struct isolation *iso);
/* Whether function I is the first one of its IOMMU group; false without a group. */
bool isolation_is_first_of_group(const struct isolation *iso, size_t i);
