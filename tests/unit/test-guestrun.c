/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestrun: sockets, shared memory and the limit are there before QEMU is, and gone after it. */
#include "tree.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "guestrun.h"

#define SHARED "dev/shm/looking-glass-demo"

static const struct guest guest = { .name = "demo", .looking_glass_kib = 1024, .shutdown_s = 3600 };

static void makes_and_cleans(void **state)
{
	const struct tree *tree = *state;
	struct guestrun run = GUESTRUN_NONE;
	struct guest_error error;
	struct guestrun_left left;
	unsigned shutdown_s = 0;
	struct stat st;

	tree_mkdir(tree, "run/vxm/demo/qemu");
	tree_mkdir(tree, "dev/shm");
	assert_int_equal(guestrun_prepare(&tree->host, &guest, &run, &error), 0);
	assert_true(run.control_fd >= 0 && run.events_fd >= 0);
	assert_int_equal(fstatat(tree->host.root_fd, "run/vxm/demo/qemu/qmp-control.sock", &st, 0),
			 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(fstatat(tree->host.root_fd, "run/vxm/demo/qemu/qmp-events.sock", &st, 0),
			 0);
	assert_int_equal(fstatat(tree->host.root_fd, SHARED, &st, 0), 0);
	assert_int_equal(st.st_size, 1024 * 1024);
	assert_int_equal(st.st_mode & 0777, 0600);
	guestrun_done(&run);

	assert_int_equal(guestrun_read_shutdown(&tree->host, "demo", &shutdown_s), 0);
	assert_int_equal(shutdown_s, 3600);
	assert_int_equal(guestrun_observe_left(&tree->host, "demo", &left), 0);
	assert_true(left.directory && left.shared);
	assert_int_equal(guestrun_clean(&tree->host, "demo"), 0);
	assert_int_equal(fstatat(tree->host.root_fd, "run/vxm/demo", &st, 0), -1);
	assert_int_equal(fstatat(tree->host.root_fd, SHARED, &st, 0), -1);
	assert_int_equal(guestrun_observe_left(&tree->host, "demo", &left), 0);
	assert_false(left.directory || left.shared);
	assert_int_equal(guestrun_clean(&tree->host, "demo"), 0);
}

static void a_note_that_is_none_is_told_apart(void **state)
{
	const struct tree *tree = *state;
	unsigned shutdown_s = 7;

	assert_int_equal(guestrun_read_shutdown(&tree->host, "demo", &shutdown_s), -ENOENT);
	tree_write(tree, "run/vxm/demo/qemu/shutdown", "");
	assert_int_equal(guestrun_read_shutdown(&tree->host, "demo", &shutdown_s), -EINVAL);
	tree_write(tree, "run/vxm/demo/qemu/shutdown", "99999999999\n");
	assert_int_equal(guestrun_read_shutdown(&tree->host, "demo", &shutdown_s), -ERANGE);
	assert_int_equal(shutdown_s, 7);
}

/* Of a run that was killed, with another size. */
static void takes_its_own_leftover(void **state)
{
	const struct tree *tree = *state;
	_cleanup_guestrun_ struct guestrun run = GUESTRUN_NONE;
	struct guest_error error;
	struct stat st;

	tree_mkdir(tree, "run/vxm/demo/qemu");
	tree_write(tree, SHARED, "old");
	assert_int_equal(guestrun_prepare(&tree->host, &guest, &run, &error), 0);
	assert_int_equal(fstatat(tree->host.root_fd, SHARED, &st, 0), 0);
	assert_int_equal(st.st_size, 1024 * 1024);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* /dev/shm is everybody's to write. */
static void refuses_what_others_put_there(void **state)
{
	const struct tree *tree = *state;
	_cleanup_guestrun_ struct guestrun run = GUESTRUN_NONE;
	struct guest_error error;
	char full[PATH_MAX], second[PATH_MAX];

	tree_mkdir(tree, "run/vxm/demo/qemu");
	tree_write(tree, "secret", "secret");
	tree_mkdir(tree, "dev/shm");
	tree_link(tree, SHARED, "../../secret");
	assert_true(guestrun_prepare(&tree->host, &guest, &run, &error) < 0);
	assert_non_null(strstr(error.text, "/dev/shm/looking-glass-demo"));
	tree_remove(tree, SHARED);
	assert_int_equal(link(tree_full(tree, "secret", full), tree_full(tree, SHARED, second)), 0);
	assert_int_equal(guestrun_prepare(&tree->host, &guest, &run, &error), -EEXIST);
}

/* /dev/shm/looking-glass-demo that QEMU did not make: none of it is root's to remove. */
static void leaves_what_others_put_there(void **state)
{
	const struct tree *tree = *state;
	char full[PATH_MAX];
	struct stat st;

	tree_mkdir(tree, "dev/shm");
	for (int kind = 0; kind < 4; kind++) {
		tree_mkdir(tree, "run/vxm/demo/qemu");
		if (kind == 0)
			tree_link(tree, SHARED, "elsewhere");
		else if (kind == 1)
			assert_int_equal(mkfifo(tree_full(tree, SHARED, full), 0600), 0);
		else if (kind == 2)
			tree_mkdir(tree, SHARED);
		else
			tree_write(tree, SHARED, "mine");
		/* A file like QEMU's, but root's; the directory is another user's. */
		if (kind == 3)
			assert_int_equal(chown(tree_full(tree, "run/vxm/demo/qemu", full), 1, 1),
					 0);
		assert_int_equal(guestrun_clean(&tree->host, "demo"), 0);
		assert_int_equal(fstatat(tree->host.root_fd, "run/vxm/demo", &st, 0), -1);
		assert_int_equal(fstatat(tree->host.root_fd, SHARED, &st, AT_SYMLINK_NOFOLLOW), 0);
		tree_remove(tree, SHARED);
	}
	/* Of a guest that has no directory, so that it is not known whose it would have to be. */
	tree_write(tree, SHARED, "mine");
	assert_int_equal(guestrun_clean(&tree->host, "demo"), 0);
	assert_int_equal(fstatat(tree->host.root_fd, SHARED, &st, 0), 0);
}

static void says_who_is_in_the_way(void **state)
{
	const struct tree *tree = *state;
	struct guestrun first = GUESTRUN_NONE, second = GUESTRUN_NONE;
	struct guest_error error;

	assert_int_equal(guestrun_prepare(&tree->host, &guest, &first, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/run/vxm/demo/qemu/qmp-control.sock"));
	tree_mkdir(tree, "run/vxm/demo/qemu");
	tree_mkdir(tree, "dev/shm");
	assert_int_equal(guestrun_prepare(&tree->host, &guest, &first, &error), 0);
	assert_int_equal(guestrun_prepare(&tree->host, &guest, &second, &error), -EADDRINUSE);
	assert_non_null(strstr(error.text, "systemctl stop vxm-guest@demo.service"));
	guestrun_done(&first);
}

static int limit_in_child(rlim_t hard, uint64_t wanted)
{
	struct guest_error error;
	struct rlimit limit = { hard, hard };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
			_exit(100);
		status = guestrun_limit_memlock(wanted, &error);
		if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
		    (status == 0 && (limit.rlim_cur != wanted || limit.rlim_max != wanted)))
			_exit(101);
		_exit(-status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void lowers_both_limits(void **state)
{
	(void)state;
	assert_int_equal(limit_in_child((rlim_t)1 << 20, 65536), 0);
	assert_int_equal(limit_in_child((rlim_t)1 << 20, (uint64_t)1 << 20), 0);
	assert_int_equal(limit_in_child(65536, (uint64_t)1 << 20), EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(makes_and_cleans),
		tree_test(a_note_that_is_none_is_told_apart),
		tree_test(takes_its_own_leftover),
		tree_test(refuses_what_others_put_there),
		tree_test(leaves_what_others_put_there),
		tree_test(says_who_is_in_the_way),
		cmocka_unit_test(lowers_both_limits),
	};

	return cmocka_run_group_tests_name("guestrun", tests, NULL, NULL);
}
