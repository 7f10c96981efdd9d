/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives a running guest the keyboards and mice that its [Input] sections mean. */
#include "guestkeys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "keygrab.h"

/*
 * Theory of operation
 *
 * QEMU's input-linux object grabs its node when it is made, or once all keys held at that moment
 * are up; there is no way to make one that does not. So the objects are added once the guest runs
 * (while memory is being cleared nobody's keyboard is dead), and unless Start=guest the grab is let
 * go at once, by the combination a person would press: written into the node it reaches the one who
 * has grabbed it (drivers/input/evdev.c, evdev_write()).
 *
 * One keyboard is the master: grab_all= makes its combination switch every other object along. It
 * comes last, so that one combination lets go of all of them, and the time without a keyboard is
 * the shortest. A second master would not follow the first.
 *
 * Whether QEMU let go is seen by grabbing the node for an instant. Its main loop handles events and
 * commands in turn, and replies to a command only after it has polled the node: a few commands
 * there and back are a fence, and no sleep is needed.
 *
 * A key that is down when the object is made (Enter of the command that starts the guest) delays
 * the grab until it is up: that is waited for first, for as long as a person holds a key.
 */

#define RELEASE_TIMEOUT_MS 3000
#define REPLY_TIMEOUT_MS   10000
#define FENCE_COMMANDS	   3

static int add_object(struct qmp *qmp, const struct inputmatch_choice *choice, size_t number,
		      bool is_master, struct guest_error *ret_error)
{
	struct qmp_message reply;
	char id[24];
	int r;

	snprintf(id, sizeof(id), "input%zu", number);
	r = qmp_execute(qmp, qmp_after(REPLY_TIMEOUT_MS), &reply, "object-add",
			is_master ? "{s:s, s:s, s:s, s:b, s:s, s:b}" : "{s:s, s:s, s:s, s:b, s:s}",
			"qom-type", "input-linux", "id", id, "evdev", choice->dev.path, "repeat",
			choice->is_keyboard, "grab-toggle", choice->section->toggle, "grab_all", 1);
	if (r == 0)
		return 0;
	snprintf(ret_error->text, sizeof(ret_error->text),
		 "giving \"%.200s\" (%s) to the guest failed: %s", choice->dev.name,
		 choice->dev.path, r == -EREMOTEIO ? reply.text : strerror(-r));
	return r;
}

static int fence(struct qmp *qmp)
{
	int r = 0;

	for (unsigned i = 0; i < FENCE_COMMANDS && r == 0; i++)
		r = qmp_execute(qmp, qmp_after(REPLY_TIMEOUT_MS), NULL, "query-status", NULL);
	return r;
}

/* The first keyboard whose node has the combination, else the first keyboard; COUNT for none. */
static size_t find_master(const struct inputmatch_choices *choices)
{
	size_t master = choices->count;

	for (size_t i = choices->count; i-- > 0;)
		if (choices->items[i].is_keyboard &&
		    (choices->items[i].has_toggle || master == choices->count ||
		     !choices->items[master].has_toggle))
			master = i;
	return master;
}

static int open_master(const struct host *host, const struct inputmatch_choice *master, int *ret_fd,
		       struct guest_error *ret_error)
{
	_cleanup_close_ int fd = host_openat(host, master->dev.path + 1, O_RDWR | O_NONBLOCK);
	int r = fd < 0 ? fd : keygrab_is_taken(fd);

	if (r == 0) {
		/* Held longer than that it is no key of a person's: QEMU copes. */
		keygrab_wait_released(fd, RELEASE_TIMEOUT_MS);
		*ret_fd = take_fd(&fd);
		return 0;
	}
	if (r > 0) {
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "\"%.200s\" (%s) is grabbed by another program (keyd, kanata, "
			 "input-remapper): "
			 "stop it, or name the device that it makes in Keyboard=",
			 master->dev.name, master->dev.path);
		return -EBUSY;
	}
	snprintf(ret_error->text, sizeof(ret_error->text),
		 "opening \"%.200s\" (%s) as the user vxm failed: %s; vxm-access@.service gives it",
		 master->dev.name, master->dev.path, strerror(-r));
	return r;
}

