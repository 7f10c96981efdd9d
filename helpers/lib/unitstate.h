/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd says of a unit, over its bus. */
#pragma once

/*
 * Whether UNIT ("vxm-guest@win11.service") is active on the running machine: 1, or 0 for every
 * other state, a unit that is not loaded included. -errno of the bus.
 */
int unitstate_is_active(const char *unit);
/* 1 also while it comes up or reads its configuration anew, 0 once it goes down; else the same. */
int unitstate_is_running(const char *unit);
/* The same of the guest NAME's unit, vxm-guest@NAME.service. */
int unitstate_guest_is_active(const char *name);
