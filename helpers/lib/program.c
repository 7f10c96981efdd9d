/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each helper does around its verbs, and says alike: the command line, the machine, the guest.
 */
#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

int program_run(const struct cmdline *cmdline, const char *const *root, int argc, char *argv[])
{
	_cleanup_host_ struct host host = { .root_fd = -1 };
	const struct cmdline_verb *verb;
	const char *argument;
	int r = cmdline_parse(cmdline, argc, argv, &verb, &argument);

	if (r <= 0)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	r = host_open(*root, &host);
	if (r < 0) {
		log_error("--root=%s cannot be opened: %s; name the directory that stands for /",
			  *root ? *root : "/", strerror(-r));
		return EXIT_FAILURE;
	}
	return verb->act(&host, argument) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

const char *program_remedy(int r)
{
	return (r == -EACCES || r == -EPERM) && geteuid() != 0 ? ": run this as root" : "";
}

int program_load_guest(const struct host *host, const char *name, struct guest **ret)
{
	struct guest_error error;
	int r = guest_load(host, name, ret, &error);

	if (r < 0)
		log_error("%s", error.text);
	return r;
}
