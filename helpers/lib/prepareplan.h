/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PCI functions a prepared guest is to be given at boot. */
#pragma once

#include <stdbool.h>

#include "guestspec.h"
#include "host.h"
#include "pcidev.h"
#include "prepared.h"

/*
 * What the devices of GUEST are now: each function that moves, with its driver; or, where that is
 * vfio-pci or none, the driver that BEFORE has for the same function. 0; -ENOENT: a device is
 * absent; -ENODEV: another device lies at its address; -ENOMEM. ret_wrong is the section concerned
 * (NULL for -ENOMEM).
 */
int prepareplan_observe(const struct pcidev_list *list, const struct guest *guest,
			const struct prepared *before, struct prepared *ret,
			const struct guest_device **ret_wrong);

/* A function of LIST with these ids, or NULL. */
const struct pcidev *prepareplan_find(const struct pcidev_list *list, const struct pciids *ids);

/* The kernel's log takes lines of less than 1 KiB. */
#define PREPAREPLAN_WARNING_SIZE 768

/*
 * The functions to write rules for: those on record; without a record what the configuration names,
 * if there is no doubt which device is meant. 0, and *ret is empty when nothing is to be taken, now
 * or when it appears; -errno of the reading. ret_warning is what people have to be told, or "".
 */
int prepareplan_make(const struct host *host, const struct guest *guest, struct prepared *ret,
		     char ret_warning[static PREPAREPLAN_WARNING_SIZE]);
/*
 * The same for an initramfs, whose rules compare for themselves, with the machine as it will be: a
 * record is handed out as it is.
 */
int prepareplan_make_initramfs(const struct host *host, const struct guest *guest,
			       struct prepared *ret,
			       char ret_warning[static PREPAREPLAN_WARNING_SIZE]);

/* Whether NAME's devices are where they were meant to be, so that it can be prepared at this boot;
 * true as well when that cannot be told, for its files are wrong: whoever asks will meet that. */
bool prepareplan_is_possible(const struct host *host, const char *name);
