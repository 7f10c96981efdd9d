/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inputmatch: words to a match, and a guest's [Input] sections to nodes. */
#include "tree.h"

#include "guest.h"
#include "inputmatch.h"
#include "inputnode.h"

static void write_guest(const struct tree *tree, const char *input)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "[Guest]\nMemory=4G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n%s", input);
	tree_write(tree, "etc/vxm/guests/demo.conf", text);
}

static struct guest *load(const struct tree *tree)
{
	struct guest_error error = { "" };
	struct guest *guest = NULL;

	if (guest_load(&tree->host, "demo", &guest, &error) < 0)
		fail_msg("%s", error.text);
	return guest;
}

/* Resolves the guest's sections to "event1:keyboard event2:mouse", or to the error's text. */
static int resolve(const struct tree *tree, const char *input, char nodes[static 1024])
{
	struct inputmatch_choices choices = { 0 };
	struct guest_error error = { "" };
	struct guest *guest;
	size_t used = 0;
	int r;

	write_guest(tree, input);
	guest = load(tree);
	r = inputmatch_resolve(&tree->host, guest, &choices, &error);
	snprintf(nodes, 1024, "%s", error.text);
	for (size_t i = 0; i < choices.count; i++)
		used += (size_t)snprintf(nodes + used, 1024 - used, "%s%s:%s%s", i ? " " : "",
					 choices.items[i].dev.node,
					 choices.items[i].is_keyboard ? "keyboard" : "mouse",
					 choices.items[i].has_toggle ? "+toggle" : "");
	inputmatch_choices_done(&choices);
	guest_free(guest);
	return r;
}

static void reads_every_word(void **state)
{
	struct inputmatch match;

	(void)state;
	assert_int_equal(inputmatch_parse("auto", &match, NULL), 0);
	assert_true(match.is_auto);
	assert_int_equal(inputmatch_parse("bus=usb vendor=046d  product=0xC33F name=\"A = B\" "
					  "uniq=00:11 phys=\"usb-1/input0\"",
					  &match, NULL),
			 0);
	assert_false(match.is_auto);
	assert_true(match.has_bus && match.bus == 3);
	assert_true(match.has_vendor && match.vendor == 0x46d);
	assert_true(match.has_product && match.product == 0xc33f);
	assert_string_equal(match.name, "A = B");
	assert_string_equal(match.uniq, "00:11");
	assert_string_equal(match.phys, "usb-1/input0");
	assert_int_equal(inputmatch_parse("bus=0018", &match, NULL), 0);
	assert_int_equal(match.bus, 0x18);
}

