/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitors that are reached over DDC/CI, and the input that each shows. */

/*
 * Theory of operation
 *
 * The only module that knows libddcutil, whose interface changed from 1.x to 2.x. What is used here
 * is the part that both have; where they differ:
 * - 2.x wants ddca_init() first and once, else it reads the configuration file of whoever runs it;
 * - 2.x takes an flock on /dev/i2c-N against other programs (a desktop's brightness service), so
 *   "locked" is an answer that passes, and is tried again.
 *
 * It is loaded by dlopen() at the first scan. 1.4 starts a thread as soon as it is loaded, which a
 * fork() would leave behind with its locks held: a child of a process that is linked with it can
 * hang for ever (seen). It also writes to stdout then, and takes X11 and USB libraries along, for
 * which condition and identify have no use.
 *
 * DDCRC_OK of a write says that bytes were sent. The library never verifies feature 0x60, its own
 * switch for that notwithstanding, so the value is read back here. A monitor takes up to seconds to
 * change inputs, and then may be deaf on this cable: that is why there are three outcomes.
 *
 * The waits between tries are timeouts of poll(): there is no event for "the monitor is ready".
 */
#include "monitor.h"

#include <ddcutil_c_api.h>
#include <ddcutil_macros.h>
#include <ddcutil_status_codes.h>
#include <ddcutil_types.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

#include "cleanup.h"

#define MONITOR_FEATURE_INPUT 0x60

/* A bus in use: ten times 200 ms. */
#define MONITOR_BUSY_TRIES    10
#define MONITOR_BUSY_PAUSE_MS 200
/* Reading back: the monitor is changing its input meanwhile. */
#define MONITOR_READ_TRIES    4
#define MONITOR_READ_PAUSE_MS 700
#define MONITOR_WAIT_MS	      2000

/* The library's binary interface is its major version's. */
#if DDCUTIL_VMAJOR >= 2
#define MONITOR_LIBRARY "libddcutil.so.5"
#else
#define MONITOR_LIBRARY "libddcutil.so.4"
#endif

#define MONITOR_FUNCTION(name) __typeof__(name) *name

static struct {
#if DDCUTIL_VMAJOR >= 2
	MONITOR_FUNCTION(ddca_init);
#endif
	MONITOR_FUNCTION(ddca_set_fout);
	MONITOR_FUNCTION(ddca_set_ferr);
	MONITOR_FUNCTION(ddca_get_display_info_list2);
	MONITOR_FUNCTION(ddca_free_display_info_list);
	MONITOR_FUNCTION(ddca_open_display2);
	MONITOR_FUNCTION(ddca_close_display);
	MONITOR_FUNCTION(ddca_get_non_table_vcp_value);
	MONITOR_FUNCTION(ddca_set_non_table_vcp_value);
} library;

#define MONITOR_LOAD(handle, name) (library.name = (__typeof__(library.name))dlsym(handle, #name))

static int load_library(void)
{
	/* Never closed: its thread runs in it. */
	void *handle = dlopen(MONITOR_LIBRARY, RTLD_NOW);

	/* What it said while it was loaded is still in the buffer, unless stdout is a terminal. */
	__fpurge(stdout);
	if (!handle || !MONITOR_LOAD(handle, ddca_set_fout) ||
	    !MONITOR_LOAD(handle, ddca_set_ferr) ||
	    !MONITOR_LOAD(handle, ddca_get_display_info_list2) ||
	    !MONITOR_LOAD(handle, ddca_free_display_info_list) ||
	    !MONITOR_LOAD(handle, ddca_open_display2) ||
	    !MONITOR_LOAD(handle, ddca_close_display) ||
	    !MONITOR_LOAD(handle, ddca_get_non_table_vcp_value) ||
	    !MONITOR_LOAD(handle, ddca_set_non_table_vcp_value))
		return -ELIBACC;
#if DDCUTIL_VMAJOR >= 2
	if (!MONITOR_LOAD(handle, ddca_init))
		return -ELIBACC;
#endif
	return 0;
}

static int start_library(void)
{
	int r = load_library();

	if (r < 0)
		return r;
#if DDCUTIL_VMAJOR >= 2
	if (library.ddca_init(NULL, DDCA_SYSLOG_NEVER, DDCA_INIT_OPTIONS_DISABLE_CONFIG_FILE) !=
	    DDCRC_OK)
		return -EIO;
#endif
	/* It reports to stdout and stderr on its own account (2.2: a page for a bus without a DRM
	 * connector). */
	library.ddca_set_fout(NULL);
	library.ddca_set_ferr(NULL);
	return 0;
}

static void pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

static bool is_busy(DDCA_Status status)
{
#if DDCUTIL_VMAJOR >= 2
	if (status == DDCRC_FLOCKED)
		return true;
#endif
	return status == DDCRC_LOCKED || status == DDCRC_ALREADY_OPEN || status == -EBUSY;
}

static int to_errno(DDCA_Status status)
{
#if DDCUTIL_VMAJOR >= 2
	if (status == DDCRC_DISCONNECTED)
		return -ENODEV;
#endif
	if (is_busy(status))
		return -EBUSY;
	switch (status) {
	case DDCRC_OK:
		return 0;
	case DDCRC_REPORTED_UNSUPPORTED:
	case DDCRC_DETERMINED_UNSUPPORTED:
		return -EOPNOTSUPP;
	case -ENOENT:
	case -ENODEV:
		return -ENODEV;
	case DDCRC_ARG:
	case DDCRC_INTERNAL_ERROR:
	case DDCRC_UNINITIALIZED:
	case -EACCES:
	case -EPERM:
		return -EIO;
	default: /* no reply, or one that makes no sense: all the same to the caller */
		return -ENXIO;
	}
}

