/* SPDX-License-Identifier: GPL-2.0-or-later */
/* program: what each helper does around its verbs, and what it says when a verb is not reached. */
#include "tree.h"

#include <getopt.h>
#include <stdlib.h>

#include "capture.h"
#include "log.h"
#include "program.h"

static const char *arg_root;
static int acts, answer;
static char seen[64], found[16];

/* Notes whom it was called for, and what the machine has in the file "mark". */
static int act(const struct host *host, const char *argument)
{
	_cleanup_free_ char *text = NULL;

	acts++;
	snprintf(seen, sizeof(seen), "%s", argument ? argument : "nobody");
	found[0] = '\0';
	if (host_read_file(host, "mark", 8, &text, NULL) == 0)
		snprintf(found, sizeof(found), "%s", text);
	return answer;
}

static int act_otherwise(const struct host *host, const char *argument)
{
	(void)host;
	(void)argument;
	fail_msg("the wrong verb was run");
	return 0;
}

static const struct cmdline_option options[] = {
	{ "root", "DIR", "use a machine recorded below DIR", NULL, &arg_root },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline_verb verbs[] = {
	{ "stop", "NAME", "stop it", act_otherwise },
	{ "start", "NAME", "start it", act },
	{ "list", NULL, "list all", act },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = { "vxm-test", "A test.", verbs, options };

static char errors[CAPTURE_SIZE];

/* What the program VERB ARGUMENT OPTION returns; NULL ends the line earlier. */
static int run(const char *verb, const char *argument, const char *option)
{
	const char *words[] = { "vxm-test", verb, argument, option };
	struct capture out = capture_begin(STDOUT_FILENO), err = capture_begin(STDERR_FILENO);
	char *argv[ARRAY_SIZE(words) + 1] = { NULL };
	int argc = 0, status;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i])
			argv[argc++] = (char *)words[i];
	arg_root = NULL;
	acts = 0;
	optind = 0;
	status = program_run(&cmdline, &arg_root, argc, argv);
	strcpy(errors, capture_end(&err));
	capture_end(&out);
	return status;
}

static const char *root_option(const struct tree *tree)
{
	static char option[PATH_MAX];

	snprintf(option, sizeof(option), "--root=%s", tree->path);
	return option;
}

static void the_verbs_act_gets_the_machine_and_the_argument(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, "mark", "here");
	answer = 0;
	assert_int_equal(run("start", "win11", root_option(tree)), EXIT_SUCCESS);
	assert_int_equal(acts, 1);
	assert_string_equal(seen, "win11");
	assert_string_equal(found, "here");
	assert_int_equal(run("list", root_option(tree), NULL), EXIT_SUCCESS);
	assert_string_equal(seen, "nobody");
	assert_int_equal(run("list", NULL, NULL), EXIT_SUCCESS);
	assert_int_equal(acts, 1);
	assert_string_equal(found, "");
	assert_string_equal(errors, "");
}

static void a_negative_answer_is_a_failure_that_the_act_has_told(void **state)
{
	const struct tree *tree = *state;

	answer = -EPERM;
	assert_int_equal(run("start", "win11", root_option(tree)), EXIT_FAILURE);
	assert_string_equal(errors, "");
	answer = 1;
	assert_int_equal(run("start", "win11", root_option(tree)), EXIT_SUCCESS);
}

static void help_and_a_wrong_line_reach_no_act(void **state)
{
	(void)state;
	assert_int_equal(run("--help", NULL, NULL), EXIT_SUCCESS);
	assert_int_equal(acts, 0);
	assert_int_equal(run("start", "../x", NULL), EXIT_FAILURE);
	assert_int_equal(acts, 0);
	assert_non_null(strstr(errors, "is not a guest's name"));
}

static void a_root_that_cannot_be_opened_is_named_with_its_option(void **state)
{
	const struct tree *tree = *state;
	char option[PATH_MAX], expected[PATH_MAX + 128];

	tree_write(tree, "file", "");
	snprintf(option, sizeof(option), "--root=%s/file", tree->path);
	snprintf(expected, sizeof(expected),
		 "vxm-test win11: %s cannot be opened: Not a directory; name the directory that "
		 "stands for /\n",
		 option);
	assert_int_equal(run("start", "win11", option), EXIT_FAILURE);
	assert_int_equal(acts, 0);
	assert_string_equal(errors, expected);
}

static void a_guest_is_loaded_or_what_is_wrong_with_it_told_once(void **state)
{
	const struct tree *tree = *state;
	struct guest *guest = NULL;
	struct capture err;

	log_open("vxm-test", "demo");
	err = capture_begin(STDERR_FILENO);
	assert_int_equal(program_load_guest(&tree->host, "demo", &guest), -ENOENT);
	strcpy(errors, capture_end(&err));
	assert_null(guest);
	assert_non_null(strstr(errors, "/etc/vxm/guests/demo.conf"));
	assert_int_equal(strcspn(errors, "\n"), strlen(errors) - 1);

	tree_write(tree, "etc/vxm/guests/demo.conf",
		   "[Guest]\nMemory=4G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n");
	err = capture_begin(STDERR_FILENO);
	assert_int_equal(program_load_guest(&tree->host, "demo", &guest), 0);
	assert_string_equal(capture_end(&err), "");
	assert_string_equal(guest->name, "demo");
	guest_free(guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_verbs_act_gets_the_machine_and_the_argument),
		tree_test(a_negative_answer_is_a_failure_that_the_act_has_told),
		tree_test(help_and_a_wrong_line_reach_no_act),
		tree_test(a_root_that_cannot_be_opened_is_named_with_its_option),
		tree_test(a_guest_is_loaded_or_what_is_wrong_with_it_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
