/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that are made ready at boot: which they are, and the PCI functions that were meant. */
#include "prepared.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guestspec.h"
#include "parse.h"

#define TARGET_PREFIX "vxm-prepare@"
#define TARGET_SUFFIX ".target"
#define FILE_LIMIT    ((size_t)64 * 1024)

/* Where systemctl enable, enable --runtime and an image's maker put links. */
static const char *const unit_directories[] = { "etc/systemd/system", "run/systemd/system",
						"usr/lib/systemd/system" };

static bool has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text), end = strlen(suffix);

	return length > end && strcmp(text + length - end, suffix) == 0;
}

static bool is_masked(const struct host *host, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/" TARGET_PREFIX "%s" TARGET_SUFFIX, unit_directories[0],
		 name);
	n = readlinkat(host->root_fd, path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strcmp(target, "/dev/null") == 0;
}

/* What is asked of each link that enables a guest. */
struct search {
	const struct host *host;
	struct strlist *names;	     /* the guests found; or NULL */
	const char *wanted;	     /* the links of one guest; or NULL */
	const struct timespec *than; /* which of them is newer than this? */
	bool found;
};

static int visit_link(struct search *search, const char *path, const char *name)
{
	struct stat st;

	if (search->names)
		return strlist_has(search->names, name) || is_masked(search->host, name)
			       ? 0
			       : strlist_add(search->names, name);
	if (strcmp(name, search->wanted) != 0)
		return 0;
	if (fstatat(search->host->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (st.st_mtim.tv_sec > search->than->tv_sec ||
	    (st.st_mtim.tv_sec == search->than->tv_sec &&
	     st.st_mtim.tv_nsec > search->than->tv_nsec))
		search->found = true;
	return 0;
}

static int visit_links(struct search *search, const char *directory)
{
	_cleanup_strlist_ struct strlist links = STRLIST_EMPTY;
	int r = host_list(search->host, directory, &links);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	for (size_t i = 0; r >= 0 && i < links.count; i++) {
		char *link = links.items[i], *name = link + strlen(TARGET_PREFIX);
		char path[PATH_MAX + 256]; /* NAME_MAX is 255 */

		if (strncmp(link, TARGET_PREFIX, strlen(TARGET_PREFIX)) != 0 ||
		    !has_suffix(link, TARGET_SUFFIX))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, link);
		link[strlen(link) - strlen(TARGET_SUFFIX)] = '\0';
		if (parse_guest_name(name) == 0)
			r = visit_link(search, path, name);
	}
	return r;
}

static int visit_all(struct search *search)
{
	for (size_t i = 0; i < ARRAY_SIZE(unit_directories); i++) {
		_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
		int r = host_list(search->host, unit_directories[i], &names);

		if (r < 0 && r != -ENOENT)
			return r;
		for (size_t k = 0; k < names.count; k++) {
			char path[PATH_MAX];

			if (!has_suffix(names.items[k], ".wants") &&
			    !has_suffix(names.items[k], ".requires"))
				continue;
			snprintf(path, sizeof(path), "%s/%s", unit_directories[i], names.items[k]);
			r = visit_links(search, path);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int prepared_list(const struct host *host, struct strlist *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	struct search search = { .host = host, .names = &names };
	int r = visit_all(&search);

	if (r < 0)
		return r;
	strlist_sort(&names);
	*ret = names;
	names = STRLIST_EMPTY;
	return 0;
}

int prepared_is_enabled(const struct host *host, const char *name)
{
	_cleanup_strlist_ struct strlist list = STRLIST_EMPTY;
	int r = parse_guest_name(name);

	if (r >= 0)
		r = prepared_list(host, &list);
	return r < 0 ? r : strlist_has(&list, name);
}

void prepared_done(struct prepared *prepared)
{
	free(prepared->items);
	*prepared = (struct prepared){ NULL, 0 };
}

const struct prepared_function *prepared_find(const struct prepared *prepared,
					      const struct pciaddr *addr)
{
	for (size_t i = 0; i < prepared->count; i++)
		if (pciaddr_compare(&prepared->items[i].addr, addr) == 0)
			return &prepared->items[i];
	return NULL;
}

int prepared_add(struct prepared *prepared, const struct prepared_function *function)
{
	struct prepared_function *items;
	size_t at = 0;

	while (at < prepared->count &&
	       pciaddr_compare(&prepared->items[at].addr, &function->addr) < 0)
		at++;
	if (at < prepared->count &&
	    pciaddr_compare(&prepared->items[at].addr, &function->addr) == 0) {
		prepared->items[at] = *function;
		return 0;
	}
	items = reallocarray(prepared->items, prepared->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	memmove(items + at + 1, items + at, (prepared->count - at) * sizeof(*items));
	items[at] = *function;
	prepared->items = items;
	prepared->count++;
	return 0;
}

static bool is_meant(const struct prepared *prepared, const struct guest_device *device)
{
	const struct prepared_function *f = prepared_find(prepared, &device->device);

	return f && pciids_match(&device->identity, &f->ids);
}

bool prepared_is_meant(const struct prepared *prepared, const struct guest *guest)
{
	for (size_t i = 0; i < guest->pci_count; i++)
		if (!is_meant(prepared, guest->pci[i]))
			return false;
	return is_meant(prepared, &guest->gpu);
}

static int file_path(char path[static PATH_MAX], const char *name, const char *suffix)
{
	int r = parse_guest_name(name);

	snprintf(path, PATH_MAX, PREPARED_DIRECTORY "/%s%s", r < 0 ? "" : name, suffix);
	return r;
}

static int read_line(char *line, struct prepared *prepared)
{
	struct prepared_function function = { .driver = "" };
	const char *address = strsep(&line, " "), *ids = strsep(&line, " "), *driver = line;

	if (!ids || !driver || pciaddr_parse(address, &function.addr) < 0 ||
	    pciids_parse(ids, &function.ids) < 0 || !function.ids.has_subsystem)
		return -EBADMSG;
	if (!*driver || strlen(driver) >= sizeof(function.driver) || strchr(driver, '/'))
		return -EBADMSG;
	for (const char *p = driver; *p; p++)
		if (*p <= ' ' || *p >= 0x7f) /* a char may be negative */
			return -EBADMSG;
	if (strcmp(driver, "-") != 0)
		memcpy(function.driver, driver, strlen(driver) + 1);
	return prepared_add(prepared, &function);
}

int prepared_read(const struct host *host, const char *name, struct prepared *ret)
{
	_cleanup_prepared_ struct prepared prepared = { NULL, 0 };
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX], *rest;
	size_t size;
	int r = file_path(path, name, "");

	if (r >= 0)
		r = host_read_file(host, path, FILE_LIMIT, &text, &size);
	if (r < 0)
		return r;
	/* prepared_write() ends each line: one without an end was cut. */
	if (strlen(text) != size || (size > 0 && text[size - 1] != '\n'))
		return -EBADMSG;
	rest = text;
	for (char *line = strsep(&rest, "\n"); line && rest; line = strsep(&rest, "\n")) {
		if (*line == '#')
			continue;
		r = read_line(line, &prepared);
		if (r < 0)
			return r;
	}
	*ret = prepared;
	prepared = (struct prepared){ NULL, 0 };
	return 0;
}

static int print_functions(int fd, const char *name, const struct prepared *prepared)
{
	FILE *out = fdopen(fd, "w");

	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	fprintf(out,
		"# The functions that guest %s was given at boot when its target was enabled.\n"
		"# Written by vxm-prepare(8); read by vxm-generator(8). Address, ids, the host's "
		"driver.\n",
		name);
	for (size_t i = 0; i < prepared->count; i++) {
		const struct prepared_function *f = &prepared->items[i];
		char address[PCIADDR_SIZE], ids[PCIIDS_SIZE];

		fprintf(out, "%s %s %s\n", pciaddr_format(&f->addr, address),
			pciids_format(&f->ids, ids), *f->driver ? f->driver : "-");
	}
	/* On a disk, and the machine is about to be booted: not a file of zeros. */
	if (fflush(out) != 0 || fsync(fd) < 0) {
		int r = -errno;

		fclose(out);
		return r;
	}
	return fclose(out) != 0 ? -errno : 0;
}

int prepared_write(const struct host *host, const char *name, const struct prepared *prepared)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	int fd, r = file_path(path, name, "");

	if (r < 0)
		return r;
	/* No guest's name begins with a dot. */
	snprintf(temporary, sizeof(temporary), PREPARED_DIRECTORY "/.%s.new", name);
	if (mkdirat(host->root_fd, "etc/vxm", 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mkdirat(host->root_fd, PREPARED_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(host->root_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return -errno;
	r = print_functions(fd, name, prepared);
	if (r >= 0 && renameat(host->root_fd, temporary, host->root_fd, path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(host->root_fd, temporary, 0);
	return r;
}

int prepared_is_renewed(const struct host *host, const char *name)
{
	struct search search = { .host = host, .wanted = name };
	char path[PATH_MAX];
	struct stat st;
	int r = file_path(path, name, "");

	if (r < 0)
		return r;
	if (fstatat(host->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	search.than = &st.st_mtim;
	r = visit_all(&search);
	return r < 0 ? r : search.found;
}
