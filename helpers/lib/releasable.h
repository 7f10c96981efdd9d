/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which holders of a guest's card a start would ask to let go of it. */
#pragma once

#include "release.h"

/*
 * Whether a start would ask HOLDER, one of HOLDERS, to let go: its unit is one of Services=, or,
 * with Session=release, it has the card's own DRM node, which compositors have. Their clients,
 * which have no more than a render node, do not follow udev's events, and are not.
 */
bool releasable_is_asked(const struct guest *guest, const struct holder_list *holders,
			 const struct holder *holder);
/*
 * For a check, which asks nobody: takes those out of ISO, with what they show on the card's
 * outputs, and tells of each. Without memory nothing is taken out.
 */
void releasable_set_aside(const struct guest *guest, struct isolation *iso, tell_function tell);
