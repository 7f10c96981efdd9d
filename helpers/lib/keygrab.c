/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets the events of a keyboard: its grab, and the keys that make QEMU change it. */
#include "keygrab.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"

struct combination {
	const char *word;
	unsigned short first, second; /* second 0: one key alone */
};

/* QEMU's ui/input-linux.c, input_linux_check_toggle(). */
static const struct combination combinations[] = {
	{ "ctrl-ctrl", KEY_LEFTCTRL, KEY_RIGHTCTRL },
	{ "alt-alt", KEY_LEFTALT, KEY_RIGHTALT },
	{ "shift-shift", KEY_LEFTSHIFT, KEY_RIGHTSHIFT },
	{ "meta-meta", KEY_LEFTMETA, KEY_RIGHTMETA },
	{ "scrolllock", KEY_SCROLLLOCK, 0 },
	{ "ctrl-scrolllock", KEY_LEFTCTRL, KEY_SCROLLLOCK },
};

size_t keygrab_events(const char *toggle, struct input_event ret[static KEYGRAB_EVENTS_MAX])
{
	const struct combination *c = combinations, *end = c + ARRAY_SIZE(combinations);
	size_t n = 0;

	while (c < end && strcmp(c->word, toggle) != 0)
		c++;
	if (c == end)
		return 0;
	memset(ret, 0, KEYGRAB_EVENTS_MAX * sizeof(*ret));
	for (int value = 1; value >= 0; value--) {
		const unsigned short keys[] = { c->first, c->second };

		for (size_t i = 0; i < ARRAY_SIZE(keys) && keys[i]; i++) {
			ret[n].type = EV_KEY;
			ret[n].code = keys[i];
			ret[n++].value = value;
			ret[n++].type = EV_SYN; /* SYN_REPORT is 0 */
		}
	}
	return n;
}

int keygrab_press(int fd, const char *toggle)
{
	struct input_event events[KEYGRAB_EVENTS_MAX];
	size_t size = keygrab_events(toggle, events) * sizeof(*events);
	ssize_t n;

	if (size == 0)
		return -EINVAL;
	do
		n = write(fd, events, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

int keygrab_is_taken(int fd)
{
	if (ioctl(fd, EVIOCGRAB, 1) < 0)
		return errno == EBUSY ? 1 : -errno;
	return ioctl(fd, EVIOCGRAB, 0) < 0 ? -errno : 0;
}

int keygrab_is_pressed(int fd)
{
	unsigned char down[(KEY_CNT + 7) / 8] = { 0 };

	if (ioctl(fd, EVIOCGKEY(sizeof(down)), down) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(down); i++)
		if (down[i])
			return 1;
	return 0;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int keygrab_wait_released(int fd, unsigned timeout_ms)
{
	long long until = now_ms() + timeout_ms;
	struct input_event events[16];

	for (;;) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		long long left;
		int r;

		/* What came so far is in the key state already; only what comes next is waited for.
		 */
		while (read(fd, events, sizeof(events)) > 0)
			;
		r = keygrab_is_pressed(fd);
		if (r <= 0)
			return r;
		left = until - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		r = poll(&pollfd, 1, (int)left);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0 && pollfd.revents & (POLLERR | POLLHUP))
			return -ENODEV;
	}
}
