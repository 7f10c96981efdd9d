// SPDX-License-Identifier: GPL-2.0-or-later
/* The serial line on which the lab guest speaks. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int line_fd = -1;
/* The text console: the card's screen shows the same lines. */
static int line_screen_fd = -1;

int line_open(void)
{
	struct termios mode;
	int fd;

	fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &mode) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	cfmakeraw(&mode);
	mode.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&mode, B115200);
	if (tcsetattr(fd, TCSANOW, &mode) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	line_fd = fd;
	line_screen_fd = open("/dev/tty0", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd;
}

static void line_write(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
}

void line_print(const char *format, ...)
{
	char text[GUEST_LINE_MAX];
	va_list ap;
	size_t length;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text) - 1, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	length = (size_t)n < sizeof(text) - 1 ? (size_t)n : sizeof(text) - 2;
	text[length++] = '\n';
	line_write(line_fd, text, length);
	line_write(line_screen_fd, text, length);
}

void line_answer(const char *name, int r, const char *detail)
{
	const char *gap = detail && *detail ? " " : "";

	if (!detail)
		detail = "";
	if (r >= 0)
		line_print("ok %s%s%s", name, gap, detail);
	else
		line_print("error %s %s%s%s", name, strerror(-r), gap, detail);
}
