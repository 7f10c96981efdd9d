// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Process 1 of the lab guest: reports the machine it finds on ttyS0, then obeys one command a line
 * until it is told to go.
 *
 * Each command gives exactly one line that starts with "ok COMMAND" or "error COMMAND"; lines about
 * events ("key", "rel", "input", "button") may come at any time between. A reader that connects
 * late asks for "report", which ends in the same "VXM-GUEST READY" as the boot does.
 */
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

static bool powerbutton_ignored;

static void mount_all(void)
{
	mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL);
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	/* There is no modprobe here: asking for one would only cost a process each time. */
	attr_write("/proc/sys/kernel", "modprobe", "");
}

static void report(void)
{
	devices_report();
	screen_report();
	tpm_report();
	shm_report();
	input_report();
	line_print("VXM-GUEST READY");
}

static void leave(int how)
{
	line_print("VXM-GUEST %s", how == RB_POWER_OFF ? "POWEROFF" : "REBOOT");
	sync();
	reboot(how);
}

static void command_powerbutton(const char *args)
{
	if (strcmp(args, "on") == 0 || strcmp(args, "off") == 0) {
		powerbutton_ignored = args[1] == 'n';
		line_answer("ignore-powerbutton", 0, args);
	} else {
		line_answer("ignore-powerbutton", -EINVAL, "allowed: on, off");
	}
}

static void command(char *line)
{
	char text[GUEST_LINE_MAX / 2] = "";
	const char *name = line;
	const char *args = "";
	char *gap = strchr(line, ' ');
	int r;

	if (gap) {
		*gap = '\0';
		args = gap + 1;
	}
	if (strcmp(name, "ping") == 0) {
		line_answer(name, 0, args);
	} else if (strcmp(name, "report") == 0) {
		report();
		line_answer(name, 0, NULL);
	} else if (strcmp(name, "colour") == 0) {
		r = screen_fill(args, text, sizeof(text));
		line_answer(name, r, text);
	} else if (strcmp(name, "nv-write") == 0) {
		r = tpm_nv_write(args, text, sizeof(text));
		line_answer(name, r, r < 0 ? text : args);
	} else if (strcmp(name, "nv-read") == 0) {
		r = tpm_nv_read(text, sizeof(text));
		line_answer(name, r, text);
	} else if (strcmp(name, "shm-write") == 0) {
		line_answer(name, shm_write(args), args);
	} else if (strcmp(name, "shm-read") == 0) {
		r = shm_read(text, sizeof(text));
		line_answer(name, r, text);
	} else if (strcmp(name, "keys-state") == 0) {
		input_held(text, sizeof(text));
		line_answer(name, 0, text);
	} else if (strcmp(name, "ignore-powerbutton") == 0) {
		command_powerbutton(args);
	} else if (strcmp(name, "poweroff") == 0) {
		line_answer(name, 0, NULL);
		leave(RB_POWER_OFF);
	} else if (strcmp(name, "reboot") == 0) {
		line_answer(name, 0, NULL);
		leave(RB_AUTOBOOT);
	} else if (strcmp(name, "crash") == 0) {
		line_answer(name, 0, NULL);
		attr_write("/proc", "sysrq-trigger", "c");
	} else {
		line_answer(name, -EINVAL, "no such command");
	}
}

/* Takes whole lines out of what has arrived; an over-long one is dropped as a whole. */
static void commands_dispatch(int fd)
{
	static char pending[GUEST_LINE_MAX];
	static size_t length;
	char byte;

	if (read(fd, &byte, 1) != 1)
		return;
	if (byte != '\n' && byte != '\r') {
		if (length < sizeof(pending))
			pending[length++] = byte;
		return;
	}
	if (length > 0 && length < sizeof(pending)) {
		pending[length] = '\0';
		command(pending);
	}
	length = 0;
}

static void button_pressed(void)
{
	line_print("button power%s", powerbutton_ignored ? " ignored" : "");
	if (!powerbutton_ignored)
		leave(RB_POWER_OFF);
}

int main(void)
{
	struct pollfd polled[2];

	mount_all();
	polled[0] = (struct pollfd){ .fd = line_open(), .events = POLLIN };
	/* Firmware and grub may have left half a line. */
	line_print("\r");
	line_print("VXM-GUEST BOOT");
	devices_load_modules();
	polled[1] = (struct pollfd){ .fd = input_open(), .events = POLLIN };
	report();
	for (;;) {
		if (poll(polled, 2, -1) < 0)
			continue;
		if (polled[0].revents)
			commands_dispatch(polled[0].fd);
		if (polled[1].revents && input_dispatch())
			button_pressed();
	}
}
