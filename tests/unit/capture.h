/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a piece of a test writes to a descriptor such as stderr. */
#pragma once

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CAPTURE_SIZE 32768

struct capture {
	int fd;	  /* the one that is captured */
	int kept; /* where it led */
	FILE *file;
};

static inline struct capture capture_begin(int fd)
{
	struct capture capture = { .fd = fd, .kept = dup(fd), .file = tmpfile() };

	assert_non_null(capture.file);
	assert_true(capture.kept >= 0);
	fflush(NULL);
	assert_true(dup2(fileno(capture.file), fd) >= 0);
	return capture;
}

/* Puts the descriptor back. The text is valid until the next call. */
static inline const char *capture_end(struct capture *capture)
{
	static char text[CAPTURE_SIZE];
	size_t size;

	fflush(NULL);
	assert_true(dup2(capture->kept, capture->fd) >= 0);
	close(capture->kept);
	rewind(capture->file);
	size = fread(text, 1, sizeof(text) - 1, capture->file);
	text[size] = '\0';
	fclose(capture->file);
	return text;
}
