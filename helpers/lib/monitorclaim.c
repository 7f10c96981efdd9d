/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One monitor turned to the guest's input and back, with the record that makes it safe. */

/*
 * Theory of operation
 *
 * The input to put back is in the record before the switch, and is the claim as well. When neither
 * HostInput= nor the monitor says which that is, the monitor is left alone: nobody could put it
 * back.
 *
 * A monitor that finds no signal on the guest's input goes back to the host's after some seconds,
 * and the guest's card has a picture only once its firmware has come to it, some seconds after the
 * guest is active. Nobody says when, so the monitors are asked for a while and set again.
 *
 * On the way back a monitor may hang on two cables and hear only on the one whose input it shows,
 * so each of them is tried. One that took the command and cannot be read (a monitor that never
 * answers reads, or that slept off) counts as done: no further try would tell more.
 */
#include "monitorclaim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "parse.h"

/* So many looks in a row, two seconds apart, see all monitors where they belong. */
#define QUIET_LOOKS 3

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

/* Seconds of a clock that nobody sets. */
static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec;
}

static bool has_lapsed(const struct monitor_list *list, const struct monitorclaim *claim)
{
	const struct guest_display *wanted = claim->wanted;
	const struct monitor *monitor;
	uint8_t found;

	if (claim->result < 0)
		return claim->result == -EREMOTEIO;
	return monitor_find(list, wanted->maker, wanted->product, wanted->serial, &monitor) >= 0 &&
	       monitor_get_input(monitor, &found) >= 0 && found != wanted->guest_input;
}

/* Once more; what is told at the end says that it took more than once. */
static void set_again(const struct host *host, const struct monitor_list *list, const char *guest,
		      struct record *record, struct monitorclaim *claim)
{
	size_t size;

	claim->lapses++;
	claim->result =
		monitorclaim_switch(host, list, claim->wanted, guest, record, &claim->story);
	size = strlen(claim->story.text);
	if (claim->result >= 0)
		snprintf(claim->story.text + size, sizeof(claim->story.text) - size,
			 " (set %u times: it showed another in between, as many do while there is "
			 "no signal)",
			 claim->lapses + 1);
}

static void give_up(struct monitorclaim *claim)
{
	char name[MONITORCLAIM_NAME_SIZE];

	/* One that never took it has its story. */
	if (claim->result < 0)
		return;
	claim->result = -EREMOTEIO;
	TELL(&claim->story,
	     "monitor %s goes back from input 0x%02x to another: it has no signal there; is that "
	     "its cable to the guest's card, and has the guest a picture?",
	     monitorclaim_name(claim->wanted, name), claim->wanted->guest_input);
}

/* Sets again those that lapsed. Returns how many did. */
static size_t look(const struct host *host, const struct monitor_list *list,
		   const struct guest *guest, struct record *record, int64_t until,
		   struct monitorclaim *claims)
{
	size_t lapsed = 0;

	for (size_t i = 0; i < guest->display_count; i++) {
		if (!has_lapsed(list, &claims[i]))
			continue;
		lapsed++;
		if (now_s() < until)
			set_again(host, list, guest->name, record, &claims[i]);
		else
			give_up(&claims[i]);
	}
	return lapsed;
}

void monitorclaim_watch(const struct host *host, const struct monitor_list *list,
			const struct guest *guest, struct record *record, int64_t until_s,
			int (*is_running)(const char *guest), struct monitorclaim *claims)
{
	unsigned quiet = 0;

	while (quiet < QUIET_LOOKS && now_s() < until_s) {
		monitor_wait();
		if (is_running(guest->name) == 0)
			return;
		quiet = look(host, list, guest, record, until_s, claims) == 0 ? quiet + 1 : 0;
	}
}

int monitorclaim_switch_all(const struct host *host, const struct monitor_list *list,
			    const struct guest *guest, struct record *record, unsigned seconds,
			    bool may_retry, int (*is_running)(const char *guest),
			    struct monitorclaim *claims)
{
	int64_t until_s = now_s() + seconds;
	size_t switched = 0;

	for (size_t i = 0; i < guest->display_count; i++) {
		int r = monitorclaim_switch(host, list, guest->displays[i], guest->name, record,
					    &claims[i].story);

		if (may_retry && (r == -ENXIO || r == -ENODEV))
			return -EAGAIN;
		claims[i].wanted = guest->displays[i];
		claims[i].result = r;
		switched += r >= 0 || r == -EREMOTEIO;
	}
	if (switched > 0)
		monitorclaim_watch(host, list, guest, record, until_s, is_running, claims);
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
