/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one helper changed for one guest, and what was there before: /run/vxm/GUEST/KIND. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "writeout.h"

#define RECORD_BASE	"run/vxm"
#define RECORD_LIMIT	((size_t)256 * 1024)
#define RECORD_ATTEMPTS 64

struct record_line {
	char *object;
	char *key;
	char *value;
};

struct record {
	char *guest;
	char *kind;
	struct record_line *lines;
	size_t count;
};

static void line_done(struct record_line *line)
{
	free(line->object);
	free(line->key);
	free(line->value);
}

struct record *record_new(const char *guest, const char *kind)
{
	_cleanup_record_ struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return NULL;
	record->guest = strdup(guest);
	record->kind = strdup(kind);
	if (!record->guest || !record->kind)
		return NULL;
	return take_ptr(record);
}

void record_free(struct record *record)
{
	if (!record)
		return;
	for (size_t i = 0; i < record->count; i++)
		line_done(&record->lines[i]);
	free(record->lines);
	free(record->guest);
	free(record->kind);
	free(record);
}

static bool is_carried(const char *text, bool word)
{
	if (word && !*text)
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f || (word && *text == ' '))
			return false;
	return true;
}

static struct record_line *record_find(const struct record *record, const char *object,
				       const char *key)
{
	for (size_t i = 0; i < record->count; i++)
		if (strcmp(record->lines[i].object, object) == 0 &&
		    strcmp(record->lines[i].key, key) == 0)
			return &record->lines[i];
	return NULL;
}

int record_set(struct record *record, const char *object, const char *key, const char *value)
{
	struct record_line added, *line = record_find(record, object, key);
	char *copy;

	if (!is_carried(object, true) || !is_carried(key, true) || !is_carried(value, false))
		return -EINVAL;
	if (line) {
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
		free(line->value);
		line->value = copy;
		return 0;
	}
	line = reallocarray(record->lines, record->count + 1, sizeof(*line));
	if (!line)
		return -ENOMEM;
	record->lines = line;
	added = (struct record_line){ strdup(object), strdup(key), strdup(value) };
	if (!added.object || !added.key || !added.value) {
		line_done(&added);
		return -ENOMEM;
	}
	record->lines[record->count++] = added;
	return 0;
}

const char *record_get(const struct record *record, const char *object, const char *key)
{
	const struct record_line *line = record_find(record, object, key);

	return line ? line->value : NULL;
}

const char *record_object(const struct record *record, size_t i)
{
	for (size_t at = 0; at < record->count; at++) {
		bool first = true;

		for (size_t before = 0; before < at && first; before++)
			first = strcmp(record->lines[before].object, record->lines[at].object) != 0;
		if (first && i-- == 0)
			return record->lines[at].object;
	}
	return NULL;
}

static int record_path(char path[static PATH_MAX], const char *guest, const char *kind,
		       const char *suffix)
{
	int r = parse_guest_name(guest);

	if (r < 0)
		return r;
	snprintf(path, PATH_MAX, RECORD_BASE "/%s%s%s%s", guest, kind ? "/" : "", kind ? kind : "",
		 suffix);
	return 0;
}

static int parse_line(struct record *record, char *line)
{
	char *key = strchr(line, ' ');
	char *value = key ? strchr(key + 1, ' ') : NULL;
	int r;

	if (!value)
		return -EBADMSG;
	*key++ = '\0';
	*value++ = '\0';
	r = record_set(record, line, key, value);
	return r == -EINVAL ? -EBADMSG : r;
}

int record_load(const struct host *host, const char *guest, const char *kind, struct record **ret)
{
	_cleanup_record_ struct record *record = NULL;
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	size_t size;
	int r;

	r = record_path(path, guest, kind, "");
	if (r < 0)
		return r;
	r = host_read_file(host, path, RECORD_LIMIT, &text, &size);
	if (r < 0)
		return r;
	if (strlen(text) != size) /* what lies behind a NUL byte would be lost without a word */
		return -EBADMSG;
	record = record_new(guest, kind);
	if (!record)
		return -ENOMEM;
	for (char *line = text; *line;) {
		char *end = strchr(line, '\n');

		if (!end) /* record_save() always ends its lines: this one was cut */
			return -EBADMSG;
		*end = '\0';
		r = parse_line(record, line);
		if (r < 0)
			return r;
		line = end + 1;
	}
	*ret = take_ptr(record);
	return 0;
}

