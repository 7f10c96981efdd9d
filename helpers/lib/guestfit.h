/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the machine has, now, all that a guest's file asks for beside its cards. */
#pragma once

#include "guest.h"
#include "reason.h"
#include "strlist.h"

/*
 * Asks what vxm-check@.service would ask before a start: the claim on the devices, the units made
 * of the file, pages, keyboards and mice, disks and firmware as the user vxm (as root in a child
 * that becomes it; without root what is vxm's is unseen). A refusal of the devices whose code
 * is in KNOWN is not said again. Changes nothing.
 */
void guestfit_run(const struct host *host, const struct guest *guest, const struct strlist *known,
		  struct reason_list *reasons);
