/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tpmstate: a state is made whole or not at all, and one that is there is left alone. */
#include "tree.h"

#include <sys/wait.h>

#include "tpmstate.h"

/* Any ordinary user: swtpm_setup would become another one when it is root. */
#define ORDINARY_UID 65534

/* Runs tpmstate_make() as an ordinary user; returns what it did, and the error's text. */
static int make(const struct tree *tree, const char *path, struct tpmstate_error *ret_error)
{
	char full[PATH_MAX];
	int link[2], status = 0, r = 0;
	pid_t pid;

	tree_full(tree, path, full);
	assert_int_equal(pipe2(link, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(ORDINARY_UID) < 0 || setuid(ORDINARY_UID) < 0))
			_exit(1);
		r = tpmstate_make(full, ret_error);
		if (write(link[1], &r, sizeof(r)) < 0 ||
		    write(link[1], ret_error, sizeof(*ret_error)) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(link[0], &r, sizeof(r)), sizeof(r));
	assert_int_equal(read(link[0], ret_error, sizeof(*ret_error)), sizeof(*ret_error));
	close(link[0]);
	close(link[1]);
	return r;
}

static void give_away(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	assert_int_equal(chmod(tree->path, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(tree_full(tree, path, full), ORDINARY_UID, ORDINARY_UID), 0);
}

static off_t size_of(const struct tree *tree, const char *path)
{
	struct stat st;

	return fstatat(tree->host.root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : st.st_size;
}

static void makes_a_state_once(void **state)
{
	const struct tree *tree = *state;
	struct tpmstate_error error;
	struct stat st;

	tree_mkdir(tree, "tpm");
	give_away(tree, "tpm");
	assert_int_equal(make(tree, "tpm", &error), 1);
	assert_int_equal(fstatat(tree->host.root_fd, "tpm/" TPMSTATE_FILE, &st, 0), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(size_of(tree, "tpm/.setup"), -1);
	assert_int_equal(make(tree, "tpm", &error), 0);
}

static void a_state_that_is_there_is_not_looked_into(void **state)
{
	const struct tree *tree = *state;
	struct tpmstate_error error;

	tree_write(tree, "tpm/" TPMSTATE_FILE, "precious");
	give_away(tree, "tpm");
	assert_int_equal(make(tree, "tpm", &error), 0);
	assert_int_equal(size_of(tree, "tpm/" TPMSTATE_FILE), 8);
	/* Nor is one whose target is elsewhere, and not there now. */
	tree_remove(tree, "tpm/" TPMSTATE_FILE);
	tree_link(tree, "tpm/" TPMSTATE_FILE, "/nonexistent");
	assert_int_equal(make(tree, "tpm", &error), 0);
}

static void what_a_kill_left_is_not_taken_for_a_state(void **state)
{
	const struct tree *tree = *state;
	struct tpmstate_error error;

	tree_write(tree, "tpm/.setup/" TPMSTATE_FILE, "half");
	tree_write(tree, "tpm/.setup/.lock", "");
	give_away(tree, "tpm/.setup");
	give_away(tree, "tpm");
	assert_int_equal(make(tree, "tpm", &error), 1);
	assert_true(size_of(tree, "tpm/" TPMSTATE_FILE) > 4);
	assert_int_equal(size_of(tree, "tpm/.setup"), -1);
}

static void says_what_swtpm_setup_said_in_one_line(void **state)
{
	const struct tree *tree = *state;
	struct tpmstate_error error;
	char full[PATH_MAX];

	tree_mkdir(tree, "tpm/.setup");
	give_away(tree, "tpm/.setup");
	give_away(tree, "tpm");
	assert_int_equal(chmod(tree_full(tree, "tpm/.setup", full), 0500), 0);
	assert_int_equal(make(tree, "tpm", &error), -EPROTO);
	assert_true(strlen(error.text) > 0);
	assert_null(strchr(error.text, '\n'));
	assert_int_equal(size_of(tree, "tpm/" TPMSTATE_FILE), -1);
}

static void says_when_there_is_no_directory(void **state)
{
	const struct tree *tree = *state;
	struct tpmstate_error error;

	give_away(tree, ".");
	assert_int_equal(make(tree, "tpm", &error), -ENOENT);
	assert_string_equal(error.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(makes_a_state_once),
		tree_test(a_state_that_is_there_is_not_looked_into),
		tree_test(what_a_kill_left_is_not_taken_for_a_state),
		tree_test(says_what_swtpm_setup_said_in_one_line),
		tree_test(says_when_there_is_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
