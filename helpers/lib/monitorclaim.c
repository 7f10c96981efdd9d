/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One monitor turned to the guest's input and back, with the record that makes it safe. */

/*
 * Theory of operation
 *
 * The input to put back is in the record before the switch, and is the claim as well. When neither
 * HostInput= nor the monitor says which that is, the monitor is left alone: nobody could put it
 * back.
 *
 * On the way back a monitor may hang on two cables and hear only on the one whose input it shows,
 * so each of them is tried. One that took the command and cannot be read (a monitor that never
 * answers reads, or that slept off) counts as done: no further try would tell more.
 */
#include "monitorclaim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"

#define TELL(story, ...) snprintf((story)->text, sizeof((story)->text), __VA_ARGS__)

const char *monitorclaim_name(const struct guest_display *wanted,
			      char buf[static MONITORCLAIM_NAME_SIZE])
{
	snprintf(buf, MONITORCLAIM_NAME_SIZE, "%s:%04x%s%s", wanted->maker, wanted->product,
		 wanted->serial ? ":" : "", wanted->serial ? wanted->serial : "");
	return buf;
}

static int read_old(const struct guest_display *wanted, const struct monitor *monitor, uint8_t *ret,
		    struct monitorclaim_story *story)
{
	int r = 0;

	if (wanted->has_host_input)
		*ret = wanted->host_input;
	else
		r = monitor_get_input(monitor, ret);
	if (r < 0)
		TELL(story,
		     "monitor %s was left alone, for the input that it shows cannot be read: %s; "
		     "HostInput= in [Display] can say it",
		     monitor->identity, monitor_strerror(r));
	return r;
}

static int note_input(const struct host *host, const struct guest_display *wanted,
		      const struct monitor *monitor, const char *guest, struct record *record,
		      struct monitorclaim_story *story)
{
	char owner[GUEST_NAME_SIZE], text[8];
	uint8_t old;
	int r = record_owner(host, MONITORCLAIM_KIND, monitor->identity, guest, owner);

	if (r > 0) {
		TELL(story, "monitor %s was left alone: the guest %s has it", monitor->identity,
		     owner);
		return -EBUSY;
	}
	if (r == 0 && record_get(record, monitor->identity, "input"))
		return 0;
	if (r == 0) {
		r = read_old(wanted, monitor, &old, story);
		if (r < 0)
			return r;
		snprintf(text, sizeof(text), "0x%02x", old);
		r = record_set(record, monitor->identity, "input", text);
	}
	if (r >= 0)
		r = record_save(host, record);
	if (r < 0)
		TELL(story,
		     "monitor %s was left alone, for its input could not be recorded in "
		     "/run/vxm/%s: %s",
		     monitor->identity, guest, strerror(-r));
	return r;
}

int monitorclaim_switch(const struct host *host, const struct monitor_list *list,
			const struct guest_display *wanted, const char *guest,
			struct record *record, struct monitorclaim_story *ret_story)
{
	char name[MONITORCLAIM_NAME_SIZE];
	const struct monitor *monitor;
	enum monitor_outcome outcome;
	int r = monitor_find(list, wanted->maker, wanted->product, wanted->serial, &monitor);

	if (r < 0) {
		TELL(ret_story, "monitor %s was not switched: %s", monitorclaim_name(wanted, name),
		     monitor_strerror(r));
		return r;
	}
	r = note_input(host, wanted, monitor, guest, record, ret_story);
	if (r < 0)
		return r;
	r = monitor_set_input(monitor, wanted->guest_input, &outcome);
	if (r < 0) {
		TELL(ret_story, "monitor %s did not take input 0x%02x: %s", monitor->identity,
		     wanted->guest_input, monitor_strerror(r));
		return r;
	}
	if (outcome == MONITOR_IGNORED) {
		TELL(ret_story,
		     "monitor %s took input 0x%02x and shows another: choose the guest's input in "
		     "its menu, and vxm-display show tells the value for GuestInput=",
		     monitor->identity, wanted->guest_input);
		return -EREMOTEIO;
	}
	TELL(ret_story, "monitor %s: input %s -> 0x%02x%s", monitor->identity,
	     record_get(record, monitor->identity, "input"), wanted->guest_input,
	     outcome == MONITOR_SWITCHED ? "" : " (not confirmed: it cannot be read now)");
	return 0;
}

/* Over each cable in turn: an outcome, or -errno when none took the command. */
static int set_anywhere(const struct monitor_list *list, const char *identity, uint8_t value)
{
	int result = -ENODEV;

	for (size_t i = 0; i < list->count; i++) {
		enum monitor_outcome outcome;
		int r;

		if (strcmp(list->items[i].identity, identity) != 0)
			continue;
		r = monitor_set_input(&list->items[i], value, &outcome);
		if (r >= 0 && outcome == MONITOR_SWITCHED)
			return MONITOR_SWITCHED;
		if (r >= 0)
			result = (int)outcome;
		else if (result < 0)
			result = r;
	}
	return result;
}

int monitorclaim_restore(const struct monitor_list *list, const struct record *record,
			 const char *object, struct monitorclaim_story *ret_story)
{
	const char *text = record_get(record, object, "input");
	uint8_t value;
	int r;

	if (!text || parse_u8_any(text, &value) < 0) {
		TELL(ret_story, "monitor %s: the record names no input to put back", object);
		return -EBADMSG;
	}
	r = set_anywhere(list, object, value);
	if (r == MONITOR_SWITCHED) {
		TELL(ret_story, "monitor %s: input %s again", object, text);
		return 0;
	}
	if (r == MONITOR_UNCONFIRMED) {
		TELL(ret_story,
		     "monitor %s took input %s and cannot be read now: should it not show it, "
		     "choose "
		     "it in the monitor's own menu",
		     object, text);
		return 1;
	}
	TELL(ret_story,
	     "monitor %s is not back on input %s: %s; choose it in the monitor's own menu, or run "
	     "vxm-display stop again",
	     object, text,
	     r == MONITOR_IGNORED ? "it took the command and shows another" : monitor_strerror(r));
	return r == MONITOR_IGNORED ? -EREMOTEIO : r;
}
