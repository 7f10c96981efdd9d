/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line that all helpers share: VERB NAME and a few options, --help and --version made
 * from one table. */
#include "cmdline.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "log.h"
#include "parse.h"

#ifndef VXM_VERSION
#define VXM_VERSION "unknown"
#endif

#define CMDLINE_OPTIONS_MAX 16

static void print_help(const struct cmdline *cmdline)
{
	char left[64];

	printf("%s\n\n", cmdline->summary);
	for (const struct cmdline_verb *v = cmdline->verbs; v->help; v++) {
		snprintf(left, sizeof(left), "%s%s%s%s%s", cmdline->program, v->word ? " " : "",
			 v->word ? v->word : "", v->argument ? " " : "",
			 v->argument ? v->argument : "");
		printf("  %-32s %s\n", left, v->help);
	}
	printf("\nOptions:\n");
	for (const struct cmdline_option *o = cmdline->options; o->word; o++) {
		snprintf(left, sizeof(left), "--%s%s%s", o->word, o->value ? "=" : "",
			 o->value ? o->value : "");
		printf("  %-32s %s\n", left, o->help);
	}
	printf("  %-32s %s\n  %-32s %s\n", "--help", "show this text", "--version",
	       "show the version");
}

static const struct cmdline_verb *find_verb(const struct cmdline *cmdline, int count, char *words[])
{
	for (const struct cmdline_verb *v = cmdline->verbs; v->help; v++)
		if (v->word ? count == 1 + !!v->argument && strcmp(v->word, words[0]) == 0
			    : count == !!v->argument)
			return v;
	return NULL;
}

/* The form that lacks its argument on this line, or NULL. */
static const struct cmdline_verb *find_unfinished(const struct cmdline *cmdline, int count,
						  char *words[])
{
	for (const struct cmdline_verb *v = cmdline->verbs; v->help && count == 1; v++)
		if (v->word && v->argument && strcmp(v->word, words[0]) == 0)
			return v;
	return NULL;
}

/* Fills getopt's table; the index of an own option is its place, then come help and version. */
static size_t fill_options(const struct cmdline *cmdline, struct option *table)
{
	size_t n = 0;

	for (; n < CMDLINE_OPTIONS_MAX && cmdline->options[n].word; n++)
		table[n] = (struct option){ cmdline->options[n].word,
					    cmdline->options[n].value ? required_argument
								      : no_argument,
					    NULL, 0 };
	table[n] = (struct option){ "help", no_argument, NULL, 0 };
	table[n + 1] = (struct option){ "version", no_argument, NULL, 0 };
	return n;
}

int cmdline_parse(const struct cmdline *cmdline, int argc, char *argv[],
		  const struct cmdline_verb **ret_verb, const char **ret_argument)
{
	struct option table[CMDLINE_OPTIONS_MAX + 3] = { 0 };
	size_t own = fill_options(cmdline, table);
	const struct cmdline_verb *verb, *unfinished;
	const char *argument;
	int at, r;

	log_open(cmdline->program, NULL);
	opterr = 0;
	while ((r = getopt_long(argc, argv, "", table, &at)) != -1) {
		if (r != 0) {
			log_error("%s is not an option, or lacks its value; see %s --help",
				  argv[optind - 1], cmdline->program);
			return -EINVAL;
		}
		if ((size_t)at == own) {
			print_help(cmdline);
			return 0;
		}
		if ((size_t)at == own + 1) {
			printf("%s %s\n", cmdline->program, VXM_VERSION);
			return 0;
		}
		if (cmdline->options[at].value)
			*cmdline->options[at].ret_text = optarg;
		else
			*cmdline->options[at].ret_flag = true;
	}
	verb = find_verb(cmdline, argc - optind, argv + optind);
	unfinished = verb ? NULL : find_unfinished(cmdline, argc - optind, argv + optind);
	if (unfinished) {
		log_error("a word is missing: %s %s %s%s", cmdline->program, unfinished->word,
			  unfinished->argument,
			  strcmp(unfinished->argument, "NAME") == 0
				  ? "; the guests are the files NAME.conf in /etc/vxm/guests"
				  : "");
		return -EINVAL;
	}
	if (!verb) {
		log_error("%s%s%s: not one of the forms that %s --help lists",
			  optind < argc ? "\"" : "", optind < argc ? argv[optind] : "no command",
			  optind < argc ? "\"" : "", cmdline->program);
		return -EINVAL;
	}
	argument = verb->argument ? argv[argc - 1] : NULL;
	if (argument && strcmp(verb->argument, "NAME") == 0) {
		if (parse_guest_name(argument) < 0) {
			log_error("\"%s\" is not a guest's name: 1 to 31 of a-z 0-9 . _ -, "
				  "beginning with a letter or a digit, and not \"auto\"",
				  argument);
			return -EINVAL;
		}
		log_open(cmdline->program, argument);
	}
	*ret_verb = verb;
	*ret_argument = argument;
	return 1;
}
