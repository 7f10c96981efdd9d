/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodeclaim on a recorded host: records, marks, claims; no udev is asked there. */
#include "tree.h"

#include "guest.h"
#include "inputnode.h"
#include "nodeclaim.h"

#define MARK "run/vxm/.access/event1-input101"

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

static struct inputdev keyboard(const struct tree *tree)
{
	struct inputdev_list list;
	struct inputdev dev;

	inputnode_make(tree, 1, "Keyboard", "usb-1/input0", INPUTNODE_KEYBOARD);
	assert_int_equal(inputdev_scan(&tree->host, &list), 0);
	assert_int_equal(list.count, 1);
	dev = list.items[0];
	inputdev_list_done(&list);
	return dev;
}

static void what_is_given_is_recorded_first_and_returned_from_the_record(void **state)
{
	const struct tree *tree = *state;
	struct inputdev dev = keyboard(tree);
	struct record *record = record_new("demo", NODECLAIM_KIND), *loaded;
	enum nodeclaim_end end;
	char uid[16];

	tree_mkdir(tree, "run");
	tree_write(tree, "dev/input/event1", "");
	assert_int_equal(nodeclaim_give(&tree->host, &dev, record), 0);
	assert_true(is_there(tree, MARK));
	assert_int_equal(record_load(&tree->host, "demo", NODECLAIM_KIND, &loaded), 0);
	snprintf(uid, sizeof(uid), "%u", getuid());
	assert_string_equal(record_get(loaded, "event1-input101", "owner"), uid);
	assert_string_equal(record_get(loaded, "event1-input101", "mode"), "0644");
	assert_int_equal(nodeclaim_return(&tree->host, loaded, "event1-input101", &end), 0);
	assert_int_equal(end, NODECLAIM_BACK);
	assert_false(is_there(tree, MARK));
	record_free(loaded);
	record_free(record);
}

static void a_second_give_keeps_the_owner_that_was_recorded(void **state)
{
	const struct tree *tree = *state;
	struct inputdev dev = keyboard(tree);
	struct record *record = record_new("demo", NODECLAIM_KIND);

	tree_mkdir(tree, "run");
	assert_int_equal(record_set(record, "event1-input101", "owner", "4711"), 0);
	assert_int_equal(nodeclaim_give(&tree->host, &dev, record), 0);
	assert_string_equal(record_get(record, "event1-input101", "owner"), "4711");
	record_free(record);
}

static void what_became_another_device_is_not_touched(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_new("demo", NODECLAIM_KIND);
	enum nodeclaim_end end;

	(void)keyboard(tree); /* event1 is input101 */
	assert_int_equal(record_set(record, "event1-input7", "node", "event1"), 0);
	assert_int_equal(record_set(record, "event1-input7", "owner", "0"), 0);
	assert_int_equal(nodeclaim_return(&tree->host, record, "event1-input7", &end), 0);
	assert_int_equal(end, NODECLAIM_GONE);
	record_free(record);
}

static void a_record_that_says_nothing_is_told(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_new("demo", NODECLAIM_KIND);
	enum nodeclaim_end end;

	assert_int_equal(record_set(record, "event1-input7", "node", "event1"), 0);
	assert_int_equal(nodeclaim_return(&tree->host, record, "event1-input7", &end), -EBADMSG);
	assert_int_equal(record_set(record, "event1-input7", "owner", "root"), 0);
	assert_int_equal(nodeclaim_return(&tree->host, record, "event1-input7", &end), -EBADMSG);
	record_free(record);
}

static int check(const struct tree *tree, const char *name, char text[static 1024])
{
	struct inputmatch_choices choices;
	struct guest_error error = { "" };
	struct guest *guest = NULL;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "etc/vxm/guests/%s.conf", name);
	tree_write(tree, path,
		   "[Guest]\nMemory=4G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n"
		   "[Input]\nKeyboard=auto\n");
	assert_int_equal(guest_load(&tree->host, name, &guest, &error), 0);
	assert_int_equal(inputmatch_resolve(&tree->host, guest, &choices, &error), 0);
	r = nodeclaim_check(&tree->host, guest, &choices, &error);
	snprintf(text, 1024, "%s", error.text);
	inputmatch_choices_done(&choices);
	guest_free(guest);
	return r;
}

static void a_node_of_another_guest_is_refused_with_its_name(void **state)
{
	const struct tree *tree = *state;
	char text[1024];

	(void)keyboard(tree);
	tree_write(tree, "run/vxm/first/access", "event1-input101 owner 0\n");
	assert_int_equal(check(tree, "first", text), 0);
	assert_int_equal(check(tree, "second", text), -EBUSY);
	assert_non_null(strstr(text, "/dev/input/event1 (Keyboard) is held by the guest first"));
}

static void a_keyboard_that_could_never_let_go_is_refused(void **state)
{
	const struct tree *tree = *state;
	char text[1024];

	inputnode_make(tree, 1, "Short", "usb-1/input0", INPUTNODE_KEYBOARD | INPUTNODE_ONE_CTRL);
	assert_int_equal(check(tree, "demo", text), -EINVAL);
	assert_non_null(
		strstr(text, "/etc/vxm/guests/demo.conf:7: Keyboard=: /dev/input/event1 (Short)"));
	/* The second interface has both keys: that will do. */
	inputnode_make(tree, 2, "Short", "usb-1/input1", INPUTNODE_KEYBOARD);
	assert_int_equal(check(tree, "demo", text), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(what_is_given_is_recorded_first_and_returned_from_the_record),
		tree_test(a_second_give_keeps_the_owner_that_was_recorded),
		tree_test(what_became_another_device_is_not_touched),
		tree_test(a_record_that_says_nothing_is_told),
		tree_test(a_node_of_another_guest_is_refused_with_its_name),
		tree_test(a_keyboard_that_could_never_let_go_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
