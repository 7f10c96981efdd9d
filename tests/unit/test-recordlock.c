/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recordlock: free, waited for, given up, shared; and whose it is when a child has waited for it.
 */
#include "tree.h"

#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "record.h"
#include "recordlock.h"

#define LOCK_PATH "run/vxm/.lock/isolate"

/* A second open file description. */
static int open_other(const struct tree *tree)
{
	char full[PATH_MAX];
	int fd = open(tree_full(tree, LOCK_PATH, full), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void a_free_lock_is_taken_at_once(void **state)
{
	const struct tree *tree = *state;
	int lock, other;

	tree_mkdir(tree, "run");
	lock = recordlock_take(&tree->host, "isolate", 0);
	assert_true(lock >= 0);
	other = open_other(tree);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(lock);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
}

static void one_that_stays_with_another_is_given_up_in_time(void **state)
{
	const struct tree *tree = *state;
	int other, lock;

	tree_mkdir(tree, "run");
	other = record_lock(&tree->host, "isolate");
	assert_true(other >= 0);
	assert_int_equal(recordlock_take(&tree->host, "isolate", 100), -ETIMEDOUT);
	assert_int_equal(recordlock_share(&tree->host, "isolate", 100), -ETIMEDOUT);
	/* Nothing of these attempts has it now, or gets it later. */
	while (wait(NULL) > 0)
		;
	close(other);
	lock = recordlock_take(&tree->host, "isolate", 0);
	assert_true(lock >= 0);
	close(lock);
}

/* A process that has the lock until a byte can be read from the pipe. */
static pid_t hold(const struct tree *tree, int until)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int lock = record_lock(&tree->host, "isolate");

		if (lock < 0 || write(ready[1], "x", 1) != 1 || read(until, &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

/* The child that waited is gone by then: what it got is the caller's. */
static void one_that_is_let_go_of_is_the_callers(void **state)
{
	const struct tree *tree = *state;
	int until[2], lock, other, status;
	pid_t holder, letter;

	tree_mkdir(tree, "run");
	assert_int_equal(pipe(until), 0);
	holder = hold(tree, until[0]);
	letter = fork();
	if (letter == 0) {
		/* Long enough for the wait to have begun; it works if not, too. */
		poll(NULL, 0, 200);
		_exit(write(until[1], "x", 1) != 1);
	}
	assert_true(letter > 0);
	lock = recordlock_take(&tree->host, "isolate", 60000);
	assert_true(lock >= 0);
	assert_int_equal(waitpid(letter, &status, 0), letter);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(status, 0);
	other = open_other(tree);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	close(lock);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	close(until[0]);
	close(until[1]);
}

static void those_who_look_share_it_and_make_nothing(void **state)
{
	const struct tree *tree = *state;
	char full[PATH_MAX];
	int one, two;

	assert_int_equal(recordlock_share(&tree->host, "isolate", 0), -ENOENT);
	assert_int_equal(access(tree_full(tree, "run", full), F_OK), -1);
	tree_mkdir(tree, LOCK_PATH);
	one = recordlock_share(&tree->host, "isolate", 0);
	two = recordlock_share(&tree->host, "isolate", 0);
	assert_true(one >= 0 && two >= 0);
	assert_int_equal(recordlock_take(&tree->host, "isolate", 100), -ETIMEDOUT);
	close(one);
	close(two);
}

/* An unbind that never returns keeps the child, and with it a copy of the descriptor. */
static void a_child_left_behind_keeps_no_lock(void **state)
{
	const struct tree *tree = *state;
	int lock, other;
	pid_t pid;

	tree_mkdir(tree, "run");
	lock = recordlock_take(&tree->host, "isolate", 0);
	assert_true(lock >= 0);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	other = open_other(tree);
	recordlock_done(&lock);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_free_lock_is_taken_at_once),
		tree_test(one_that_stays_with_another_is_given_up_in_time),
		tree_test(one_that_is_let_go_of_is_the_callers),
		tree_test(those_who_look_share_it_and_make_nothing),
		tree_test(a_child_left_behind_keeps_no_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
