/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestkeys: the objects that QEMU is asked for. Grabbing needs real nodes: tests/lab. */
#include "inputnode.h"
#include "qmpserver.h"

#include "guestkeys.h"

#define CONTROL "run/q.sock"

static struct guest_input mouse = { .mouse = "auto", .toggle = "ctrl-ctrl" };
static struct guest_input *inputs[] = { &mouse };

static void play_object_add(int fd, const char *body)
{
	char line[4096];

	qmpserver_begin(fd);
	for (;;) {
		qmpserver_hear(fd, line, sizeof(line));
		/* A mouse is no master, and has no keys to repeat. */
		if (!strstr(line, "\"execute\":\"object-add\"") ||
		    !strstr(line, "\"qom-type\":\"input-linux\"") ||
		    !strstr(line, "\"evdev\":\"/dev/input/event4\"") ||
		    !strstr(line, "\"repeat\":false") || strstr(line, "grab_all"))
			_exit(1);
		qmpserver_reply(fd, line, body);
	}
}

static void play_taking(int fd)
{
	play_object_add(fd, "\"return\": {}");
}

static void play_refusing(int fd)
{
	play_object_add(fd, "\"error\": {\"class\": \"GenericError\", \"desc\": \"Could not open "
			    "'/dev/input/event4': Permission denied\"}");
}

static int give_to(const struct tree *tree, void (*play)(int fd), const struct guest *guest,
		   struct guestkeys *keys, struct guest_error *error)
{
	pid_t pid = qmpserver_start(tree, CONTROL, play);
	struct qmp *qmp = NULL;
	int r;

	assert_int_equal(qmp_connect(&tree->host, CONTROL, &qmp), 0);
	assert_int_equal(qmp_negotiate(qmp, qmp_after(20000), NULL), 0);
	r = guestkeys_give(&tree->host, guest, qmp, keys, error);
	qmp_free(qmp);
	qmpserver_stop(pid);
	tree_remove(tree, CONTROL);
	return r;
}

static int give(const struct tree *tree, void (*play)(int fd), size_t input_count,
		struct guestkeys *keys, struct guest_error *error)
{
	const struct guest guest = { .name = "demo", .inputs = inputs, .input_count = input_count };

	return give_to(tree, play, &guest, keys, error);
}

static void gives_a_mouse(void **state)
{
	const struct tree *tree = *state;
	struct guestkeys keys;
	struct guest_error error;

	inputnode_make(tree, 4, "A Mouse", "usb-1/input0", INPUTNODE_MOUSE);
	assert_int_equal(give(tree, play_taking, 1, &keys, &error), 0);
	assert_int_equal(keys.outcome, GUESTKEYS_GUEST);
	assert_int_equal(give(tree, play_refusing, 1, &keys, &error), -EREMOTEIO);
	assert_non_null(strstr(error.text, "\"A Mouse\" (/dev/input/event4)"));
	assert_non_null(strstr(error.text, "Permission denied"));
}

static void asks_for_nothing_without_input(void **state)
{
	const struct tree *tree = *state;
	char text[GUESTKEYS_TEXT_SIZE];
	struct guestkeys keys;
	struct guest_error error;

	assert_int_equal(give(tree, play_refusing, 0, &keys, &error), 0);
	assert_int_equal(keys.outcome, GUESTKEYS_NONE);
	assert_string_equal(guestkeys_format(&keys, text), "no keyboard or mouse is the guest's");
}

static void says_which_is_missing(void **state)
{
	_cleanup_guest_ struct guest *guest = NULL;
	const struct tree *tree = *state;
	struct guestkeys keys;
	struct guest_error error = { "" };

	tree_mkdir(tree, "sys/class/input");
	tree_write(tree, "etc/vxm/guests/demo.conf",
		   "[Guest]\nMemory=64M\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n"
		   "[Input]\nKeyboard=name=\"none\"\n");
	assert_int_equal(guest_load(&tree->host, "demo", &guest, &error), 0);
	assert_int_equal(give_to(tree, play_refusing, guest, &keys, &error), -ENODEV);
	assert_non_null(strstr(error.text, "demo.conf:7: Keyboard="));
}

static void tells_each_outcome(void **state)
{
	struct guestkeys keys = { GUESTKEYS_HOST, "\"kbd\" (/dev/input/event0)", "alt-alt" };
	char text[GUESTKEYS_TEXT_SIZE];

	(void)state;
	assert_string_equal(guestkeys_format(&keys, text),
			    "keys are the host's, alt-alt on \"kbd\" (/dev/input/event0) switches");
	keys.outcome = GUESTKEYS_STUCK;
	assert_non_null(strstr(guestkeys_format(&keys, text), "press alt-alt"));
	keys.outcome = GUESTKEYS_HELD;
	assert_non_null(strstr(guestkeys_format(&keys, text), "held down"));
	keys.outcome = GUESTKEYS_GUEST;
	assert_non_null(strstr(guestkeys_format(&keys, text), "keys are the guest's"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(gives_a_mouse),
		tree_test(asks_for_nothing_without_input),
		tree_test(says_which_is_missing),
		cmocka_unit_test(tells_each_outcome),
	};

	return cmocka_run_group_tests_name("guestkeys", tests, NULL, NULL);
}
