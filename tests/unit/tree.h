/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small tree of files below a directory of its own, as the root of a recorded host. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "host.h"

struct tree {
	char path[64];
	struct host host; /* recorded */
};

/* As cmocka's setup and teardown: each test begins with a tree of its own, in *state. */
static inline int tree_setup(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -1;
	snprintf(tree->path, sizeof(tree->path), "/tmp/vxm-unit.XXXXXX");
	if (!mkdtemp(tree->path) || host_open(tree->path, &tree->host) < 0)
		return -1;
	*state = tree;
	return 0;
}

static inline int tree_remove_one(const char *path, const struct stat *st, int flag,
				  struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int tree_teardown(void **state)
{
	struct tree *tree = *state;
	int r = nftw(tree->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	host_done(&tree->host);
	free(tree);
	return r;
}

static inline const char *tree_full(const struct tree *tree, const char *path,
				    char full[static PATH_MAX])
{
	snprintf(full, PATH_MAX, "%s/%s", tree->path, path);
	return full;
}

/* Makes the directories that PATH lies in. All paths are relative to the tree. */
static inline void tree_parents(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	tree_full(tree, path, full);
	for (char *p = full + strlen(tree->path) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
}

static inline void tree_mkdir(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	tree_parents(tree, path);
	assert_int_equal(mkdir(tree_full(tree, path, full), 0755), 0);
}

static inline void tree_write_bytes(const struct tree *tree, const char *path, const void *bytes,
				    size_t size)
{
	char full[PATH_MAX];
	int fd;

	tree_parents(tree, path);
	fd = open(tree_full(tree, path, full), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	close(fd);
}

static inline void tree_write(const struct tree *tree, const char *path, const char *text)
{
	tree_write_bytes(tree, path, text, strlen(text));
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	char full[PATH_MAX];

	tree_parents(tree, path);
	assert_int_equal(symlink(target, tree_full(tree, path, full)), 0);
}

static inline void tree_remove(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	assert_int_equal(remove(tree_full(tree, path, full)), 0);
}

/* Each test has a tree of its own. */
#define tree_test(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
