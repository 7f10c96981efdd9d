/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready: what systemd is told, and that the next program cannot go on telling. */
#include "tree.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "ready.h"

static int listen_for_words(const struct tree *tree)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/notify", tree->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	return fd;
}

static const char *hear(int fd, char buf[static 512])
{
	ssize_t n = recv(fd, buf, 511, MSG_DONTWAIT);

	assert_true(n >= 0);
	buf[n] = '\0';
	return buf;
}

static void a_status_leaves_the_socket_for_the_next(void **state)
{
	int fd = listen_for_words(*state);
	char said[512];

	ready_status("%d of %d", 1, 2);
	assert_string_equal(hear(fd, said), "STATUS=1 of 2");
	ready_status("%d of %d", 2, 2);
	assert_string_equal(hear(fd, said), "STATUS=2 of 2");
	close(fd);
}

static void time_is_asked_for_in_microseconds(void **state)
{
	int fd = listen_for_words(*state);
	char said[512];

	ready_extend(3660000);
	assert_string_equal(hear(fd, said), "EXTEND_TIMEOUT_USEC=3660000000");
	close(fd);
}

static void the_announcement_is_the_last_word(void **state)
{
	int fd = listen_for_words(*state);
	char said[512];

	ready_announce("Listening.");
	assert_string_equal(hear(fd, said), "READY=1\nSTATUS=Listening.");
	assert_null(getenv("NOTIFY_SOCKET"));
	ready_status("more");
	assert_int_equal(recv(fd, said, sizeof(said), MSG_DONTWAIT), -1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_status_leaves_the_socket_for_the_next),
		tree_test(time_is_asked_for_in_microseconds),
		tree_test(the_announcement_is_the_last_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
