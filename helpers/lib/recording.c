/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record of a machine: a directory that --root= takes in the place of the machine. */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "firmware.h"
#include "pcidev.h"
#include "qemuversion.h"
#include "recordingpart.h"
#include "redact.h"
#include "sysfs.h"
#include "writeout.h"

/*
 * Theory of operation
 *
 * sysfs is a tree of directories with links across it, and where a link leads is what readers ask
 * for (the ports above a function stand in the target of its link). So links are recorded as links,
 * and each pattern is walked by hand, one component after the other: a component that is a link is
 * made in the record as it is, and the walk goes on at its target, which is recorded in its real
 * place. A link that leads above the root stays in the root.
 *
 * Nothing here can be wrong with a machine: an attribute that is absent, or fails to be read, is
 * absent from the record. What is there and may not be read is counted.
 */

#define FILE_LIMIT    ((size_t)16 * 1024 * 1024)
#define LINKS_MAX     40 /* as path_resolution(7) */
#define CONFIG_HEADER 64
#define CONFIG_SIZE   4096

struct walk {
	const struct host *host;
	int to_fd; /* the record's root */
	enum recordingpart_kind kind;
	struct redact redact;
	struct recording count;
};

static bool is_denied(int r)
{
	return r == -EACCES || r == -EPERM;
}

/* A file of the record; one that is there was recorded by another way to it. */
static int put_file(struct walk *walk, const char *path, mode_t mode, const char *bytes,
		    size_t size)
{
	_cleanup_close_ int fd = -1;
	int r = writeout_parents(walk->to_fd, path);

	if (r < 0)
		return r;
	fd = openat(walk->to_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	walk->count.files++;
	return writeout(fd, bytes, size);
}

/* The config space of the function whose directory PATH lies in. */
static size_t cut_config(const struct walk *walk, const char *path, char *text, size_t size)
{
	_cleanup_free_ char *class = NULL;
	char other[PATH_MAX];

	if (size > CONFIG_SIZE)
		size = CONFIG_SIZE;
	redact_config((uint8_t *)text, size);
	snprintf(other, sizeof(other), "%.*s/class", (int)(strrchr(path, '/') - path), path);
	if (host_read_file(walk->host, other, 64, &class, NULL) >= 0 &&
	    strncmp(class, "0x0604", 6) == 0)
		return size;
	return size < CONFIG_HEADER ? size : CONFIG_HEADER;
}

/* What of a file's text is recorded: *TEXT may be another text then. The size, or -errno. */
static ssize_t take_out(struct walk *walk, const char *path, char **text, size_t size)
{
	char *made;
	int r;

	switch (walk->kind) {
	case RECORDINGPART_CONFIG:
		return (ssize_t)cut_config(walk, path, *text, size);
	case RECORDINGPART_EDID:
		return (ssize_t)redact_edid((uint8_t *)*text, size);
	case RECORDINGPART_SERIAL:
		r = redact_serial(&walk->redact, *text, &made);
		if (r < 0)
			return r;
		free(*text);
		*text = made;
		return (ssize_t)strlen(made);
	case RECORDINGPART_CMDLINE:
		redact_cmdline(*text);
		break;
	case RECORDINGPART_CPUINFO:
		redact_cpuinfo(*text);
		break;
	case RECORDINGPART_MODULES:
		redact_addresses(*text);
		break;
	case RECORDINGPART_TEXT:
	case RECORDINGPART_MARK:
	case RECORDINGPART_QEMU:
	case RECORDINGPART_OVERRIDE:
	default:
		break;
	}
	r = redact_mac(&walk->redact, *text);
	return r < 0 ? r : (ssize_t)strlen(*text);
}

/* Whether a reader without privileges got less than there is. */
static bool is_cut_short(const struct walk *walk, size_t size, const struct stat *st)
{
	return walk->kind == RECORDINGPART_CONFIG && size == CONFIG_HEADER &&
	       st->st_size > CONFIG_HEADER && geteuid() != 0;
}

static int put_mark(struct walk *walk, const char *to, const struct stat *st)
{
	char version[QEMUVERSION_SIZE] = "";

	if (walk->kind == RECORDINGPART_QEMU)
		(void)qemuversion_read(walk->host, version);
	return put_file(walk, to, st->st_mode & 0111 ? 0755 : 0644, version, strlen(version));
}

/* As the kernel prints it. One whose lock nobody gets counts as one that may not be read. */
static int read_override(const struct host *host, const char *path, char **ret, size_t *ret_size)
{
	const char *end = strrchr(path, '/'), *start = memrchr(path, '/', (size_t)(end - path));
	char driver[PCIDEV_DRIVER_SIZE], bdf[PCIADDR_SIZE];
	struct pciaddr addr;
	int r;

	snprintf(bdf, sizeof(bdf), "%.*s", (int)(end - start - 1), start + 1);
	r = pciaddr_parse(bdf, &addr);
	if (r >= 0)
		r = pcidev_read_override(host, &addr, driver, NULL);
	if (r < 0)
		return r == -ETIMEDOUT ? -EACCES : r;
	r = asprintf(ret, "%s\n", driver[0] ? driver : "(null)");
	*ret_size = r < 0 ? 0 : (size_t)r;
	return r < 0 ? -ENOMEM : 0;
}

static int record_file(struct walk *walk, const char *path, const char *to, const struct stat *st)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	ssize_t n;
	int r;

	if (walk->kind == RECORDINGPART_MARK || walk->kind == RECORDINGPART_QEMU)
		return put_mark(walk, to, st);
	if (walk->kind == RECORDINGPART_OVERRIDE)
		r = read_override(walk->host, path, &text, &size);
	else
		r = host_read_file(walk->host, path, FILE_LIMIT, &text, &size);
	walk->count.unseen += is_denied(r);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	walk->count.unseen += is_cut_short(walk, size, st);
	n = take_out(walk, path, &text, size);
	return n < 0 ? (int)n : put_file(walk, to, 0644, text, (size_t)n);
}

