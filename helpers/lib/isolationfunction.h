/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One PCI function of a guest: as it is, and as it was found. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "barsize.h"
#include "devicelock.h"
#include "guestspec.h"
#include "pcidev.h"
#include "quirk.h"

/* The driver that hands a function to a guest. */
#define ISOLATION_DRIVER "vfio-pci"
/* A home driver "whichever the kernel picks": of a function that our udev rule kept from every
 * driver since boot. */
#define ISOLATION_ANY "*"

/* What a hand-over changes on a function. In power and d3cold "" is an attribute that the function
 * lacks, or whose value is not known; an empty reset_method is a value of its own: no method. */
struct isolation_state {
	char driver[PCIDEV_DRIVER_SIZE];   /* "": none */
	char override[PCIDEV_DRIVER_SIZE]; /* "": unset */
	char power[16];			   /* power/control: vfio-pci sets "auto" at bind and
					      "on" at unbind (vfio_pci_core.c) */
	char d3cold[16];		   /* d3cold_allowed */
	char reset_method[128];
	bool has_reset_method;
	uint64_t
		bar_mib[BARSIZE_COUNT]; /* 0: not looked at, for nobody sets it; or not resizable */
};

/* What a hand-over changes on the port above a function; "" is an attribute that it lacks. */
struct isolation_power {
	char control[16]; /* power/control */
	char d3cold[16];  /* d3cold_allowed */
};

struct isolation_function {
	struct pcidev dev;		   /* as it is now */
	const struct guest_device *config; /* the section it moves with; NULL when it comes from a
					      record alone */
	struct isolation_state now;
	struct isolation_state found;  /* before this guest had it */
	char home[PCIDEV_DRIVER_SIZE]; /* the driver it goes back to: "" none, ISOLATION_ANY */
	bool keep;		       /* it stays on vfio-pci after the guest */
	bool recorded;		       /* found and home come from this guest's record */
	bool present;		       /* there is such a function now; of a record only */
	bool stuck;		       /* the kernel lets nobody at it, see devicelock.h */
	char sleeper[DEVICELOCK_SLEEPER_SIZE]; /* of ours, who waits for it then, or "" */
	char owner[GUEST_NAME_SIZE];	       /* another guest that has it, or "" */
	uint64_t bar_offered[BARSIZE_COUNT];   /* of those that BAR= names, see barsize.h */
	bool has_port;			       /* there is a port above it that this guest sets */
	struct pciaddr port;
	struct isolation_power port_now, port_found;
	const struct quirk *quirks[QUIRK_LIMIT]; /* that hold for it; none of isolation_recall() */
	size_t quirk_count;
};