static void refuses_what_is_no_match(void **state)
{
	static const char *const wrong[] = {
		"",	     "Auto",	      "vendor",	     "vendor=",	  "vendor=12345",
		"bus=ps2",   "name=\"open",   "name=\"a\"b", "serial=1",  "auto vendor=1",
		"name=\"\"", "vendor=046d ,", "=usb",	     "vendor=-1",
	};
	struct inputmatch match = { .vendor = 7 };
	char what[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		what[0] = '\0';
		if (inputmatch_parse(wrong[i], &match, what) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_true(what[0] != '\0');
	}
	assert_int_equal(match.vendor, 7);
}

static void auto_takes_the_only_keyboard_and_mouse(void **state)
{
	const struct tree *tree = *state;
	char nodes[1024];

	inputnode_make(tree, 0, "Power Button", "PNP0C0C/button/input0", 0);
	inputnode_make(tree, 1, "Keyboard", "usb-1/input0", INPUTNODE_KEYBOARD);
	inputnode_make(tree, 2, "Mouse", "usb-2/input0", INPUTNODE_MOUSE);
	inputnode_make(tree, 3, "keyd keyboard", "", INPUTNODE_KEYBOARD | INPUTNODE_VIRTUAL);
	assert_int_equal(resolve(tree, "[Input]\nKeyboard=auto\nMouse=auto\n", nodes), 0);
	assert_string_equal(nodes, "event1:keyboard+toggle event2:mouse");
}

static void two_that_fit_are_refused_with_both_named(void **state)
{
	const struct tree *tree = *state;
	char nodes[1024];

	inputnode_make(tree, 1, "Left", "usb-1/input0", INPUTNODE_KEYBOARD);
	inputnode_make(tree, 2, "Right", "usb-2/input0", INPUTNODE_KEYBOARD);
	assert_int_equal(resolve(tree, "[Input]\nKeyboard=auto\n", nodes), -ENOTUNIQ);
	assert_string_equal(nodes,
			    "/etc/vxm/guests/demo.conf:7: Keyboard=: \"auto\" fits 2 of them, "
			    "and one is wanted: event1 (vendor=1234 product=0001 name=\"Left\" "
			    "phys=\"usb-1/input0\"); event2 (vendor=1234 product=0001 "
			    "name=\"Right\" phys=\"usb-2/input0\")");
	assert_int_equal(resolve(tree, "[Input]\nKeyboard=name=\"Right\"\n", nodes), 0);
	assert_string_equal(nodes, "event2:keyboard+toggle");
}

static void both_interfaces_of_one_keyboard_are_taken(void **state)
{
	const struct tree *tree = *state;
	char nodes[1024];

	inputnode_make(tree, 1, "NKRO", "usb-1/input0", INPUTNODE_KEYBOARD);
	inputnode_make(tree, 2, "NKRO", "usb-1/input1", INPUTNODE_KEYBOARD | INPUTNODE_ONE_CTRL);
	assert_int_equal(resolve(tree, "[Input]\nKeyboard=auto\n", nodes), 0);
	assert_string_equal(nodes, "event1:keyboard+toggle event2:keyboard");
}

static void a_missing_device_is_told_with_those_that_are_there(void **state)
{
	const struct tree *tree = *state;
	char nodes[1024];

	inputnode_make(tree, 1, "Here", "usb-1/input0", INPUTNODE_KEYBOARD);
	assert_int_equal(resolve(tree, "[Input]\nKeyboard=vendor=dead\n", nodes), -ENODEV);
	assert_non_null(strstr(nodes, "demo.conf:7: Keyboard=: no keyboard fits \"vendor=dead\""));
	assert_non_null(strstr(nodes, "name=\"Here\""));
	assert_int_equal(resolve(tree, "[Input]\nMouse=auto\n", nodes), -ENODEV);
	assert_non_null(strstr(nodes, "there is none"));
}

static void a_virtual_keyboard_is_taken_when_it_is_named(void **state)
{
	const struct tree *tree = *state;
	char nodes[1024];

	inputnode_make(tree, 1, "Real", "usb-1/input0", INPUTNODE_KEYBOARD);
	inputnode_make(tree, 2, "keyd keyboard", "", INPUTNODE_KEYBOARD | INPUTNODE_VIRTUAL);
	assert_int_equal(resolve(tree, "[Input]\nKeyboard=name=\"keyd keyboard\"\n", nodes), 0);
	assert_string_equal(nodes, "event2:keyboard+toggle");
}

static void a_node_stands_once_however_many_sections_mean_it(void **state)
{
	const struct tree *tree = *state;
	char nodes[1024];

	inputnode_make(tree, 1, "Both", "usb-1/input0", INPUTNODE_KEYBOARD | INPUTNODE_MOUSE);
	inputnode_make(tree, 2, "Mouse", "usb-2/input0", INPUTNODE_MOUSE);
	assert_int_equal(
		resolve(tree, "[Input]\nMouse=name=Mouse\n[Input]\nMouse=phys=\"usb-2/input0\"\n",
			nodes),
		0);
	assert_string_equal(nodes, "event2:mouse");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_word),
		cmocka_unit_test(refuses_what_is_no_match),
		tree_test(auto_takes_the_only_keyboard_and_mouse),
		tree_test(two_that_fit_are_refused_with_both_named),
		tree_test(both_interfaces_of_one_keyboard_are_taken),
		tree_test(a_missing_device_is_told_with_those_that_are_there),
		tree_test(a_virtual_keyboard_is_taken_when_it_is_named),
		tree_test(a_node_stands_once_however_many_sections_mean_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
