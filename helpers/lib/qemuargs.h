/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a guest and what was observed of its host to QEMU's command line. */
#pragma once

#include "guest.h"
#include "qemuhost.h"
#include "strlist.h"

#define QEMUARGS_PROGRAM "/usr/bin/qemu-system-x86_64"

/*
 * Pure: nothing is read, opened or made. The two descriptors are listening sockets that QEMU is to
 * inherit. RET is empty before; its first item is the program. Good for QEMU 7.2 to 10.x. 0;
 * -EINVAL: a text of the configuration is not UTF-8; -E2BIG: more devices than the layout below has
 * places for; -ENOMEM.
 */
int qemuargs_build(const struct guest *guest, const struct qemuhost *observed, int control_fd,
		   int events_fd, struct strlist *ret);

/* What QEMU may have to lock, in bytes: the guest's RAM, shared memory (both are pinned for the
 * card's DMA, also when they are huge pages: drivers/vfio/vfio_iommu_type1.c counts them in
 * locked_vm), and 1 GiB for what else is mapped, as libvirt reckons. */
uint64_t qemuargs_memlock(const struct guest *guest);
