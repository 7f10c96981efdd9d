/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitors that are reached over DDC/CI, and the input that each shows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "edid.h"

/*
 * Everything here talks to hardware that may be slow, deaf or wedged: a scan takes about a second
 * for each monitor, a read half a second, and a bus that hangs holds the process in the kernel.
 * Call it in a child of deadline_run(). One thread, one scan for each process.
 */

#define MONITOR_MAX 32

struct monitor {
	struct edid edid;
	char identity[EDID_IDENTITY_SIZE]; /* edid_format() */
	int bus;			   /* N of /dev/i2c-N */
	bool has_ddc;			   /* it answered over DDC/CI during the scan */
	void *ref;			   /* the library's */
};

struct monitor_list {
	struct monitor items[MONITOR_MAX];
	size_t count;
};

/* All monitors with an EDID on an I2C bus, deaf ones too. A monitor cabled twice is there twice. 0;
 * -ELIBACC: libddcutil cannot be loaded; -EIO: it could not start (no /dev/i2c-N is no error: the
 * list is empty). */
int monitor_scan(struct monitor_list *ret);

/*
 * The one monitor of the maker and product, and of the serial (text or number; NULL: any). 0 and
 * the first entry that answers, or the first; -ENODEV: there is none; -ENOTUNIQ: there are several,
 * and they are not one monitor on two cables.
 */
int monitor_find(const struct monitor_list *list, const char *maker, uint16_t product,
		 const char *serial, const struct monitor **ret);

/*
 * VCP feature 0x60, one byte as of MCCS 2.2. 0; -ENXIO: it does not answer over DDC/CI (its menu
 * may have that off, or it is deaf on an input that it does not show); -EBUSY: another program
 * holds the bus, retried for about two seconds; -EOPNOTSUPP: it has no such feature; -ENODATA: it
 * answers 0, as some do whatever they show; -ENODEV: it is gone; -EIO: anything else.
 */
int monitor_get_input(const struct monitor *monitor, uint8_t *ret);

enum monitor_outcome {
	MONITOR_SWITCHED,    /* read back: it shows that input */
	MONITOR_UNCONFIRMED, /* it took the command and cannot be read now, as many that show
				another input */
	MONITOR_IGNORED,     /* it answers, and shows another input */
};

/* Sets the input, and reads it back, which no version of the library does for this feature. 0 and
 * the outcome, or -errno as above: it did not take the command. */
int monitor_set_input(const struct monitor *monitor, uint8_t value, enum monitor_outcome *ret);

/*
 * Waits two seconds. A monitor that finds no signal on its new input shows it for some seconds all
 * the same, and may then go back to the one before: what it shows has to be asked again.
 */
void monitor_wait(void);

/* "dp-1" for 0x0f, as MCCS 2.2 names the values; NULL for one that it does not. */
const char *monitor_input_name(uint8_t value);
/* What an errno of this module means, for people. */
const char *monitor_strerror(int error);
