/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that are made ready at boot: which they are, and the PCI functions that were meant. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "guestspec.h"
#include "host.h"
#include "pciaddr.h"

/*
 * Theory of operation
 *
 * A guest is prepared when its vxm-prepare@NAME.target is enabled, that is, linked into a .wants or
 * .requires directory of systemd. At boot the generator writes udev rules that keep the host's
 * drivers away from its functions, and those rules may only take what was meant when the target was
 * enabled: address, vendor, device and subsystem. So that has to be on record before the boot, and
 * where the generator can read it: it runs before /var is mounted, and systemd from 254 on makes
 * everything but /run read-only to it (manager_execute_generators()), so it can read a record in
 * /etc and make none. vxm-prepare(8) makes it when the guest's devices are first handed over after
 * that, by `systemctl enable --now` or the next boot; prepareplan.c says what holds until then.
 *
 * The file is /etc/vxm/prepared/NAME. A line is "ADDRESS IDS DRIVER": 0000:01:00.0
 * 10de:2684:1043:88e2 nvidia, the driver being the one that the function had without us ("-":
 * none, or nobody has seen it). A line that begins with # is a comment.
 */

#define PREPARED_DIRECTORY   "etc/vxm/prepared"
#define PREPARED_DRIVER_SIZE 64

struct prepared_function {
	struct pciaddr addr;
	struct pciids ids;		   /* has_subsystem is true */
	char driver[PREPARED_DRIVER_SIZE]; /* "": not known */
};

struct prepared {
	struct prepared_function *items; /* by address */
	size_t count;
};

/* Whether the guest's target is enabled: 1, 0; a masked one is not. -EINVAL: no guest's name;
 * -errno of the reading. */
int prepared_is_enabled(const struct host *host, const char *name);
/* Names of all guests whose target is enabled, in byte order, whether or not they have a file. */
int prepared_list(const struct host *host, struct strlist *ret);

/* 0; -ENOENT: nothing is on record; -EBADMSG: the file is not of the form above; -errno. */
int prepared_read(const struct host *host, const char *name, struct prepared *ret);
/* Atomic. -errno, and the earlier file stands. */
int prepared_write(const struct host *host, const char *name, const struct prepared *prepared);
/* Whether the target was enabled again since the record was made, so that the record says what was
 * meant before: 1, 0; -ENOENT: nothing is on record; -errno. */
int prepared_is_renewed(const struct host *host, const char *name);
void prepared_done(struct prepared *prepared);
#define _cleanup_prepared_ _cleanup_(prepared_done)

/* Adds a function, or replaces the one of that address. 0, -ENOMEM. */
int prepared_add(struct prepared *prepared, const struct prepared_function *function);
/* NULL when the address is not on record. */
const struct prepared_function *prepared_find(const struct prepared *prepared,
					      const struct pciaddr *addr);
/* Whether the devices of GUEST are all on record with the identities that it gives them. */
bool prepared_is_meant(const struct prepared *prepared, const struct guest *guest);
