/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keygrab: the events of each combination, in the order that QEMU counts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keygrab.h"

/* Keys up and down as QEMU counts them: all down at once in the middle, none at the end. */
static void expect_combination(const char *word, unsigned first, unsigned second)
{
	struct input_event events[KEYGRAB_EVENTS_MAX];
	size_t n = keygrab_events(word, events), keys = second ? 2 : 1;
	int down = 0, most = 0;

	assert_int_equal(n, keys * 4);
	for (size_t i = 0; i < n; i += 2) {
		assert_int_equal(events[i].type, EV_KEY);
		assert_int_equal(events[i].code, (i / 2) % keys == 0 ? first : second);
		assert_int_equal(events[i + 1].type, EV_SYN);
		assert_int_equal(events[i + 1].code, SYN_REPORT);
		down += events[i].value ? 1 : -1;
		most = down > most ? down : most;
	}
	assert_int_equal(down, 0);
	assert_int_equal(most, (int)keys);
}

static void makes_each_combination(void **state)
{
	struct input_event events[KEYGRAB_EVENTS_MAX];

	(void)state;
	expect_combination("ctrl-ctrl", KEY_LEFTCTRL, KEY_RIGHTCTRL);
	expect_combination("alt-alt", KEY_LEFTALT, KEY_RIGHTALT);
	expect_combination("shift-shift", KEY_LEFTSHIFT, KEY_RIGHTSHIFT);
	expect_combination("meta-meta", KEY_LEFTMETA, KEY_RIGHTMETA);
	expect_combination("scrolllock", KEY_SCROLLLOCK, 0);
	expect_combination("ctrl-scrolllock", KEY_LEFTCTRL, KEY_SCROLLLOCK);
	assert_int_equal(keygrab_events("ctrl-alt", events), 0);
	assert_int_equal(keygrab_events("", events), 0);
}

static void writes_whole_events(void **state)
{
	struct input_event events[KEYGRAB_EVENTS_MAX], read_back[KEYGRAB_EVENTS_MAX + 1];
	size_t n = keygrab_events("ctrl-ctrl", events);
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(keygrab_press(fds[1], "ctrl-ctrl"), 0);
	assert_int_equal(read(fds[0], read_back, sizeof(read_back)),
			 (ssize_t)(n * sizeof(*events)));
	assert_memory_equal(read_back, events, n * sizeof(*events));
	assert_int_equal(keygrab_press(fds[1], "no-such"), -EINVAL);
	assert_int_equal(keygrab_press(-1, "ctrl-ctrl"), -EBADF);
	close(fds[0]);
	close(fds[1]);
}

/* What is no evdev node is an error, never "nobody has it". */
static void says_so_of_other_files(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_true(keygrab_is_taken(fds[0]) < 0);
	assert_true(keygrab_is_pressed(fds[0]) < 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_each_combination),
		cmocka_unit_test(writes_whole_events),
		cmocka_unit_test(says_so_of_other_files),
	};

	return cmocka_run_group_tests_name("keygrab", tests, NULL, NULL);
}
