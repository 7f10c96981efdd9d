/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzzers share: a demand that ends the run, exact copies of the input, a root of files.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cleanup.h"
#include "host.h"

/* libFuzzer's entry points (llvm/docs/LibFuzzer). */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that did not hold is a crash: libFuzzer writes the input down. */
#define demand(condition)                                                                     \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "%s:%d: %s: does not hold: %s\n", __FILE__, __LINE__, \
				__func__, #condition);                                        \
			abort();                                                              \
		}                                                                             \
	} while (0)

/* The input as a text that ends at its first NUL byte, in memory of just that size, so that a byte
 * read behind its end is found. To be freed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	demand(text);
	return text;
}

/* Fills an output with what no parser would write, to see later that a failure left it alone. */
static inline void fuzz_mark(void *p, size_t size)
{
	memset(p, 0xa5, size);
}

static inline bool fuzz_is_marked(const void *p, size_t size)
{
	const uint8_t *bytes = p;

	/* All are the same as the one before, and the first is the mark. */
	return size == 0 || (bytes[0] == 0xa5 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Whether TEXT can be shown as one line: UTF-8 without control characters. */
static inline bool fuzz_is_line(const char *text)
{
	json_t *string = json_string(text); /* NULL for what is not UTF-8 */

	json_decref(string);
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
			return false;
	return string != NULL;
}

static inline void fuzz_mkdirs(int root, const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part; (p = strchr(p, '/')); p++) {
		*p = '\0';
		demand(mkdirat(root, part, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
}

/* A host whose root is a new directory in $TMPDIR, which the runner makes and takes away. */
static inline struct host fuzz_root(void)
{
	const char *parent = getenv("TMPDIR");
	struct host host;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/vxm-fuzz.XXXXXX", parent ? parent : "/tmp");
	demand(mkdtemp(path));
	demand(host_open(path, &host) == 0);
	return host;
}

/* Writes a file, and makes the directories that it lies in. */
static inline void fuzz_write(const struct host *host, const char *path, const void *data,
			      size_t size)
{
	int fd = openat(host->root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0) {
		fuzz_mkdirs(host->root_fd, path);
		fd = openat(host->root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	}
	demand(fd >= 0);
	demand(write(fd, data, size) == (ssize_t)size);
	close(fd);
}