/* 0 and the outcome; an error is QMP's. */
static int let_go(struct qmp *qmp, int fd, const char *toggle, enum guestkeys_outcome *ret)
{
	int r = keygrab_press(fd, toggle);

	if (r < 0) {
		*ret = GUESTKEYS_STUCK;
		return 0;
	}
	r = fence(qmp);
	if (r < 0)
		return r;
	if (keygrab_is_taken(fd) == 0)
		*ret = GUESTKEYS_HOST;
	else
		*ret = keygrab_is_pressed(fd) > 0 ? GUESTKEYS_HELD : GUESTKEYS_STUCK;
	return 0;
}

static int give_all(struct qmp *qmp, const struct inputmatch_choice *choices, size_t count,
		    size_t master, struct guest_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		if (i != master)
			r = add_object(qmp, &choices[i], i, false, ret_error);
	if (r == 0 && master < count)
		r = add_object(qmp, &choices[master], master, true, ret_error);
	return r;
}

int guestkeys_give(const struct host *host, const struct guest *guest, struct qmp *qmp,
		   struct guestkeys *ret, struct guest_error *ret_error)
{
	_cleanup_inputmatch_choices_ struct inputmatch_choices choices = { 0 };
	struct guestkeys keys = { .outcome = GUESTKEYS_NONE };
	const struct inputmatch_choice *first;
	_cleanup_close_ int fd = -1;
	size_t master;
	int r = 0;

	if (guest->input_count > 0)
		r = inputmatch_resolve(host, guest, &choices, ret_error);
	if (r < 0)
		return r;
	if (!choices.items || choices.count == 0) {
		*ret = keys;
		return 0;
	}
	master = find_master(&choices);
	first = master < choices.count ? &choices.items[master] : NULL;
	if (first)
		r = open_master(host, first, &fd, ret_error);
	if (r == 0)
		r = give_all(qmp, choices.items, choices.count, master, ret_error);
	if (r < 0)
		return r;
	keys.outcome = GUESTKEYS_GUEST;
	if (first) {
		keys.toggle = first->section->toggle;
		snprintf(keys.keyboard, sizeof(keys.keyboard), "\"%.200s\" (%s)", first->dev.name,
			 first->dev.path);
		if (first->section->start == GUEST_INPUT_HOST)
			r = let_go(qmp, fd, keys.toggle, &keys.outcome);
	}
	if (r < 0) {
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "QEMU stopped answering after it was given the keyboard: %s",
			 strerror(-r));
		return r;
	}
	*ret = keys;
	return 0;
}

const char *guestkeys_format(const struct guestkeys *keys, char buf[static GUESTKEYS_TEXT_SIZE])
{
	const char *toggle = keys->toggle ? keys->toggle : "", *keyboard = keys->keyboard;

	switch (keys->outcome) {
	case GUESTKEYS_NONE:
		snprintf(buf, GUESTKEYS_TEXT_SIZE, "no keyboard or mouse is the guest's");
		break;
	case GUESTKEYS_HOST:
		snprintf(buf, GUESTKEYS_TEXT_SIZE, "keys are the host's, %s on %s switches", toggle,
			 keyboard);
		break;
	case GUESTKEYS_HELD:
		snprintf(
			buf, GUESTKEYS_TEXT_SIZE,
			"keys become the host's when the key that is held down on %s is let go, %s "
			"switches",
			keyboard, toggle);
		break;
	case GUESTKEYS_GUEST:
		snprintf(buf, GUESTKEYS_TEXT_SIZE, "keys are the guest's, %s on %s switches",
			 toggle, keyboard);
		break;
	case GUESTKEYS_STUCK:
		snprintf(buf, GUESTKEYS_TEXT_SIZE,
			 "QEMU has not let go of %s: press %s on it; if it has not all of these "
			 "keys, "
			 "set Toggle= in [Input]",
			 keyboard, toggle);
		break;
	}
	return buf;
}
