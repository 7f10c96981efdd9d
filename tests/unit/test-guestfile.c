/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestfile: which files a guest is made of, in which order, and every change of them. */
#include "tree.h"

#include "guest.h"
#include "guestfile.h"

#define FILE_PATH "etc/vxm/guests/demo.conf"

static void the_layers_come_in_their_order(void **state)
{
	static const char *const expected[] = { "usr/lib/vxm/guest.conf", "etc/vxm/guest.conf",
						FILE_PATH, FILE_PATH ".d/10-b.conf",
						FILE_PATH ".d/9-a.conf" };
	const struct tree *tree = *state;
	struct strlist files = STRLIST_EMPTY;

	assert_int_equal(guestfile_layers(&tree->host, "demo", &files), -ENOENT);
	assert_int_equal(guestfile_layers(&tree->host, "../demo", &files), -EINVAL);
	assert_int_equal(guestfile_layers(&tree->host, "auto", &files), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		tree_write(tree, expected[i], "");
	tree_write(tree, FILE_PATH ".d/.hidden.conf", "");
	tree_write(tree, FILE_PATH ".d/readme", "");
	tree_write(tree, FILE_PATH ".d/.conf", "");
	assert_int_equal(guestfile_layers(&tree->host, "demo", &files), 0);
	assert_int_equal(files.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(files.items[i], expected[i]);
	strlist_done(&files);
	/* The others do not make a guest. */
	tree_remove(tree, FILE_PATH);
	assert_int_equal(guestfile_layers(&tree->host, "demo", &files), -ENOENT);
}

static void a_newline_in_a_name_makes_no_line(void **state)
{
	const struct tree *tree = *state;
	struct strlist stamps;

	tree_write(tree, FILE_PATH, "");
	tree_write(tree, FILE_PATH ".d/a\n[Service]\nUser=root.conf", "");
	assert_int_equal(guestfile_stamps(&tree->host, "demo", &stamps), 0);
	assert_int_equal(stamps.count, 2);
	assert_non_null(strstr(stamps.items[1], "/a?[Service]?User=root.conf "));
	strlist_done(&stamps);
}

static void a_recorded_host_has_no_systemd(void **state)
{
	const struct tree *tree = *state;
	char file[256];

	tree_write(tree, FILE_PATH, "");
	assert_int_equal(guest_is_generated(&tree->host, "demo", file), 1);
	assert_int_equal(guestfile_is_generated(&tree->host, "demo", file), 0);
}

static void stamps_tell_every_change_of_the_files(void **state)
{
	const struct tree *tree = *state;
	const char *dropin = GUESTFILE_GENERATED "/vxm-guest@demo.service.d/" GUESTFILE_DROPIN;
	struct strlist stamps;
	char file[256], text[1024] = "", full[PATH_MAX];

	tree_write(tree, FILE_PATH, "[Guest]\n");
	tree_write(tree, "etc/vxm/guest.conf", "");
	assert_int_equal(guestfile_is_generated(&tree->host, "demo", file), 0);
	assert_string_equal(file, "/etc/vxm/guest.conf");
	assert_int_equal(guestfile_stamps(&tree->host, "demo", &stamps), 0);
	assert_int_equal(stamps.count, 2);
	for (size_t i = 0; i < stamps.count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 GUESTFILE_STAMP_PREFIX "%s\n", stamps.items[i]);
	strlist_done(&stamps);
	tree_write(tree, dropin, text);
	assert_int_equal(guestfile_is_generated(&tree->host, "demo", file), 1);
	/* A file more, a file less, and an older one in its place. */
	tree_write(tree, FILE_PATH ".d/a b.conf", "");
	assert_int_equal(guestfile_is_generated(&tree->host, "demo", file), 0);
	assert_string_equal(file, "/" FILE_PATH ".d/a b.conf");
	tree_remove(tree, FILE_PATH ".d/a b.conf");
	assert_int_equal(guestfile_is_generated(&tree->host, "demo", file), 1);
	tree_remove(tree, "etc/vxm/guest.conf");
	assert_int_equal(guestfile_is_generated(&tree->host, "demo", file), 0);
	assert_string_equal(file, "/etc/vxm/guest.conf");
	tree_write(tree, "etc/vxm/guest.conf", "");
	tree_full(tree, "etc/vxm/guest.conf", full);
	assert_int_equal(utimensat(AT_FDCWD, full, (const struct timespec[2]){ 0 }, 0), 0);
	assert_int_equal(guestfile_is_generated(&tree->host, "demo", file), 0);
	assert_int_equal(guestfile_is_generated(&tree->host, "none", file), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_layers_come_in_their_order),
		tree_test(a_newline_in_a_name_makes_no_line),
		tree_test(a_recorded_host_has_no_systemd),
		tree_test(stamps_tell_every_change_of_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
