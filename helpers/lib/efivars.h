/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's own UEFI variables: copied from the firmware's template once, and kept for ever. */
#pragma once

#include "firmware.h"
#include "guest.h"
#include "host.h"

/* In /var/lib/vxm/GUEST. */
#define EFIVARS_FILE "OVMF_VARS.fd"

/*
 * Makes /var/lib/vxm/NAME/OVMF_VARS.fd from TEMPLATE unless it is there, and checks that it fits: a
 * guest's variables hold its secure boot keys and boot entries (BitLocker depends on them), so they
 * are never written over, and firmware of another size would find garbage. 1 made, 0 was there;
 * -ENOENT, -EACCES ...: of the template or the directory; -EMEDIUMTYPE: it does not fit. ret_error
 * says which, and the way out.
 */
int efivars_make(const struct host *host, const char *name, const struct firmware_file *template,
		 struct guest_error *ret_error);

/* The same without making anything: what is there fits, or there is nothing and the template can be
 * read. */
int efivars_check(const struct host *host, const char *name, const struct firmware_file *template,
		  struct guest_error *ret_error);
