/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration file as sections and keys with their line numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"
#include "host.h"

/*
 * The form. A line is empty, a comment (its first character is # or ;), "[Section]" or "[Section
 * label]", or "Key=value". Blanks around names and values do not count, a carriage return before
 * the end of the line does not either, nor does a byte order mark at the beginning of the file.
 *
 * A value is the rest of the line as it stands: no comment begins in it, no line is continued, and
 * a comma, a semicolon or a # in a path need no care. Quoting is needed only for blanks at its
 * ends, for a double quote at its beginning and a backslash at its end: in a value that begins with
 * a double quote, which then has to end with one, \" is " and \\ is \.
 *
 * Refused, with the line: control characters (a NUL byte too), text that is not UTF-8 (QEMU takes
 * JSON, which cannot carry it), lines of more than CONFFILE_LINE_MAX bytes, a key before the first
 * section, and whatever else is none of the above. A file of more than CONFFILE_SIZE_MAX bytes, and
 * one that is not a regular file, is refused as a whole.
 */
#define CONFFILE_LINE_MAX 4095
#define CONFFILE_SIZE_MAX ((size_t)256 * 1024)

struct conffile {
	char *text; /* owned; items point into it */
	char *next; /* the rest */
	size_t left;
	unsigned line;
	bool in_section;
};

struct conffile_item {
	unsigned line;
	const char *section; /* of a section line; else NULL */
	const char *label;   /* NULL: without one */
	const char *key;     /* of a key line; else NULL */
	const char *value;
};

#define CONFFILE_WHAT_SIZE 256

/* Reads the file at PATH (relative to the host's root). 0; -ENOENT; -EBADMSG: it is not a file of
 * text or too large, ret_what says so; -errno. */
int conffile_open(const struct host *host, const char *path, struct conffile *ret,
		  char ret_what[static CONFFILE_WHAT_SIZE]);
/* The same from memory: SIZE bytes are copied. 0, -EBADMSG, -ENOMEM. */
int conffile_open_text(const char *text, size_t size, struct conffile *ret,
		       char ret_what[static CONFFILE_WHAT_SIZE]);
void conffile_done(struct conffile *file);
#define _cleanup_conffile_ _cleanup_(conffile_done)

/*
 * The next section or key line: 1 and *ret, whose texts live as long as FILE; 0 at the end;
 * -EBADMSG when a line is wrong: file->line is its number, ret_what says what and what is allowed.
 */
int conffile_next(struct conffile *file, struct conffile_item *ret,
		  char ret_what[static CONFFILE_WHAT_SIZE]);