int monitor_scan(struct monitor_list *ret)
{
	DDCA_Display_Info_List *found = NULL;
	struct monitor_list list = { .count = 0 };
	int r = start_library();

	if (r < 0)
		return r;
	if (library.ddca_get_display_info_list2(true, &found) != DDCRC_OK || !found)
		return -EIO;
	for (int i = 0; i < found->ct && list.count < MONITOR_MAX; i++) {
		const DDCA_Display_Info *info = &found->info[i];
		struct monitor *monitor = &list.items[list.count];

		if (info->path.io_mode != DDCA_IO_I2C)
			continue;
		edid_parse(info->edid_bytes, sizeof(info->edid_bytes), &monitor->edid);
		if (!monitor->edid.is_usable)
			continue;
		edid_format(&monitor->edid, monitor->identity);
		monitor->bus = info->path.path.i2c_busno;
		monitor->has_ddc = info->dispno > 0;
		monitor->ref = info->dref;
		list.count++;
	}
	library.ddca_free_display_info_list(found);
	*ret = list;
	return 0;
}

int monitor_find(const struct monitor_list *list, const char *maker, uint16_t product,
		 const char *serial, const struct monitor **ret)
{
	const struct monitor *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct monitor *monitor = &list->items[i];

		if (!edid_is(&monitor->edid, maker, product, serial))
			continue;
		if (found && !edid_is_same_monitor(&found->edid, &monitor->edid))
			return -ENOTUNIQ;
		if (!found || (monitor->has_ddc && !found->has_ddc))
			found = monitor;
	}
	if (!found)
		return -ENODEV;
	*ret = found;
	return 0;
}

/* Opens the monitor, and tries again while another program has its bus. */
static int open_monitor(const struct monitor *monitor, DDCA_Display_Handle *ret)
{
	DDCA_Status status = DDCRC_OK;

	for (int i = 0; i < MONITOR_BUSY_TRIES; i++) {
		status = library.ddca_open_display2(monitor->ref, false, ret);
		if (!is_busy(status))
			break;
		pause_ms(MONITOR_BUSY_PAUSE_MS);
	}
	return to_errno(status);
}

/* One exchange, tried again while the bus is busy. VALUE is written, or when NULL read to RET. */
static int exchange(const struct monitor *monitor, const uint8_t *value, uint8_t *ret)
{
	DDCA_Non_Table_Vcp_Value answer = { 0 };
	DDCA_Status status = DDCRC_OK;
	DDCA_Display_Handle handle;
	int r = open_monitor(monitor, &handle);

	if (r < 0)
		return r;
	for (int i = 0; i < MONITOR_BUSY_TRIES; i++) {
		status = value ? library.ddca_set_non_table_vcp_value(handle, MONITOR_FEATURE_INPUT,
								      0, *value)
			       : library.ddca_get_non_table_vcp_value(handle, MONITOR_FEATURE_INPUT,
								      &answer);
		if (!is_busy(status))
			break;
		pause_ms(MONITOR_BUSY_PAUSE_MS);
	}
	library.ddca_close_display(handle);
	r = to_errno(status);
	if (r >= 0 && !value)
		*ret = answer.sl;
	return r;
}

int monitor_get_input(const struct monitor *monitor, uint8_t *ret)
{
	uint8_t found;
	int r = exchange(monitor, NULL, &found);

	if (r < 0)
		return r;
	/* LG's answer so whatever they show; it is no input in MCCS. */
	if (found == 0)
		return -ENODATA;
	*ret = found;
	return 0;
}

int monitor_set_input(const struct monitor *monitor, uint8_t value, enum monitor_outcome *ret)
{
	enum monitor_outcome outcome = MONITOR_UNCONFIRMED;
	int r = exchange(monitor, &value, NULL);

	if (r < 0)
		return r;
	for (int i = 0; i < MONITOR_READ_TRIES; i++) {
		uint8_t found;

		if (i > 0)
			pause_ms(MONITOR_READ_PAUSE_MS);
		r = monitor_get_input(monitor, &found);
		if (r < 0)
			continue;
		outcome = found == value ? MONITOR_SWITCHED : MONITOR_IGNORED;
		if (outcome == MONITOR_SWITCHED)
			break;
	}
	*ret = outcome;
	return 0;
}

void monitor_wait(void)
{
	pause_ms(MONITOR_WAIT_MS);
}

const char *monitor_input_name(uint8_t value)
{
	static const char *const names[] = {
		[0x01] = "vga-1", [0x02] = "vga-2", [0x03] = "dvi-1",  [0x04] = "dvi-2",
		[0x0f] = "dp-1",  [0x10] = "dp-2",  [0x11] = "hdmi-1", [0x12] = "hdmi-2",
	};

	return value < ARRAY_SIZE(names) ? names[value] : NULL;
}

const char *monitor_strerror(int error)
{
	switch (error) {
	case -ENXIO:
		return "it does not answer over DDC/CI (is that on in its menu? many monitors are "
		       "deaf on an input that they do not show)";
	case -EBUSY:
		return "another program holds its I2C bus";
	case -EOPNOTSUPP:
		return "it has no input select (VCP feature 0x60)";
	case -ENODATA:
		return "it answers 0, which is no input";
	case -ENODEV:
		return "no such monitor is connected";
	case -ELIBACC:
		return MONITOR_LIBRARY " cannot be loaded: is it installed?";
	case -ENOTUNIQ:
		return "several monitors fit: add the serial to Monitor= (vxm-display show lists "
		       "them)";
	default:
		return "its I2C bus cannot be used (is i2c-dev loaded?)";
	}
}
