/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether QEMU will find what a guest needs: asked as the user that QEMU will run as. */
#pragma once

#include "guest.h"
#include "host.h"

/*
 * Looks at /dev/kvm, QEMU itself, firmware and variables, the ROM file, disks and CD-ROMs by
 * opening them as QEMU will; changes nothing. 0; -errno and the first thing found in ret_error,
 * with what to do.
 */
int preflight_run(const struct host *host, const struct guest *guest,
		  struct guest_error *ret_error);
