/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host: a machine, running or recorded, is read below one descriptor. */
#include "tree.h"

#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <sys/wait.h>

/* The process that ends between the opening of a directory and its reading; 0 for none. */
static pid_t ends;

DIR *fdopendir(int fd)
{
	DIR *(*real)(int) = (DIR * (*)(int)) dlsym(RTLD_NEXT, "fdopendir");

	if (ends > 0) {
		kill(ends, SIGKILL);
		waitpid(ends, NULL, 0);
		ends = 0;
	}
	return real(fd);
}

static void only_another_root_is_a_recorded_host(void **state)
{
	const struct tree *tree = *state;
	struct host host;
	char full[PATH_MAX];

	assert_int_equal(host_open(NULL, &host), 0);
	assert_false(host.recorded);
	host_done(&host);
	assert_int_equal(host_open("/", &host), 0);
	assert_false(host.recorded);
	host_done(&host);
	assert_int_equal(host.root_fd, -1);
	host_done(&host);
	assert_true(tree->host.recorded);
	assert_int_equal(host_open(tree_full(tree, "absent", full), &host), -ENOENT);
	tree_write(tree, "file", "");
	assert_int_equal(host_open(tree_full(tree, "file", full), &host), -ENOTDIR);
}

static void files_are_read_whole_and_up_to_a_limit(void **state)
{
	const struct tree *tree = *state;
	static char big[10000];
	char *text = NULL;
	size_t size;

	tree_write(tree, "a/b", "");
	assert_int_equal(host_read_file(&tree->host, "a/b", 10, &text, &size), 0);
	assert_int_equal(size, 0);
	assert_string_equal(text, "");
	free(text);
	memset(big, 'x', sizeof(big));
	big[17] = '\0';
	tree_write_bytes(tree, "big", big, sizeof(big));
	assert_int_equal(host_read_file(&tree->host, "big", sizeof(big), &text, &size), 0);
	assert_int_equal(size, sizeof(big));
	assert_memory_equal(text, big, sizeof(big));
	assert_int_equal(text[size], 0);
	free(text);
	text = NULL;
	assert_int_equal(host_read_file(&tree->host, "big", sizeof(big) - 1, &text, NULL), -EFBIG);
	assert_int_equal(host_read_file(&tree->host, "absent", 10, &text, NULL), -ENOENT);
	assert_int_equal(host_read_file(&tree->host, "a", 10, &text, NULL), -EISDIR);
	assert_null(text);
}

static void names_are_listed_in_byte_order_without_dot_files(void **state)
{
	const struct tree *tree = *state;
	struct strlist names = STRLIST_EMPTY;

	assert_int_equal(host_list(&tree->host, "absent", &names), -ENOENT);
	tree_write(tree, "d/b", "");
	tree_write(tree, "d/.hidden", "");
	tree_write(tree, "d/B", "");
	tree_mkdir(tree, "d/a");
	tree_link(tree, "d/10", "nowhere");
	assert_int_equal(host_list(&tree->host, "d/b", &names), -ENOTDIR);
	assert_int_equal(host_list(&tree->host, "d", &names), 0);
	assert_int_equal(names.count, 4);
	assert_string_equal(names.items[0], "10");
	assert_string_equal(names.items[1], "B");
	assert_string_equal(names.items[2], "a");
	assert_string_equal(names.items[3], "b");
	strlist_done(&names);
	tree_mkdir(tree, "empty");
	assert_int_equal(host_list(&tree->host, "empty", &names), 0);
	assert_int_equal(names.count, 0);
	strlist_done(&names);
}

static void a_process_that_ends_while_it_is_looked_at_is_gone(void **state)
{
	struct strlist names = STRLIST_EMPTY;
	struct host host;
	char path[64];

	(void)state;
	assert_int_equal(host_open(NULL, &host), 0);
	ends = fork();
	assert_true(ends >= 0);
	if (ends == 0)
		for (;;)
			pause();
	snprintf(path, sizeof(path), "proc/%d/fd", (int)ends);
	assert_int_equal(host_list(&host, path, &names), -ENOENT);
	assert_int_equal(ends, 0);
	host_done(&host);
}

static void descriptors_are_not_inherited(void **state)
{
	const struct tree *tree = *state;
	int fd;

	tree_write(tree, "file", "");
	fd = host_openat(&tree->host, "file", O_RDONLY);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_true(fcntl(tree->host.root_fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(host_openat(&tree->host, "file/x", O_RDONLY), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(only_another_root_is_a_recorded_host),
		tree_test(files_are_read_whole_and_up_to_a_limit),
		tree_test(names_are_listed_in_byte_order_without_dot_files),
		tree_test(a_process_that_ends_while_it_is_looked_at_is_gone),
		tree_test(descriptors_are_not_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
