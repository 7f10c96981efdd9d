// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linked into a helper with --wrap: one that records what it changes finds no record of it, and so
 * has nothing to put back; those that clean up behind QEMU and swtpm remove nothing. A comparison
 * of before and after that such a build passes is worth nothing.
 */
#include <errno.h>

#include "guestrun.h"
#include "record.h"
#include "rundir.h"

int __wrap_record_load(const struct host *host, const char *guest, const char *kind,
		       struct record **ret);

int __wrap_record_load(const struct host *host, const char *guest, const char *kind,
		       struct record **ret)
{
	(void)host;
	(void)guest;
	(void)kind;
	(void)ret;
	return -ENOENT;
}

int __wrap_guestrun_clean(const struct host *host, const char *name);

int __wrap_guestrun_clean(const struct host *host, const char *name)
{
	(void)host;
	(void)name;
	return 0;
}

int __wrap_rundir_remove(const struct host *host, const char *guest, const char *sub);

int __wrap_rundir_remove(const struct host *host, const char *guest, const char *sub)
{
	(void)host;
	(void)guest;
	(void)sub;
	return 0;
}
