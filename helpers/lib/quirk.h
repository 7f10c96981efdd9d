/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known quirks: devices, drivers and kernels that a hand-over goes wrong with. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcidev.h"

/*
 * The table (quirktable.c) is data: a row says which functions it is about, on which kernels and
 * with which driver, what goes wrong, what a person can do, and who has reported it. What a row
 * leaves out holds for all. A range of versions begins with the first and ends before the last.
 */
enum quirk_action {
	QUIRK_WARNS,
	QUIRK_KEEPS,   /* the return goes wrong: the card stays on vfio-pci, as with Release=keep */
	QUIRK_REFUSES, /* the hand-over would fail, and is not tried */
};

struct quirk {
	enum quirk_action action;
	uint16_t vendor;
	uint16_t device_first, device_last; /* both 0: any */
	uint16_t class;	    /* 0x0302; 0: any. One that ends in ff: the base class */
	const char *driver; /* the host's, by its exact name */
	const char *driver_from, *driver_before;
	const char *kernel_from, *kernel_before;
	bool boot_display;	      /* only the card that firmware and console are on */
	unsigned bar_over_mib;	      /* only when a BAR is larger than this */
	const char *unless_reset;     /* not when reset_method has this word */
	const char *unless_parameter; /* not when this parameter of vfio-pci is Y */
	const char *text;	      /* what goes wrong, after the address and a colon */
	const char *fix;	      /* what to do */
	const char *source;	      /* URL of who reports it */
};

/* What the rows ask about. Unknown is "" and 0; a row that needs it does not match then. */
struct quirk_subject {
	struct pciids ids;
	uint32_t class;
	bool boot_display;
	char driver[PCIDEV_DRIVER_SIZE];
	char driver_version[64];
	char kernel[128];
	char reset_method[128];
	char parameters[256]; /* those of vfio-pci that are Y, with a blank before and after each */
	uint64_t bar_mib;     /* the largest */
};

/* The most that hold for one function; further ones are not told. */
#define QUIRK_LIMIT 8

const struct quirk *quirk_table(size_t *ret_count);

/*
 * The first numbers of a version, up to four: "6.12.23-1-lts" is 6, 12, 23, 0. 0; -EINVAL: it does
 * not begin with a number; -ERANGE.
 */
int quirk_parse_version(const char *text, unsigned ret[4]);
/* Pure. */
bool quirk_is_about(const struct quirk *quirk, const struct quirk_subject *subject);

/* DRIVER is the host's own one of DEV, also when vfio-pci has it now. */
void quirk_observe(const struct host *host, const struct pcidev *dev, const char *driver,
		   struct quirk_subject *ret);
/* The rows that hold for DEV: how many. */
size_t quirk_find(const struct host *host, const struct pcidev *dev, const char *driver,
		  const struct quirk *ret[QUIRK_LIMIT]);
