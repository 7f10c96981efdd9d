/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of the kernel's in /proc that tells what the whole machine uses: mounts, swap areas,
 * routes. */
#include "kerneltable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

/* A route takes 128 bytes, a mount of a container some 500: a hundred thousand of them. */
#define TEXT_LIMIT ((size_t)64 * 1024 * 1024)

int kerneltable_read(const struct host *host, const char *name, char **ret)
{
	static const char *const places[] = { "proc/1/", "proc/self/", "proc/" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[64];
		int r;

		snprintf(path, sizeof(path), "%s%s", places[i], name);
		r = host_read_file(host, path, TEXT_LIMIT, ret, NULL);
		if (r != -ENOENT && r != -EACCES && r != -EPERM)
			return r < 0 ? r : 0;
	}
	*ret = strdup("");
	return *ret ? 0 : -ENOMEM;
}
