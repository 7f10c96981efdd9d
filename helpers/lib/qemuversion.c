/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which QEMU is installed. */
#include "qemuversion.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "deadline.h"
#include "qemuargs.h"

#define TIMEOUT_MS 10000

static int ask(void *data)
{
	char name[] = QEMUARGS_PROGRAM, option[] = "--version";
	char *const argv[] = { name, option, NULL }, *const environment[] = { NULL };
	const int *out = data;

	if (dup2(*out, STDOUT_FILENO) < 0)
		return -errno;
	execve(QEMUARGS_PROGRAM, argv, environment);
	return -errno;
}

int qemuversion_read(const struct host *host, char ret[static QEMUVERSION_SIZE])
{
	_cleanup_close_ int in = -1, out = -1;
	char text[QEMUVERSION_SIZE];
	int pipes[2], r = 0;
	ssize_t n;

	if (host->recorded) {
		in = host_openat(host, QEMUARGS_PROGRAM + 1, O_RDONLY);
		if (in < 0)
			return in;
	} else {
		if (access(QEMUARGS_PROGRAM, X_OK) < 0)
			return -errno;
		if (pipe2(pipes, O_CLOEXEC) < 0)
			return -errno;
		in = pipes[0];
		out = pipes[1];
		r = deadline_run(ask, &out, TIMEOUT_MS, -1, NULL);
		closep(&out);
		out = -1;
	}
	if (r < 0)
		return r;
	n = read(in, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	/* On a root that is no record of ours the program itself may stand there. */
	if (strncmp(text, "QEMU ", strlen("QEMU ")) != 0)
		return -ENODATA;
	memcpy(ret, text, sizeof(text));
	return 0;
}
