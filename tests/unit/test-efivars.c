/* SPDX-License-Identifier: GPL-2.0-or-later */
/* efivars: copied once, whole, private, and never touched again. */
#include "tree.h"

#include "efivars.h"

#define VARS	 "var/lib/vxm/demo/OVMF_VARS.fd"
#define LEFTOVER "var/lib/vxm/demo/.OVMF_VARS.fd.new"

static char template_path[] = "/usr/share/OVMF/VARS.fd";
static const struct firmware_file raw = { template_path, FIRMWARE_RAW };
static const struct firmware_file qcow2 = { template_path, FIRMWARE_QCOW2 };

static void make_template(const struct tree *tree, const char *text)
{
	tree_write(tree, "usr/share/OVMF/VARS.fd", text);
}

static void expect_vars(const struct tree *tree, const char *expected)
{
	char *text;

	assert_int_equal(host_read_file(&tree->host, VARS, 4096, &text, NULL), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void copies_once_and_never_again(void **state)
{
	const struct tree *tree = *state;
	struct guest_error error;
	struct stat st;

	make_template(tree, "template");
	tree_write(tree, LEFTOVER, "of a run that was killed");
	assert_int_equal(efivars_make(&tree->host, "demo", &raw, &error), 1);
	expect_vars(tree, "template");
	assert_int_equal(fstatat(tree->host.root_fd, VARS, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(fstatat(tree->host.root_fd, LEFTOVER, &st, 0), -1);

	tree_write(tree, VARS, "of guest"); /* the guest wrote its own, of the same size */
	make_template(tree, "template");
	assert_int_equal(efivars_make(&tree->host, "demo", &raw, &error), 0);
	expect_vars(tree, "of guest");
}

static void refuses_variables_of_another_size(void **state)
{
	const struct tree *tree = *state;
	struct guest_error error;

	make_template(tree, "template of 4 MB");
	tree_write(tree, VARS, "of 2 MB");
	assert_int_equal(efivars_make(&tree->host, "demo", &raw, &error), -EMEDIUMTYPE);
	assert_non_null(strstr(error.text, "/var/lib/vxm/demo/OVMF_VARS.fd (7 bytes)"));
	assert_int_equal(efivars_check(&tree->host, "demo", &raw, &error), -EMEDIUMTYPE);
	expect_vars(tree, "of 2 MB");
}

/* The size that counts is the one that the guest sees; a raw file is no qcow2. */
static void compares_what_a_qcow2_holds(void **state)
{
	const struct tree *tree = *state;
	char image[64] = "QFI\xfb\0\0\0\3";
	struct guest_error error;

	image[29] = 8; /* 0x80000 bytes */
	tree_write_bytes(tree, "usr/share/OVMF/VARS.fd", image, 40);
	tree_write_bytes(tree, VARS, image, 64);
	assert_int_equal(efivars_make(&tree->host, "demo", &qcow2, &error), 0);
	image[29] = 9;
	tree_write_bytes(tree, VARS, image, 40);
	assert_int_equal(efivars_make(&tree->host, "demo", &qcow2, &error), -EMEDIUMTYPE);
	tree_write(tree, VARS, "raw variables that were made before firmware came as a qcow2");
	assert_int_equal(efivars_make(&tree->host, "demo", &qcow2, &error), -EMEDIUMTYPE);
}

static void says_what_is_missing(void **state)
{
	const struct tree *tree = *state;
	struct guest_error error;

	assert_int_equal(efivars_make(&tree->host, "demo", &raw, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/usr/share/OVMF/VARS.fd"));
	make_template(tree, "template");
	assert_int_equal(efivars_check(&tree->host, "demo", &raw, &error), 0);
	assert_int_equal(efivars_make(&tree->host, "demo", &raw, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/var/lib/vxm/demo/OVMF_VARS.fd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(copies_once_and_never_again),
		tree_test(refuses_variables_of_another_size),
		tree_test(compares_what_a_qcow2_holds),
		tree_test(says_what_is_missing),
	};

	return cmocka_run_group_tests_name("efivars", tests, NULL, NULL);
}
