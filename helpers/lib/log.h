/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a helper tells people: one line a message on stderr, with sd-daemon's priority when the
 * journal reads it. */
#pragma once

#include <stdarg.h>

/* Sets the words before each message: "PROGRAM GUEST: ". GUEST may be NULL. Both are kept by
 * reference. */
void log_open(const char *program, const char *guest);

/*
 * One line each. The text is cut at 4 KiB and control characters in it become '?', so that no value
 * from a configuration file can forge a second line. log_error() is for the one report of a
 * failure, log_info() for one change of state. Modules of lib/ use log_debug() at most. log_debug()
 * is silent unless VXM_DEBUG=1 is set.
 */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
