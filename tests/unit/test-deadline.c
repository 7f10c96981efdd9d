/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deadline: an act ends, fails, is killed, or is left behind when its time is over. */
#include "tree.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "deadline.h"

static int return_number(void *data)
{
	return *(int *)data;
}

/* Waits until the other end of a pipe is closed, which is never. */
static int block(void *data)
{
	struct pollfd pfd = { .fd = *(int *)data, .events = POLLIN };

	return poll(&pfd, 1, -1) < 0 ? -errno : 0;
}

static int die(void *data)
{
	(void)data;

	kill(getpid(), SIGKILL);
	return 0;
}

static int write_byte(void *data)
{
	return write(*(int *)data, "x", 1) == 1 ? 0 : -errno;
}

static void what_the_act_returned_is_returned(void **state)
{
	static const int values[] = { 0, -ENODEV, -EBUSY, -255 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		int value = values[i];

		assert_int_equal(deadline_run(return_number, &value, 60000, -1, NULL), value);
	}
}

static void it_happens_in_another_process(void **state)
{
	int pipes[2];
	char byte = 0;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(deadline_run(write_byte, &pipes[1], 60000, -1, NULL), 0);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(pipes[0]);
	close(pipes[1]);
	/* And nothing is left to be waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void one_that_is_killed_is_told_from_one_that_failed(void **state)
{
	(void)state;
	assert_int_equal(deadline_run(die, NULL, 60000, -1, NULL), -EPROTO);
}

static void one_that_blocks_is_left_behind_in_time(void **state)
{
	struct timespec before, after;
	pid_t pid = 0;
	int pipes[2], status;
	long elapsed;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(deadline_run(block, &pipes[0], 100, -1, &pid), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	elapsed =
		(after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
	assert_true(elapsed >= 99 && elapsed < 30000);
	/* Told to die: this one can. */
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(pipes[0]);
	close(pipes[1]);
}

/* As many descriptors as are open now, and the pipe's: none is left for the pidfd. */
static void one_that_cannot_be_waited_for_is_not_left_running(void **state)
{
	struct rlimit before, few;
	int pipes[2], next, r;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	next = dup(pipes[0]);
	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ .rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = deadline_run(block, &pipes[0], 60000, -1, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	close(pipes[0]);
	close(pipes[1]);
}

static int look_at(void *data)
{
	return fcntl(*(int *)data, F_GETFD) < 0 ? -errno : 0;
}

static void the_lock_is_not_the_acts(void **state)
{
	const struct tree *tree = *state;
	char full[PATH_MAX];
	int lock;

	tree_mkdir(tree, "lock");
	lock = open(tree_full(tree, "lock", full), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(lock >= 0);
	assert_int_equal(deadline_run(look_at, &lock, 60000, -1, NULL), 0);
	assert_int_equal(deadline_run(look_at, &lock, 60000, lock, NULL), -EBADF);
	assert_true(fcntl(lock, F_GETFD) >= 0);
	close(lock);
}

static int has_no_stream(void *data)
{
	(void)data;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || st.st_rdev != makedev(1, 3))
			return -EBADF;
	}
	return 0;
}

/* Whoever reads to the end of a pipe would wait for one that is left behind. */
static void nobodys_stream_is_the_acts(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(deadline_run_silent(has_no_stream, NULL, 5000, -1, NULL), 0);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_act_returned_is_returned),
		cmocka_unit_test(it_happens_in_another_process),
		cmocka_unit_test(one_that_is_killed_is_told_from_one_that_failed),
		cmocka_unit_test(one_that_blocks_is_left_behind_in_time),
		cmocka_unit_test(one_that_cannot_be_waited_for_is_not_left_running),
		cmocka_unit_test(nobodys_stream_is_the_acts),
		tree_test(the_lock_is_not_the_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
