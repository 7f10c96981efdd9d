/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a guest's PCI functions cannot be handed over: the first reason, told to a person. */
#pragma once

#include <stdbool.h>

#include "guest.h"
#include "isolation.h"

/*
 * The order of the questions is that of what a person has to put right first: is it there, is it
 * the right one, may this kind move at all, does somebody have it, does the IOMMU allow it, does
 * the host keep a screen, is it in use now.
 */
enum refusal_code {
	REFUSAL_NONE,
	REFUSAL_LEFTOVER, /* an earlier start took what the configuration no longer names */
	REFUSAL_ABSENT,
	REFUSAL_IDENTITY,
	REFUSAL_KIND,  /* no display, a bridge */
	REFUSAL_STUCK, /* the kernel lets nobody at it, see devicelock.h */
	REFUSAL_VIRTUAL_FUNCTIONS,
	REFUSAL_REMOVABLE,
	REFUSAL_QUIRK,	/* known not to work, see quirk.h */
	REFUSAL_TUNING, /* BAR= or Reset= asks for what it does not offer */
	REFUSAL_CLAIMED,
	REFUSAL_NO_IOMMU,
	REFUSAL_FOREIGN,
	REFUSAL_ONLY_GPU,
	REFUSAL_BOOT_DISPLAY,
	REFUSAL_HELD, /* a process has a node open */
	REFUSAL_USED, /* the machine itself: a mount, a route, the console */
};

struct refusal {
	enum refusal_code code;
	char text[2048]; /* one sentence with the object, the reason and the way out, without a full
			    stop */
	/* Who was asked to let go could not be told that nothing came of it: that is left, on
	 * record, for a stop. */
	bool unsettled;
};

/* Pure. True when there is a reason. */
bool refusal_find(const struct guest *guest, const struct isolation *iso, struct refusal *ret);
/* "foreign-member", for --json. */
const char *refusal_word(enum refusal_code code);
