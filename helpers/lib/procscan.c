/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes have given device nodes open, by descriptor or by mapping. */
#include "procscan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"
#include "parse.h"

#define CHUNK ((size_t)128 * 1024)

/* What one scan carries along. */
struct scan {
	const struct host *host;
	const struct holdernode_list *nodes;
	procscan_found *found;
	void *data;
	char *chunk;	  /* of CHUNK bytes, for mappings */
	char (*keys)[48]; /* "00:05 123 ", by node; "" for one without a file */
};

static bool is_node(const struct holdernode *node, const struct statx *stx)
{
	return (node->block ? S_ISBLK(stx->stx_mode) : S_ISCHR(stx->stx_mode)) &&
	       stx->stx_rdev_major == node->major &&
	       (node->any_minor || stx->stx_rdev_minor == node->minor);
}

/* Which of the nodes the descriptor FD (a name in the directory FDS) is, or NULL. *ret_unseen is
 * set when we may not know. */
static const struct holdernode *find_descriptor(const struct scan *scan, int fds, const char *fd,
						bool *ret_unseen)
{
	const struct holdernode_list *nodes = scan->nodes;
	char target[PATH_MAX];
	struct statx stx;
	ssize_t n;

	if (scan->host->recorded) {
		n = readlinkat(fds, fd, target, sizeof(target) - 1);
		if (n < 0)
			return NULL;
		target[n] = '\0';
		for (size_t i = 0; i < nodes->count; i++)
			if (strcmp(nodes->items[i].path, target) == 0)
				return &nodes->items[i];
		return NULL;
	}
	/* Without a sync: a descriptor of a dead NFS server must not stop us. */
	if (statx(fds, fd, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &stx) < 0) {
		*ret_unseen = *ret_unseen || errno == EACCES || errno == EPERM;
		return NULL;
	}
	for (size_t i = 0; i < nodes->count; i++)
		if (is_node(&nodes->items[i], &stx))
			return &nodes->items[i];
	return NULL;
}

/* It ended meanwhile, or is a file with a number for a name. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ESRCH || r == -ENOTDIR;
}

static int scan_descriptors(const struct scan *scan, pid_t pid, bool *ret_unseen)
{
	_cleanup_strlist_ struct strlist fds = STRLIST_EMPTY;
	_cleanup_close_ int fd = -1;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "proc/%d/fd", (int)pid);
	r = host_list(scan->host, path, &fds);
	if (r == -EACCES || r == -EPERM) {
		*ret_unseen = true;
		return 0;
	}
	if (r < 0)
		return is_gone(r) ? 0 : r;
	fd = host_openat(scan->host, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return 0;
	for (size_t i = 0; i < fds.count; i++) {
		const struct holdernode *node = find_descriptor(scan, fd, fds.items[i], ret_unseen);

		r = node ? scan->found(scan->data, pid, node, false) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * "7f12-7f13 rw-s 100000000 00:05 123     /dev/dri/card1": by device and inode of the file, which
 * is right under any name, and by the name, which is right for a node that a container made for
 * itself. A node that was removed has " (deleted)" after it.
 */
static const struct holdernode *find_mapping(const struct scan *scan, char *line)
{
	char *field = line, *path;

	for (int i = 0; i < 3; i++) {
		field = strchr(field, ' ');
		if (!field)
			return NULL;
		field++;
	}
	path = strstr(field, " /dev/");
	if (path) {
		char *deleted = strstr(++path, " (deleted)");

		if (deleted)
			*deleted = '\0';
	}
	for (size_t i = 0; i < scan->nodes->count; i++) {
		size_t length = strlen(scan->keys[i]);

		if (length > 0 && strncmp(field, scan->keys[i], length) == 0)
			return &scan->nodes->items[i];
		if (path && strcmp(path, scan->nodes->items[i].path) == 0)
			return &scan->nodes->items[i];
	}
	return NULL;
}

/* The whole lines of TEXT, which is changed. Returns where the last, unfinished one begins. */
static int scan_lines(const struct scan *scan, pid_t pid, char *text, char **ret_rest)
{
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		const struct holdernode *node;
		int r;

		*end = '\0';
		node = find_mapping(scan, text);
		r = node ? scan->found(scan->data, pid, node, true) : 0;
		if (r < 0)
			return r;
	}
	*ret_rest = text;
	return 0;
}

static int scan_mappings(const struct scan *scan, pid_t pid, bool *ret_unseen)
{
	_cleanup_close_ int fd = -1;
	size_t used = 0;
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/maps", (int)pid);
	fd = host_openat(scan->host, path, O_RDONLY);
	if (fd == -EACCES || fd == -EPERM)
		*ret_unseen = true;
	if (fd < 0)
		return 0;
	for (;;) {
		ssize_t n = read(fd, scan->chunk + used, CHUNK - used - 1);
		char *rest;
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			*ret_unseen = *ret_unseen || errno == EACCES || errno == EPERM;
		if (n <= 0)
			return 0;
		used += (size_t)n;
		scan->chunk[used] = '\0';
		r = scan_lines(scan, pid, scan->chunk, &rest);
		if (r < 0)
			return r;
		used = strlen(rest);
		/* A line has one path in it, of PATH_MAX at most: one that is longer is none. */
		if (used + PATH_MAX >= CHUNK)
			used = 0;
		memmove(scan->chunk, rest, used);
	}
}

static void make_keys(const struct scan *scan)
{
	for (size_t i = 0; i < scan->nodes->count; i++) {
		const struct holdernode *node = &scan->nodes->items[i];

		if (node->inode > 0)
			snprintf(scan->keys[i], sizeof(scan->keys[i]), "%02x:%02x %lu ",
				 major(node->dev), minor(node->dev), node->inode);
	}
}

static int scan_all(const struct scan *scan, size_t *ret_unseen)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r = host_list(scan->host, "proc", &names);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < names.count; i++) {
		bool unseen = false;
		unsigned pid;

		if (parse_uint(names.items[i], &pid) < 0 ||
		    (!scan->host->recorded && (pid_t)pid == getpid()))
			continue;
		r = scan_descriptors(scan, (pid_t)pid, &unseen);
		if (r >= 0)
			r = scan_mappings(scan, (pid_t)pid, &unseen);
		if (r < 0)
			return r;
		*ret_unseen += unseen;
	}
	return 0;
}

int procscan_run(const struct host *host, const struct holdernode_list *nodes,
		 procscan_found *found, void *data, size_t *ret_unseen)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);
	_cleanup_free_ char(*keys)[48] = calloc(nodes->count + 1, sizeof(*keys));
	struct scan scan = { host, nodes, found, data, chunk, keys };
	size_t unseen = 0;
	int r;

	if (!chunk || !keys)
		return -ENOMEM;
	make_keys(&scan);
	r = nodes->count > 0 ? scan_all(&scan, &unseen) : 0;
	if (r < 0)
		return r;
	*ret_unseen = unseen;
	return 0;
}