/* A directory of ours, root's and open to be listed. One that is there is left as it is. */
static int make_directory(const struct host *host, const char *path)
{
	if (mkdirat(host->root_fd, path, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int record_format(const struct record *record, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < record->count; i++)
		fprintf(out, "%s %s %s\n", record->lines[i].object, record->lines[i].key,
			record->lines[i].value);
	if (fclose(out) != 0)
		return -ENOMEM;
	*ret = take_ptr(text);
	*ret_size = size;
	return 0;
}

/*
 * Another helper's last record, or record_leave(), may take the empty directory away between the
 * two calls: a stop of one unit and the start of another run side by side. Each further attempt
 * needs one more that leaves, and there are only so many helpers.
 */
static int open_temporary(const struct host *host, const char *directory, const char *temporary)
{
	int fd = -1;

	for (int i = 0; i < RECORD_ATTEMPTS; i++) {
		int r = make_directory(host, directory);

		if (r < 0)
			return r;
		/* Not O_EXCL: a helper killed here before leaves its temporary file, and the lock
		 * says that nobody else writes. */
		fd = openat(host->root_fd, temporary,
			    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd >= 0 || errno != ENOENT)
			break;
	}
	return fd < 0 ? -errno : fd;
}

int record_save(const struct host *host, const struct record *record)
{
	char directory[PATH_MAX], path[PATH_MAX], temporary[PATH_MAX];
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = record_path(directory, record->guest, NULL, "");
	if (r < 0)
		return r;
	record_path(path, record->guest, record->kind, "");
	record_path(temporary, record->guest, record->kind, ".new");
	r = record_format(record, &text, &size);
	if (r < 0)
		return r;
	r = make_directory(host, RECORD_BASE);
	if (r < 0)
		return r;
	fd = open_temporary(host, directory, temporary);
	if (fd < 0)
		return fd;
	r = fchmod(fd, 0644) < 0 ? -errno : writeout(fd, text, size);
	if (r >= 0 && renameat(host->root_fd, temporary, host->root_fd, path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(host->root_fd, temporary, 0);
	return r;
}

int record_remove(const struct host *host, const char *guest, const char *kind)
{
	static const char *const suffixes[] = { ".new", "" };
	char path[PATH_MAX];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		r = record_path(path, guest, kind, suffixes[i]);
		if (r < 0)
			return r;
		if (unlinkat(host->root_fd, path, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	return record_leave(host, guest);
}

int record_leave(const struct host *host, const char *guest)
{
	char path[PATH_MAX];
	int r = record_path(path, guest, NULL, "");

	if (r < 0)
		return r;
	if (unlinkat(host->root_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT &&
	    errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	return 0;
}

int record_guests(const struct host *host, const char *kind, struct strlist *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY, found = STRLIST_EMPTY;
	int r = host_list(host, RECORD_BASE, &names);

	if (r == -ENOENT) {
		*ret = STRLIST_EMPTY;
		return 0;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		char path[PATH_MAX];
		struct stat st;

		if (record_path(path, names.items[i], kind, "") < 0)
			continue;
		if (fstatat(host->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = strlist_add(&found, names.items[i]);
		if (r < 0)
			return r;
	}
	*ret = found;
	found = STRLIST_EMPTY;
	return 0;
}

int record_owner(const struct host *host, const char *kind, const char *object, const char *guest,
		 char ret_owner[static GUEST_NAME_SIZE])
{
	_cleanup_strlist_ struct strlist guests = STRLIST_EMPTY;
	int r = record_guests(host, kind, &guests);

	if (r < 0)
		return r;
	for (size_t i = 0; i < guests.count; i++) {
		_cleanup_record_ struct record *record = NULL;

		if (strcmp(guests.items[i], guest) == 0)
			continue;
		r = record_load(host, guests.items[i], kind, &record);
		if (r == -ENOENT) /* given back since the listing */
			continue;
		if (r < 0)
			return r;
		for (size_t n = 0; n < record->count; n++)
			if (strcmp(record->lines[n].object, object) == 0) {
				snprintf(ret_owner, GUEST_NAME_SIZE, "%s", guests.items[i]);
				return 1;
			}
	}
	return 0;
}

int record_open_lock(const struct host *host, const char *kind, bool make)
{
	char path[PATH_MAX];
	int r = make ? make_directory(host, RECORD_BASE) : 0;

	snprintf(path, sizeof(path), RECORD_BASE "/.lock/%s", kind);
	if (make && r >= 0)
		r = make_directory(host, RECORD_BASE "/.lock");
	if (make && r >= 0)
		r = make_directory(host, path);
	return r < 0 ? r : host_openat(host, path, O_RDONLY | O_DIRECTORY);
}

int record_lock(const struct host *host, const char *kind)
{
	_cleanup_close_ int fd = record_open_lock(host, kind, true);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return take_fd(&fd);
}
