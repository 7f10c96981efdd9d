/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd says of a unit, over its bus. */
#include "unitstate.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "cleanup.h"

#define MANAGER "org.freedesktop.systemd1"

/* 1: systemd knows UNIT, *RET is its ActiveState, the caller's to free. 0: it knows none. -errno.
 */
static int read_state(const char *unit, char **ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	const char *path;
	int r;

	r = sd_bus_open_system(&bus);
	if (r < 0)
		return r;
	r = sd_bus_call_method(bus, MANAGER, "/org/freedesktop/systemd1", MANAGER ".Manager",
			       "GetUnit", &error, &reply, "s", unit);
	if (r < 0)
		return sd_bus_error_has_name(&error, MANAGER ".NoSuchUnit") ? 0 : r;
	r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return r;
	sd_bus_error_free(&error);
	r = sd_bus_get_property_string(bus, MANAGER, path, MANAGER ".Unit", "ActiveState", &error,
				       ret);
	return r < 0 ? r : 1;
}

int unitstate_is_active(const char *unit)
{
	_cleanup_free_ char *state = NULL;
	int r = read_state(unit, &state);

	return r <= 0 ? r : strcmp(state, "active") == 0;
}

int unitstate_is_running(const char *unit)
{
	_cleanup_free_ char *state = NULL;
	int r = read_state(unit, &state);

	return r <= 0 ? r
		      : strcmp(state, "inactive") != 0 && strcmp(state, "failed") != 0 &&
				strcmp(state, "deactivating") != 0;
}

int unitstate_guest_is_active(const char *name)
{
	char unit[64];

	snprintf(unit, sizeof(unit), "vxm-guest@%s.service", name);
	return unitstate_is_active(unit);
}