/* PATH without a link in it, and its name in the record: names can hold a MAC address too. */
static int record_here(struct walk *walk, const char *path)
{
	char to[PATH_MAX];
	struct stat st;
	int r;

	if (fstatat(walk->host->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	snprintf(to, sizeof(to), "%s", path);
	r = redact_mac(&walk->redact, to);
	if (r >= 0 && S_ISDIR(st.st_mode)) {
		r = writeout_parents(walk->to_fd, to);
		if (r >= 0 && mkdirat(walk->to_fd, to, 0755) < 0 && errno != EEXIST)
			r = -errno;
	} else if (r >= 0 && (S_ISREG(st.st_mode) || walk->kind == RECORDINGPART_MARK)) {
		r = record_file(walk, path, to, &st);
	}
	return r;
}

static int record_link(struct walk *walk, const char *path, const char *target)
{
	char to[PATH_MAX], where[PATH_MAX];
	int r;

	snprintf(to, sizeof(to), "%s", path);
	snprintf(where, sizeof(where), "%s", target);
	r = redact_mac(&walk->redact, to);
	if (r >= 0)
		r = redact_mac(&walk->redact, where);
	if (r >= 0)
		r = writeout_parents(walk->to_fd, to);
	if (r < 0)
		return r;
	return symlinkat(where, walk->to_fd, to) < 0 && errno != EEXIST ? -errno : 0;
}

static int visit(struct walk *walk, const char *at, const char *rest, unsigned links);

/* Where the path AT and the NAME below it lead: "." and ".." by words, for AT has no link in it. */
static int join(char to[static PATH_MAX], const char *at, const char *name)
{
	const char *slash = strrchr(at, '/');
	int n;

	if (strcmp(name, ".") == 0)
		n = snprintf(to, PATH_MAX, "%s", at);
	else if (strcmp(name, "..") == 0)
		n = snprintf(to, PATH_MAX, "%.*s", slash ? (int)(slash - at) : 0, at);
	else
		n = snprintf(to, PATH_MAX, "%s%s%s", at, *at ? "/" : "", name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int follow(struct walk *walk, const char *at, const char *path, const char *rest,
		  unsigned links)
{
	char target[PATH_MAX], further[PATH_MAX];
	ssize_t n = readlinkat(walk->host->root_fd, path, target, sizeof(target) - 1);
	int r;

	if (n < 0)
		return 0;
	target[n] = '\0';
	r = record_link(walk, path, target);
	if (r < 0 || links >= LINKS_MAX ||
	    (size_t)snprintf(further, sizeof(further), "%s%s%s", target, *rest ? "/" : "", rest) >=
		    sizeof(further))
		return r;
	return visit(walk, target[0] == '/' ? "" : at, further, links + 1);
}

/* One component further: NAME below AT, and REST below that. */
static int step(struct walk *walk, const char *at, const char *name, const char *rest,
		unsigned links)
{
	char path[PATH_MAX];
	struct stat st;

	if (join(path, at, name) < 0)
		return 0;
	if (!*path)
		return *rest ? visit(walk, path, rest, links) : 0;
	if (fstatat(walk->host->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		walk->count.unseen += is_denied(-errno);
		return 0;
	}
	if (S_ISLNK(st.st_mode))
		return follow(walk, at, path, rest, links);
	return *rest ? visit(walk, path, rest, links) : record_here(walk, path);
}

static int visit_each(struct walk *walk, const char *at, const char *pattern, const char *rest,
		      unsigned links)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r = host_list(walk->host, *at ? at : ".", &names);

	walk->count.unseen += is_denied(r);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < names.count && r >= 0; i++)
		if (fnmatch(pattern, names.items[i], 0) == 0)
			r = step(walk, at, names.items[i], rest, links);
	return r;
}

static int visit(struct walk *walk, const char *at, const char *rest, unsigned links)
{
	char name[NAME_MAX + 1];
	size_t length;

	rest += strspn(rest, "/");
	length = strcspn(rest, "/");
	if (length == 0)
		return *at ? record_here(walk, at) : 0;
	if (length >= sizeof(name))
		return 0;
	memcpy(name, rest, length);
	name[length] = '\0';
	rest += length;
	rest += strspn(rest, "/");
	return strchr(name, '*') ? visit_each(walk, at, name, rest, links)
				 : step(walk, at, name, rest, links);
}

/* The files that the firmware's descriptors name: that they are there. */
static int record_firmware(struct walk *walk)
{
	static const enum firmware_kind kinds[] = { FIRMWARE_SECURE, FIRMWARE_PLAIN };
	int r = 0;

	walk->kind = RECORDINGPART_MARK;
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r >= 0; i++) {
		_cleanup_firmware_ struct firmware firmware = { 0 };

		if (firmware_find(walk->host, kinds[i], &firmware) < 0)
			continue;
		r = visit(walk, "", firmware.executable.filename, 0);
		if (r >= 0)
			r = visit(walk, "", firmware.nvram_template.filename, 0);
	}
	return r;
}

static int record_parts(struct walk *walk)
{
	size_t count;
	const struct recordingpart *parts = recordingpart_table(&count);
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++) {
		walk->kind = parts[i].kind;
		r = visit(walk, "", parts[i].pattern, 0);
	}
	return r < 0 ? r : record_firmware(walk);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* Nothing is made where a record would not come to be. */
static int check_place(const char *dir)
{
	struct host there;
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r = host_open(dir, &there);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = host_list(&there, ".", &names);
	host_done(&there);
	return r < 0 ? r : names.count > 0 ? -ENOTEMPTY : 0;
}

int recording_make(const struct host *host, const char *dir, struct recording *ret)
{
	_cleanup_(redact_done) struct redact redact = { 0 };
	struct walk walk = { .host = host };
	char aside[PATH_MAX];
	size_t length = strlen(dir);
	int r = check_place(dir);

	while (length > 1 && dir[length - 1] == '/')
		length--;
	if (r >= 0 && (size_t)snprintf(aside, sizeof(aside), "%.*s.unfinished-XXXXXX", (int)length,
				       dir) >= sizeof(aside))
		r = -ENAMETOOLONG;
	if (r >= 0 && !mkdtemp(aside))
		r = -errno;
	if (r < 0)
		return r;
	walk.to_fd = open(aside, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = walk.to_fd < 0 ? -errno : record_parts(&walk);
	redact = walk.redact;
	closep(&walk.to_fd);
	if (r >= 0 && chmod(aside, 0755) < 0)
		r = -errno;
	/* Takes the place of an empty directory, and of nothing else. */
	if (r >= 0 && rename(aside, dir) < 0)
		r = -errno;
	if (r < 0)
		(void)nftw(aside, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	else
		*ret = walk.count;
	return r;
}
