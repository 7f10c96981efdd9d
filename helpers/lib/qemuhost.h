/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line of a guest needs to know of the machine it runs on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "firmware.h"
#include "guest.h"
#include "host.h"
#include "pciaddr.h"

struct qemuhost {
	struct firmware firmware;
	struct pciaddr *gpu; /* the functions that move with [GPU] Device=, by address */
	size_t gpu_count;
	bool *disk_is_block; /* for each of guest->disks: the path is a block device */
	bool *cdrom_is_block;
	bool is_amd;	   /* the CPU's vendor is AMD (or Hygon, its licensee) */
	unsigned threads;  /* threads a core that the guest is to see: a divisor of its CPUs= */
	bool has_io_uring; /* the kernel lets an unprivileged process have a ring */
};

/*
 * 0 and *ret, to be released by qemuhost_done(). On failure ret_error says what is missing and the
 * way out: -ENOENT: no firmware of the kind, or no function at the GPU's address; -errno. A disk
 * that is not there counts as a file: guestcheck() is who complains.
 */
int qemuhost_observe(const struct host *host, const struct guest *guest, struct qemuhost *ret,
		     struct guest_error *ret_error);
/* The firmware alone. */
int qemuhost_observe_firmware(const struct host *host, const struct guest *guest,
			      struct qemuhost *observed, struct guest_error *ret_error);
void qemuhost_done(struct qemuhost *observed);
#define _cleanup_qemuhost_ _cleanup_(qemuhost_done)
