/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a helper tells people: one line a message on stderr, with sd-daemon's priority when the
 * journal reads it. */
#include "log.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "cleanup.h"
#include "utf8.h"

#define LOG_TEXT_SIZE 4096

static const char *log_program = "vxm";
static const char *log_guest;

void log_open(const char *program, const char *guest)
{
	log_program = program;
	log_guest = guest;
}

/* systemd.exec(5): $JOURNAL_STREAM is "DEV:INODE" of the stream; a child whose stderr was
 * redirected must not prefix. */
static bool log_to_journal(void)
{
	char own[64];
	struct stat st;
	const char *stream = getenv("JOURNAL_STREAM");

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(own, stream) == 0;
}

static const char *log_prefix(int priority)
{
	switch (priority) {
	case LOG_ERR:
		return SD_ERR;
	case LOG_WARNING:
		return SD_WARNING;
	case LOG_INFO:
		return SD_INFO;
	default:
		return SD_DEBUG;
	}
}

/*
 * One write a line, so that helpers which share a terminal do not mix their words. Not dprintf():
 * that of glibc before 2.37 asks for the file's position first, and prints nothing when the answer
 * is EINVAL, which is what /dev/kmsg says, and that is where vxm-generator(8) logs.
 */
__attribute__((format(printf, 1, 2))) static void log_write(const char *format, ...)
{
	char line[LOG_TEXT_SIZE + 256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line)) {
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	/* Where a failure could be told is what has failed. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

static void log_line(int priority, const char *format, va_list ap)
{
	char text[LOG_TEXT_SIZE];

	if (priority == LOG_DEBUG) {
		const char *wanted = getenv("VXM_DEBUG");

		if (!wanted || strcmp(wanted, "1") != 0)
			return;
	}
	vsnprintf(text, sizeof(text), format, ap);
	for (char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	utf8_mend(text);
	log_write("%s%s%s%s: %s\n", log_to_journal() ? log_prefix(priority) : "", log_program,
		  log_guest ? " " : "", log_guest ? log_guest : "", text);
}

#define LOG_DEFINE(name, priority)              \
	void name(const char *format, ...)      \
	{                                       \
		va_list ap;                     \
                                                \
		va_start(ap, format);           \
		log_line(priority, format, ap); \
		va_end(ap);                     \
	}

LOG_DEFINE(log_error, LOG_ERR)
LOG_DEFINE(log_warning, LOG_WARNING)
LOG_DEFINE(log_info, LOG_INFO)
LOG_DEFINE(log_debug, LOG_DEBUG)
