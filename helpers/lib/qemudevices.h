/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a guest as arguments of QEMU: cards, disks, network, input. */
#pragma once

#include "guest.h"
#include "qemuhost.h"
#include "strlist.h"

/*
 * Places on the guest's bus pcie.0 (hexadecimal). They are fixed, so that adding a disk moves no
 * other device: Windows takes a device in another place for a new one, with new settings.
 *
 *   01    the port of the GPU            13    keyboard        17    further SATA controllers
 *   02-0f ports of [PCI], 8 a slot       14    mouse           18-1e virtio-blk and NVMe, 8 a slot
 *   10    SCSI controller                15    USB             1f    the chip set's own
 *   11    network card                   16    shared memory
 *   12    random numbers
 *
 * All return 0, -EINVAL, -E2BIG, -ENOMEM as qemuargs_build() does.
 */
/* The functions of the GPU and of [PCI]. */
int qemudevices_add_passed(struct strlist *argv, const struct guest *guest,
			   const struct qemuhost *observed);
int qemudevices_add_disks(struct strlist *argv, const struct guest *guest,
			  const struct qemuhost *observed);
int qemudevices_add_network(struct strlist *argv, const struct guest *guest);
/* Random numbers, USB, and where [Input] is configured what its keys arrive at. */
int qemudevices_add_basics(struct strlist *argv, const struct guest *guest);
int qemudevices_add_looking_glass(struct strlist *argv, const struct guest *guest);

/* A number made from the guest's name that stays the same for ever (FNV-1a, started with SEED). */
uint64_t qemudevices_hash(const char *name, uint64_t seed);
