/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets the events of a keyboard: its grab, and the keys that make QEMU change it. */
#pragma once

#include <linux/input.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYGRAB_EVENTS_MAX 8

/*
 * The events that press and release QEMU's grab-toggle combination TOGGLE ("ctrl-ctrl"), each key
 * followed by its SYN. Returns how many, 0 for a word that is no combination.
 */
size_t keygrab_events(const char *toggle, struct input_event ret[static KEYGRAB_EVENTS_MAX]);

/* Writes them into the node FD is open on. 0; -EINVAL: no such combination; -errno. */
int keygrab_press(int fd, const char *toggle);

/* Whether another process has the node grabbed: 1, 0, -errno. Takes the grab for an instant. */
int keygrab_is_taken(int fd);

/* Whether a key of the node is down: 1, 0, -errno. */
int keygrab_is_pressed(int fd);

/* Waits until no key of the node is down, or TIMEOUT_MS have passed: 0, -ETIMEDOUT, -errno. Works
 * only while nobody has the node grabbed. FD is non-blocking. */
int keygrab_wait_released(int fd, unsigned timeout_ms);
