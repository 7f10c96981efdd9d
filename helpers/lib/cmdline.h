/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line that all helpers share: VERB NAME and a few options, --help and --version made
 * from one table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct host;

struct cmdline_verb {
	const char *word;     /* "start"; NULL for the form "PROGRAM NAME" without a verb */
	const char *argument; /* "NAME", "FILE", or NULL when the verb takes none */
	const char *help;
	/* Called by program_run(); ARGUMENT is NULL when the verb takes none. Tells its own errors;
	 * negative is a failure of the program. */
	int (*act)(const struct host *host, const char *argument);
};

struct cmdline_option {
	const char *word;  /* "dry-run" */
	const char *value; /* "DIR" for an option with a value, else NULL */
	const char *help;
	bool *ret_flag;	       /* set when value is NULL */
	const char **ret_text; /* set otherwise; kept by reference */
};

struct cmdline {
	const char *program;
	const char *summary;		  /* one line: what the program is for */
	const struct cmdline_verb *verbs; /* up to one whose help is NULL */
	const struct cmdline_option
		*options; /* up to one whose word is NULL; --help and --version are added */
};

/*
 * Returns 1 to go on: *ret_verb points into verbs[], *ret_argument is the argument or NULL. An
 * argument called "NAME" has been checked by parse_guest_name() and given to log_open(). Returns 0
 * when --help or --version was printed; -EINVAL when the line is wrong, which has been logged with
 * what is allowed.
 */
int cmdline_parse(const struct cmdline *cmdline, int argc, char *argv[],
		  const struct cmdline_verb **ret_verb, const char **ret_argument);
