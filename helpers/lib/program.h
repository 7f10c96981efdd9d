/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each helper does around its verbs, and says alike: the command line, the machine, the guest.
 */
#pragma once

#include "cmdline.h"
#include "guest.h"
#include "host.h"

/*
 * The main() of a helper: parses the command line, opens the machine below *ROOT (what --root= set;
 * NULL: the running one), and runs the verb's act. EXIT_SUCCESS, also after --help and --version;
 * EXIT_FAILURE when the act returned an error, which is the act's to tell, or was not reached,
 * which is told here.
 */
int program_run(const struct cmdline *cmdline, const char *const *root, int argc, char *argv[]);

/* What to do about an act that failed with R for want of privileges: ": run this as root", or "".
 */
const char *program_remedy(int r);

/* guest_load() for a verb: what it returns, and what is wrong is told. */
int program_load_guest(const struct host *host, const char *name, struct guest **ret);
