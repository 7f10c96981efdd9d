// SPDX-License-Identifier: GPL-2.0-or-later
/* The lab guest's input devices: reports each key and each movement, and notices the power button.
 */
#include "guest.h"
#include "keynames.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INPUT_DIR "/dev/input"
#define INPUT_MAX 32

struct input_device {
	int fd;
	char node[24];
	char name[80];
	int dx;
	int dy;
};

static struct input_device devices[INPUT_MAX];
static int input_epoll = -1;
static int input_watch = -1;

static const char *key_name(unsigned int code, char *buffer, size_t size)
{
	if (code < sizeof(key_names) / sizeof(key_names[0]) && key_names[code])
		return key_names[code];
	snprintf(buffer, size, "KEY_%u", code);
	return buffer;
}

static int device_add(const char *node)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct input_device *device = NULL;
	char path[64];

	for (size_t i = 0; i < INPUT_MAX; i++) {
		if (devices[i].node[0] && strcmp(devices[i].node, node) == 0)
			return -EEXIST;
		if (!device && !devices[i].node[0])
			device = &devices[i];
	}
	if (!device)
		return -ENOSPC;
	snprintf(path, sizeof(path), INPUT_DIR "/%.16s", node);
	device->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (device->fd < 0)
		return -errno;
	snprintf(device->node, sizeof(device->node), "%s", node);
	if (ioctl(device->fd, EVIOCGNAME(sizeof(device->name)), device->name) < 0)
		device->name[0] = '\0';
	event.data.ptr = device;
	if (epoll_ctl(input_epoll, EPOLL_CTL_ADD, device->fd, &event) < 0)
		return -errno;
	return 0;
}

static void device_drop(struct input_device *device)
{
	line_print("input %s gone", device->node);
	close(device->fd);
	memset(device, 0, sizeof(*device));
}

int input_open(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct dirent *entry;
	DIR *dir;

	input_epoll = epoll_create1(EPOLL_CLOEXEC);
	input_watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (input_epoll < 0 || input_watch < 0)
		return -errno;
	if (inotify_add_watch(input_watch, INPUT_DIR, IN_CREATE) < 0 ||
	    epoll_ctl(input_epoll, EPOLL_CTL_ADD, input_watch, &event) < 0)
		return -errno;
	dir = opendir(INPUT_DIR);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, "event", 5) == 0)
			device_add(entry->d_name);
	closedir(dir);
	return input_epoll;
}

static void watch_dispatch(void)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(input_watch, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

		if (strncmp(event->name, "event", 5) == 0 && device_add(event->name) == 0)
			line_print("input %s added", event->name);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

static bool event_dispatch(struct input_device *device, const struct input_event *event)
{
	char buffer[16];

	switch (event->type) {
	case EV_KEY:
		line_print("key %s %d", key_name(event->code, buffer, sizeof(buffer)),
			   event->value);
		return event->code == KEY_POWER && event->value == 1;
	case EV_REL:
		if (event->code == REL_X)
			device->dx += event->value;
		else if (event->code == REL_Y)
			device->dy += event->value;
		return false;
	case EV_SYN:
		if (event->code == SYN_DROPPED)
			line_print("input %s dropped", device->node);
		if (device->dx || device->dy)
			line_print("rel %d %d", device->dx, device->dy);
		device->dx = 0;
		device->dy = 0;
		return false;
	default:
		return false;
	}
}

static bool device_dispatch(struct input_device *device)
{
	struct input_event events[64];
	bool power = false;

	for (;;) {
		ssize_t n = read(device->fd, events, sizeof(events));

		if (n <= 0) {
			if (n < 0 && errno == ENODEV)
				device_drop(device);
			return power;
		}
		for (size_t i = 0; i < (size_t)n / sizeof(events[0]); i++)
			power |= event_dispatch(device, &events[i]);
	}
}

bool input_dispatch(void)
{
	struct epoll_event ready[8];
	bool power = false;
	int n = epoll_wait(input_epoll, ready, 8, 0);

	for (int i = 0; i < n; i++) {
		if (ready[i].data.ptr)
			power |= device_dispatch(ready[i].data.ptr);
		else
			watch_dispatch();
	}
	return power;
}

void input_report(void)
{
	for (size_t i = 0; i < INPUT_MAX; i++)
		if (devices[i].node[0])
			line_print("input %s %s", devices[i].node, devices[i].name);
}

void input_held(char *ret_text, size_t size)
{
	size_t length = 0;

	snprintf(ret_text, size, "none");
	for (size_t i = 0; i < INPUT_MAX; i++) {
		uint8_t held[KEY_CNT / 8] = { 0 };

		if (!devices[i].node[0] || ioctl(devices[i].fd, EVIOCGKEY(sizeof(held)), held) < 0)
			continue;
		for (unsigned int code = 0; code < KEY_CNT; code++) {
			char buffer[16];

			if (!(held[code / 8] & 1u << code % 8) || length >= size)
				continue;
			length += (size_t)snprintf(ret_text + length, size - length, "%s%s",
						   length ? " " : "",
						   key_name(code, buffer, sizeof(buffer)));
		}
	}
}
