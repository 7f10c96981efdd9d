/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a guest's unit may lock the memory that VFIO pins. */
#include "memlock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "strlist.h"

#define FILE_MAX ((size_t)64 * 1024)
#define UNIT	 "vxm-guest@.service"

/* From the first that counts to the last (systemd.unit(5)); of drop-ins all count. */
static const char *const directories[] = {
	"etc/systemd/system",	  "run/systemd/system", "usr/local/lib/systemd/system",
	"usr/lib/systemd/system", "lib/systemd/system",
};

/* The last LimitMEMLOCK= of a file: 1 unlimited, 0 limited, -ENODATA: it has none. */
static int read_limit(const struct host *host, const char *path)
{
	_cleanup_free_ char *text = NULL;
	int r = host_read_file(host, path, FILE_MAX, &text, NULL), limit = -ENODATA;
	char *save;

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value;

		line += strspn(line, " \t");
		if (strncmp(line, "LimitMEMLOCK", strlen("LimitMEMLOCK")) != 0)
			continue;
		value = line + strlen("LimitMEMLOCK");
		value += strspn(value, " \t");
		if (*value++ != '=')
			continue;
		value += strspn(value, " \t");
		value[strcspn(value, " \t\r")] = '\0';
		limit = strcmp(value, "infinity") == 0 ? 1 : 0;
	}
	return limit;
}

/* Drop-ins of one directory; FILE and LIMIT are changed by each that says something. */
static int read_dropins(const struct host *host, const char *directory, char file[static 256],
			int *limit)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r = host_list(host, directory, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < names.count; i++) {
		size_t length = strlen(names.items[i]);
		char path[256];

		if (length < 6 || strcmp(names.items[i] + length - 5, ".conf") != 0)
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, names.items[i]) >=
		    sizeof(path))
			continue;
		r = read_limit(host, path);
		if (r < 0)
			continue;
		*limit = r;
		snprintf(file, 256, "/%.254s", path);
	}
	return 0;
}

int memlock_is_unlimited(const struct host *host, const char *name, char ret_file[static 256])
{
	char path[192], file[256] = "";
	int limit = -ENOENT, r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && limit == -ENOENT; i++) {
		snprintf(path, sizeof(path), "%s/" UNIT, directories[i]);
		limit = read_limit(host, path);
		snprintf(file, sizeof(file), "/%s", path);
	}
	if (limit == -ENOENT)
		return limit;
	/* A unit without a line has systemd's default, which is 8 MiB. */
	if (limit < 0)
		limit = 0;
	for (size_t i = ARRAY_SIZE(directories); i-- > 0 && r >= 0;) {
		snprintf(path, sizeof(path), "%s/" UNIT ".d", directories[i]);
		r = read_dropins(host, path, file, &limit);
		if (r < 0 || !name)
			continue;
		snprintf(path, sizeof(path), "%s/vxm-guest@%s.service.d", directories[i], name);
		r = read_dropins(host, path, file, &limit);
	}
	if (r < 0)
		return r;
	if (limit == 0)
		memcpy(ret_file, file, sizeof(file));
	return limit;
}
