/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unixsock: a socket is listening, private and nobody else's from the moment it has a name. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "host.h"
#include "unixsock.h"

struct fixture {
	char root[64];
	struct host host;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	strcpy(fixture->root, "/tmp/vxm-unixsock.XXXXXX");
	if (!mkdtemp(fixture->root) || host_open(fixture->root, &fixture->host) < 0)
		return -1;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unlinkat(fixture->host.root_fd, "s.sock", 0);
	host_done(&fixture->host);
	rmdir(fixture->root);
	free(fixture);
	return 0;
}

static int connect_to(const struct fixture *fixture, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", fixture->root,
			     name) < (int)sizeof(address.sun_path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static void accepts_a_client_and_has_the_mode(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_close_ int fd = -1, client = -1;
	struct stat st;
	mode_t umask_before = umask(0);
	int r = unixsock_listen(&fixture->host, "s.sock", 0600, &fd);

	umask(umask_before);
	assert_int_equal(r, 0);
	assert_true(fd > STDERR_FILENO);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(fstatat(fixture->host.root_fd, "s.sock", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	client = connect_to(fixture, "s.sock");
	assert_true(client >= 0);
	assert_int_equal(unixsock_keep(fd), 0);
	assert_false(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void comes_back_to_the_working_directory(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_close_ int fd = -1;
	char before[PATH_MAX], after[PATH_MAX];

	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(unixsock_listen(&fixture->host, "s.sock", 0600, &fd), 0);
	assert_int_equal(unixsock_listen(&fixture->host, "no/s.sock", 0600, &fd), -ENOENT);
	assert_non_null(getcwd(after, sizeof(after)));
	assert_string_equal(before, after);
}

static void leaves_a_listener_alone(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_close_ int fd = -1, client = -1;
	int other = -1;

	assert_int_equal(unixsock_listen(&fixture->host, "s.sock", 0600, &fd), 0);
	assert_int_equal(unixsock_listen(&fixture->host, "s.sock", 0600, &other), -EADDRINUSE);
	assert_int_equal(other, -1);
	client = connect_to(fixture, "s.sock");
	assert_true(client >= 0);
}

static void replaces_a_socket_nobody_listens_on(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_close_ int client = -1;
	int fd = -1;

	assert_int_equal(unixsock_listen(&fixture->host, "s.sock", 0600, &fd), 0);
	close(fd);
	assert_int_equal(connect_to(fixture, "s.sock"), -ECONNREFUSED);
	assert_int_equal(unixsock_listen(&fixture->host, "s.sock", 0600, &fd), 0);
	client = connect_to(fixture, "s.sock");
	assert_true(client >= 0);
	close(fd);
}

static void keeps_a_file_that_is_no_socket(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;
	int fd = openat(fixture->host.root_fd, "s.sock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	fd = -1;
	assert_int_equal(unixsock_listen(&fixture->host, "s.sock", 0600, &fd), -EEXIST);
	assert_int_equal(fd, -1);
	assert_int_equal(fstatat(fixture->host.root_fd, "s.sock", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void refuses_a_path_others_could_not_connect_to(void **state)
{
	struct fixture *fixture = *state;
	char path[120];
	int fd = -1;

	memset(path, 'a', 107);
	path[107] = '\0';
	assert_int_equal(unixsock_listen(&fixture->host, path, 0600, &fd), -ENAMETOOLONG);
	path[106] = '\0';
	assert_int_equal(unixsock_listen(&fixture->host, path, 0600, &fd), 0);
	close(fd);
	assert_int_equal(unlinkat(fixture->host.root_fd, path, 0), 0);
}

static void never_takes_a_standard_descriptor(void **state)
{
	struct fixture *fixture = *state;
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10), fd = -1, r;

	assert_true(saved >= 0);
	close(STDIN_FILENO);
	r = unixsock_listen(&fixture->host, "s.sock", 0600, &fd);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	close(saved);
	assert_int_equal(r, 0);
	assert_true(fd > STDERR_FILENO);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(accepts_a_client_and_has_the_mode),
		TEST(comes_back_to_the_working_directory),
		TEST(leaves_a_listener_alone),
		TEST(replaces_a_socket_nobody_listens_on),
		TEST(keeps_a_file_that_is_no_socket),
		TEST(refuses_a_path_others_could_not_connect_to),
		TEST(never_takes_a_standard_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
