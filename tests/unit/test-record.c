/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record: what was changed is on record as a whole or not at all, and one guest owns an object. */
#include "tree.h"

#include <sys/file.h>

#include "record.h"

static struct record *record_with(const char *guest, const char *object)
{
	struct record *record = record_new(guest, "isolate");

	assert_non_null(record);
	assert_int_equal(record_set(record, object, "driver", "nvidia"), 0);
	return record;
}

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

static void what_was_saved_is_loaded(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_with("demo", "0000:01:00.0"), *loaded;
	struct stat st;
	char full[PATH_MAX];

	tree_mkdir(tree, "run");
	assert_int_equal(record_set(record, "0000:01:00.0", "driver_override", ""), 0);
	assert_int_equal(record_set(record, "0000:01:00.1", "driver", "snd hda  intel "), 0);
	assert_int_equal(record_set(record, "0000:01:00.0", "driver", "nouveau"), 0);
	assert_int_equal(record_save(&tree->host, record), 0);
	assert_int_equal(record_save(&tree->host, record), 0);
	record_free(record);
	assert_int_equal(record_load(&tree->host, "demo", "isolate", &loaded), 0);
	assert_string_equal(record_get(loaded, "0000:01:00.0", "driver"), "nouveau");
	assert_string_equal(record_get(loaded, "0000:01:00.0", "driver_override"), "");
	assert_string_equal(record_get(loaded, "0000:01:00.1", "driver"), "snd hda  intel ");
	assert_null(record_get(loaded, "0000:01:00.1", "power/control"));
	assert_null(record_get(loaded, "0000:01:00.2", "driver"));
	assert_string_equal(record_object(loaded, 0), "0000:01:00.0");
	assert_string_equal(record_object(loaded, 1), "0000:01:00.1");
	assert_null(record_object(loaded, 2));
	record_free(loaded);
	assert_int_equal(stat(tree_full(tree, "run/vxm/demo/isolate", full), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat(tree_full(tree, "run/vxm/demo", full), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_false(is_there(tree, "run/vxm/demo/isolate.new"));
}

static void a_text_that_the_form_cannot_carry_is_refused(void **state)
{
	struct record *record = record_new("demo", "isolate");

	(void)state;
	assert_int_equal(record_set(record, "", "k", "v"), -EINVAL);
	assert_int_equal(record_set(record, "o", "", "v"), -EINVAL);
	assert_int_equal(record_set(record, "a b", "k", "v"), -EINVAL);
	assert_int_equal(record_set(record, "o", "k k", "v"), -EINVAL);
	assert_int_equal(record_set(record, "o", "k", "v\nx y z"), -EINVAL);
	assert_int_equal(record_set(record, "o\n", "k", "v"), -EINVAL);
	assert_int_equal(record_set(record, "o", "k", "\033[0m"), -EINVAL);
	assert_int_equal(record_set(record, "o", "k", "\x7f"), -EINVAL);
	assert_null(record_object(record, 0));
	record_free(record);
	record_free(NULL);
}

static void a_damaged_record_is_told(void **state)
{
	static const char *const damaged[] = { "o k v", /* cut: no newline */
					       "o k\n",	 "o\n",	   "\n",
					       " k v\n", "o  v\n", "o k \x01\n" };
	const struct tree *tree = *state;
	struct record *record = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		tree_write(tree, "run/vxm/demo/isolate", damaged[i]);
		if (record_load(&tree->host, "demo", "isolate", &record) != -EBADMSG)
			fail_msg("damage %zu was taken", i);
		assert_null(record);
	}
	/* Bytes behind a NUL would be lost without a word. */
	tree_write_bytes(tree, "run/vxm/demo/isolate", "o k v\n\0o k w\n", 13);
	assert_int_equal(record_load(&tree->host, "demo", "isolate", &record), -EBADMSG);
}

static void without_a_record_there_is_none(void **state)
{
	const struct tree *tree = *state;
	struct strlist guests;
	struct record *record;
	char owner[GUEST_NAME_SIZE];

	assert_int_equal(record_load(&tree->host, "demo", "isolate", &record), -ENOENT);
	assert_int_equal(record_load(&tree->host, "../x", "isolate", &record), -EINVAL);
	assert_int_equal(record_remove(&tree->host, "demo", "isolate"), 0);
	assert_int_equal(record_leave(&tree->host, "demo"), 0);
	assert_int_equal(record_remove(&tree->host, "..", "isolate"), -EINVAL);
	assert_int_equal(record_guests(&tree->host, "isolate", &guests), 0);
	assert_int_equal(guests.count, 0);
	assert_int_equal(record_owner(&tree->host, "isolate", "x", "demo", owner), 0);
}

static void the_directory_goes_with_its_last_record(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_with("demo", "x");

	tree_mkdir(tree, "run");
	assert_int_equal(record_save(&tree->host, record), 0);
	tree_write(tree, "run/vxm/demo/access", "o k v\n");
	/* What a killed save left behind goes too. */
	tree_write(tree, "run/vxm/demo/isolate.new", "o k");
	assert_int_equal(record_remove(&tree->host, "demo", "isolate"), 0);
	assert_false(is_there(tree, "run/vxm/demo/isolate"));
	assert_false(is_there(tree, "run/vxm/demo/isolate.new"));
	assert_true(is_there(tree, "run/vxm/demo/access"));
	assert_int_equal(record_remove(&tree->host, "demo", "access"), 0);
	assert_false(is_there(tree, "run/vxm/demo"));
	assert_true(is_there(tree, "run/vxm"));
	record_free(record);
}

static void a_save_that_fails_leaves_the_earlier_record(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_with("demo", "x"), *loaded;

	tree_mkdir(tree, "run");
	assert_int_equal(record_save(&tree->host, record), 0);
	tree_mkdir(tree, "run/vxm/demo/isolate.new");
	assert_int_equal(record_set(record, "y", "driver", ""), 0);
	assert_int_equal(record_save(&tree->host, record), -EISDIR);
	record_free(record);
	assert_int_equal(record_load(&tree->host, "demo", "isolate", &loaded), 0);
	assert_string_equal(record_get(loaded, "x", "driver"), "nvidia");
	assert_null(record_get(loaded, "y", "driver"));
	record_free(loaded);
}

static void an_object_has_one_owner(void **state)
{
	const struct tree *tree = *state;
	struct record *a = record_with("a", "0000:01:00.0"), *b = record_with("b", "0000:02:00.0");
	char owner[GUEST_NAME_SIZE] = "";
	struct strlist guests;

	tree_mkdir(tree, "run");
	assert_int_equal(record_save(&tree->host, a), 0);
	assert_int_equal(record_save(&tree->host, b), 0);
	tree_write(tree, "run/vxm/c/access", "0000:01:00.0 k v\n");
	assert_int_equal(record_owner(&tree->host, "isolate", "0000:01:00.0", "b", owner), 1);
	assert_string_equal(owner, "a");
	assert_int_equal(record_owner(&tree->host, "isolate", "0000:01:00.0", "a", owner), 0);
	assert_int_equal(record_owner(&tree->host, "isolate", "0000:01:00", "b", owner), 0);
	assert_int_equal(record_guests(&tree->host, "isolate", &guests), 0);
	assert_int_equal(guests.count, 2);
	strlist_done(&guests);
	/* Another guest's record that cannot be read may say anything. */
	tree_write(tree, "run/vxm/d/isolate", "cut");
	assert_int_equal(record_owner(&tree->host, "isolate", "0000:09:00.0", "a", owner),
			 -EBADMSG);
	record_free(a);
	record_free(b);
}

static void a_lock_is_held_until_its_descriptor_is_closed(void **state)
{
	const struct tree *tree = *state;
	char full[PATH_MAX];
	int lock, other;

	tree_mkdir(tree, "run");
	lock = record_lock(&tree->host, "isolate");
	assert_true(lock >= 0);
	other = open(tree_full(tree, "run/vxm/.lock/isolate", full), O_RDONLY | O_CLOEXEC);
	assert_true(other >= 0);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(lock);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	/* Another kind is another lock. */
	lock = record_lock(&tree->host, "isolate");
	other = record_lock(&tree->host, "hugepages");
	assert_true(lock >= 0 && other >= 0);
	close(lock);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(what_was_saved_is_loaded),
		cmocka_unit_test(a_text_that_the_form_cannot_carry_is_refused),
		tree_test(a_damaged_record_is_told),
		tree_test(without_a_record_there_is_none),
		tree_test(the_directory_goes_with_its_last_record),
		tree_test(a_save_that_fails_leaves_the_earlier_record),
		tree_test(an_object_has_one_owner),
		tree_test(a_lock_is_held_until_its_descriptor_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
