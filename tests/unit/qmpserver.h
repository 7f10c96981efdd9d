/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QEMU for tests: a child that listens on a QMP socket below a tree and plays a part. */
#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"

#define QMPSERVER_GREETING                                                                 \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, \"major\": 10}, " \
	"\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\n"

static inline void qmpserver_say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(0);
}

/* One line of the client's. Ends the child when the client has gone. */
static inline void qmpserver_hear(int fd, char *line, size_t size)
{
	for (size_t n = 0; n + 1 < size; n++) {
		if (read(fd, &line[n], 1) != 1)
			_exit(0);
		if (line[n] == '\n') {
			line[n] = '\0';
			return;
		}
	}
	_exit(1);
}

/* Replies to LINE, with its id. BODY is "\"return\": {}" or the like. */
static inline void qmpserver_reply(int fd, const char *line, const char *body)
{
	const char *id = strstr(line, "\"id\":");
	char number[24] = "0", text[512];

	if (id)
		snprintf(number, sizeof(number), "%.*s", (int)strspn(id + 5, "0123456789"), id + 5);
	snprintf(text, sizeof(text), "{%s, \"id\": %s}\n", body, number);
	qmpserver_say(fd, text);
}

/* Greets and answers qmp_capabilities. */
static inline void qmpserver_begin(int fd)
{
	char line[4096];

	qmpserver_say(fd, QMPSERVER_GREETING);
	qmpserver_hear(fd, line, sizeof(line));
	qmpserver_reply(fd, line, "\"return\": {}");
}

static inline int qmpserver_listen(const struct tree *tree, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tree_parents(tree, path);
	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", tree->path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* Serves one client by PLAY in a child, on a socket that listens before this returns. */
static inline pid_t qmpserver_start(const struct tree *tree, const char *path, void (*play)(int fd))
{
	int listening = qmpserver_listen(tree, path);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = accept(listening, NULL, NULL);

		close(listening);
		if (fd >= 0)
			play(fd);
		_exit(0);
	}
	close(listening);
	return pid;
}

static inline void qmpserver_stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}
