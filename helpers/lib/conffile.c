/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration file as sections and keys with their line numbers. */
#include "conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "utf8.h"

#define CONFFILE_BLANKS " \t"

static int wrong(char what[static CONFFILE_WHAT_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(char what[static CONFFILE_WHAT_SIZE], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, CONFFILE_WHAT_SIZE, format, ap);
	va_end(ap);
	utf8_mend(what);
	return -EBADMSG;
}

/* Takes TEXT over in each case. */
static int open_owned(char *text, size_t size, struct conffile *ret,
		      char what[static CONFFILE_WHAT_SIZE])
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };
	size_t skip =
		size >= sizeof(mark) && memcmp(text, mark, sizeof(mark)) == 0 ? sizeof(mark) : 0;

	if (size > CONFFILE_SIZE_MAX) {
		free(text);
		return wrong(what, "the file has more than %zu KiB", CONFFILE_SIZE_MAX / 1024);
	}
	*ret = (struct conffile){ .text = text, .next = text + skip, .left = size - skip };
	return 0;
}

int conffile_open(const struct host *host, const char *path, struct conffile *ret,
		  char ret_what[static CONFFILE_WHAT_SIZE])
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t size;
	int r;

	/* Looked at before it is opened: opening a FIFO waits for a writer. */
	if (fstatat(host->root_fd, path, &st, 0) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return wrong(ret_what, "it is not a regular file");
	r = host_read_file(host, path, CONFFILE_SIZE_MAX, &text, &size);
	if (r == -EFBIG)
		return wrong(ret_what, "the file has more than %zu KiB", CONFFILE_SIZE_MAX / 1024);
	if (r < 0)
		return r;
	return open_owned(take_ptr(text), size, ret, ret_what);
}

int conffile_open_text(const char *text, size_t size, struct conffile *ret,
		       char ret_what[static CONFFILE_WHAT_SIZE])
{
	char *copy = malloc(size + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return open_owned(copy, size, ret, ret_what);
}

void conffile_done(struct conffile *file)
{
	free(file->text);
	*file = (struct conffile){ 0 };
}

static int check_bytes(const char *line, size_t length, char what[static CONFFILE_WHAT_SIZE])
{
	for (size_t i = 0; i < length;) {
		unsigned char c = (unsigned char)line[i];
		size_t bytes = utf8_length(line + i);

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return wrong(what,
				     "a control character (byte 0x%02x); allowed is text in UTF-8",
				     c);
		if (bytes == 0)
			return wrong(what, "byte 0x%02x is not UTF-8; allowed is text in UTF-8", c);
		i += bytes;
	}
	return 0;
}

/* Cuts the blanks off both ends, in place. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, CONFFILE_BLANKS);
	length = strlen(text);
	while (length > 0 && strchr(CONFFILE_BLANKS, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

static bool is_word(const char *text, const char *more)
{
	if (!*text)
		return false;
	for (; *text; text++) {
		bool alnum = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
			     (*text >= '0' && *text <= '9');

		if (!alnum && !strchr(more, *text))
			return false;
	}
	return true;
}

static int read_section(char *line, struct conffile_item *ret, char what[static CONFFILE_WHAT_SIZE])
{
	size_t length = strlen(line);
	char *name, *label = NULL;

	if (line[length - 1] != ']')
		return wrong(what,
			     "a section begins with [ and its line ends with ]; a comment has "
			     "a line of its own");
	line[length - 1] = '\0';
	name = trim(line + 1);
	label = strpbrk(name, CONFFILE_BLANKS);
	if (label) {
		*label++ = '\0';
		label = trim(label);
	}
	if (!is_word(name, ""))
		return wrong(what,
			     "\"[%.80s]\" is no section's name: allowed are letters and digits",
			     name);
	if (label && !is_word(label, "._-"))
		return wrong(what,
			     "\"%.80s\" is no label: allowed are letters, digits and . _ -, as in "
			     "[Disk system]",
			     label);
	*ret = (struct conffile_item){ .section = name, .label = label };
	return 0;
}

/* Takes the quotes off, in place. */
static int unquote(char **value, char what[static CONFFILE_WHAT_SIZE])
{
	char *from = *value, *to = *value;
	size_t length = strlen(from);

	if (*from != '"') {
		if (length > 0 && from[length - 1] == '\\')
			return wrong(what, "a line is not continued by a backslash; a value that "
					   "ends with one is written \"...\\\\\"");
		return 0;
	}
	for (from++; *from != '"'; from++) {
		if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		else if (*from == '\\')
			return wrong(what, "in a quoted value \\\" and \\\\ are allowed, and no "
					   "other character after a backslash");
		if (!*from)
			return wrong(what, "the value begins with a double quote and has none at "
					   "its end");
		*to++ = *from;
	}
	if (from[1])
		return wrong(what, "something follows the closing quote; a value that begins with "
				   "a double quote ends with one");
	*to = '\0';
	return 0;
}

static int read_key(char *line, struct conffile_item *ret, char what[static CONFFILE_WHAT_SIZE])
{
	char *equals = strchr(line, '='), *key, *value;
	char detail[CONFFILE_WHAT_SIZE];
	int r;

	if (!equals)
		return wrong(what,
			     "\"%.80s\" is nothing known: allowed are [Section], Key=value, and "
			     "comments that begin with # or ;",
			     line);
	*equals = '\0';
	key = trim(line);
	if (!is_word(key, ""))
		return wrong(what, "\"%.80s\" is no key's name: allowed are letters and digits",
			     key);
	value = trim(equals + 1);
	r = unquote(&value, detail);
	if (r < 0)
		return wrong(what, "%.60s=: %.180s", key, detail);
	*ret = (struct conffile_item){ .key = key, .value = value };
	return 0;
}

/* Cuts the next line out of the text. Its end is a newline or the end of the file. */
static char *take_line(struct conffile *file, size_t *ret_length)
{
	char *line = file->next, *end = memchr(line, '\n', file->left);
	size_t length = end ? (size_t)(end - line) : file->left;

	file->next += length + !!end;
	file->left -= length + !!end;
	file->line++;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	*ret_length = length;
	return line;
}

int conffile_next(struct conffile *file, struct conffile_item *ret,
		  char ret_what[static CONFFILE_WHAT_SIZE])
{
	while (file->left > 0) {
		struct conffile_item item = { 0 };
		size_t length;
		char *line = take_line(file, &length);
		int r;

		if (length > CONFFILE_LINE_MAX)
			return wrong(ret_what, "the line has %zu bytes, at most %d are allowed",
				     length, CONFFILE_LINE_MAX);
		r = check_bytes(line, length, ret_what);
		if (r < 0)
			return r;
		line = trim(line);
		if (!*line || *line == '#' || *line == ';')
			continue;
		r = *line == '[' ? read_section(line, &item, ret_what)
				 : read_key(line, &item, ret_what);
		if (r < 0)
			return r;
		if (item.key && !file->in_section)
			return wrong(ret_what,
				     "%.60s=: stands before the first section; a key belongs "
				     "below a line like [Guest]",
				     item.key);
		file->in_section = true;
		item.line = file->line;
		*ret = item;
		return 1;
	}
	return 0;
}
