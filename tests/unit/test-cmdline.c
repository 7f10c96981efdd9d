/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline: VERB NAME and options from one table, and what is wrong told in one line. */
#include "tree.h"

#include <getopt.h>

#include "capture.h"
#include "cmdline.h"
#include "log.h"

static bool arg_dry_run;
static const char *arg_root;

static const struct cmdline_option options[] = {
	{ "root", "DIR", "use a machine recorded below DIR", NULL, &arg_root },
	{ "dry-run", NULL, "print what would be done", &arg_dry_run, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline_verb verbs[] = {
	{ "start", "NAME", "start it", NULL },
	{ "identify", "FILE", "say what it is", NULL },
	{ "list", NULL, "list all", NULL },
	{ NULL, "NAME", "become it", NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = { "vxm-test", "A test.", verbs, options };

static const struct cmdline_verb *verb;
static const char *argument;
static char output[CAPTURE_SIZE], errors[CAPTURE_SIZE];

/* Parses a line, whose words are separated by one blank. */
static int parse(const char *line)
{
	static char copy[1024];
	char *argv[16] = { (char *)"vxm-test" }, *rest = copy;
	struct capture out = capture_begin(STDOUT_FILENO), err = capture_begin(STDERR_FILENO);
	int argc = 1, r;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = *copy ? strsep(&rest, " ") : NULL; word; word = strsep(&rest, " "))
		argv[argc++] = word;
	arg_dry_run = false;
	arg_root = NULL;
	verb = NULL;
	argument = NULL;
	optind = 0;
	r = cmdline_parse(&cmdline, argc, argv, &verb, &argument);
	strcpy(errors, capture_end(&err));
	strcpy(output, capture_end(&out));
	return r;
}

static void verbs_and_options_stand_in_any_order(void **state)
{
	static const char *const lines[] = { "start win11 --root=/x --dry-run",
					     "--root /x --dry-run start win11",
					     "start --dry-run win11 --root=/x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(parse(lines[i]), 1);
		assert_ptr_equal(verb, &verbs[0]);
		assert_string_equal(argument, "win11");
		assert_string_equal(arg_root, "/x");
		assert_true(arg_dry_run);
		assert_string_equal(errors, "");
	}
	assert_int_equal(parse("list"), 1);
	assert_ptr_equal(verb, &verbs[2]);
	assert_null(argument);
	assert_int_equal(parse("identify ../any/file"), 1);
	assert_string_equal(argument, "../any/file");
	assert_int_equal(parse("win11"), 1);
	assert_ptr_equal(verb, &verbs[3]);
	assert_string_equal(argument, "win11");
	assert_int_equal(parse("start -- win11"), 1);
	assert_string_equal(argument, "win11");
}

static void help_and_version_are_made_from_the_table(void **state)
{
	static const char *const told[] = { "A test.\n",  "vxm-test start NAME",
					    "start it",	  "vxm-test NAME ",
					    "--root=DIR", "--dry-run",
					    "--help",	  "--version" };

	(void)state;
	assert_int_equal(parse("start --help"), 0);
	assert_string_equal(errors, "");
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		assert_non_null(strstr(output, told[i]));
	assert_int_equal(parse("--version"), 0);
	assert_memory_equal(output, "vxm-test ", 9);
	assert_int_equal(strcspn(output, "\n"), strlen(output) - 1);
}

static void a_guests_name_is_checked_before_anything_sees_it(void **state)
{
	static const char *const wrong[] = { "start ../x", "start auto", "start A",
					     "start a/b",  "../x",	 "start a%i" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(parse(wrong[i]), -EINVAL);
		assert_non_null(strstr(errors, "is not a guest's name: 1 to 31 of a-z 0-9 . _ -"));
		assert_int_equal(strcspn(errors, "\n"), strlen(errors) - 1);
		assert_null(verb);
		assert_null(argument);
	}
	assert_int_equal(parse("start "), -EINVAL);
}

static void what_is_wrong_is_told_in_one_line(void **state)
{
	static const struct {
		const char *line, *told;
	} cases[] = {
		{ "", "vxm-test: no command: not one of the forms that vxm-test --help lists\n" },
		{ "start", NULL }, /* "start" is a guest's name too, in the form without a verb */
		{ "start a b",
		  "vxm-test: \"start\": not one of the forms that vxm-test --help lists\n" },
		{ "strat a",
		  "vxm-test: \"strat\": not one of the forms that vxm-test --help lists\n" },
		{ "list a",
		  "vxm-test: \"list\": not one of the forms that vxm-test --help lists\n" },
		{ "start a --foo",
		  "vxm-test: --foo is not an option, or lacks its value; see vxm-test --help\n" },
		{ "start a --root",
		  "vxm-test: --root is not an option, or lacks its value; see vxm-test --help\n" },
		{ "start a --dry-run=yes",
		  "vxm-test: --dry-run=yes is not an option, or lacks its value; see vxm-test "
		  "--help\n" },
		{ "start a -x", "vxm-test: -x is not an option, or lacks its value; see vxm-test "
				"--help\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = parse(cases[i].line);

		assert_int_equal(r, cases[i].told ? -EINVAL : 1);
		assert_string_equal(errors, cases[i].told ? cases[i].told : "");
	}
}

static void messages_after_it_name_the_guest(void **state)
{
	struct capture capture;

	(void)state;
	assert_int_equal(parse("start win11"), 1);
	capture = capture_begin(STDERR_FILENO);
	log_error("x");
	assert_string_equal(capture_end(&capture), "vxm-test win11: x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_and_options_stand_in_any_order),
		cmocka_unit_test(help_and_version_are_made_from_the_table),
		cmocka_unit_test(a_guests_name_is_checked_before_anything_sees_it),
		cmocka_unit_test(what_is_wrong_is_told_in_one_line),
		cmocka_unit_test(messages_after_it_name_the_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
