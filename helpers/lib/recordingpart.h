/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files of a machine belong to a record of it, and what of each. */
#pragma once

#include <stddef.h>

enum recordingpart_kind {
	RECORDINGPART_TEXT,	/* as it is, but for MAC addresses */
	RECORDINGPART_MARK,	/* that it is there: an empty file of the same mode */
	RECORDINGPART_QEMU,	/* the program: its version in its place */
	RECORDINGPART_OVERRIDE, /* a driver_override, which may not be to be had, see pcidev.h */
	RECORDINGPART_SERIAL,	/* is a serial as a whole */
	RECORDINGPART_CONFIG,	/* PCI: the header, and of a bridge what says about ACS */
	RECORDINGPART_EDID,	/* a monitor's, without its serial */
	RECORDINGPART_CMDLINE,	/* of the kernel */
	RECORDINGPART_CPUINFO,
	RECORDINGPART_MODULES, /* /proc/modules, without addresses */
};

struct recordingpart {
	/* Below the root; a component with an asterisk stands for each name that fnmatch(3) finds.
	 * Of a directory, and of a link's target that is one, only its being there is recorded. */
	const char *pattern;
	enum recordingpart_kind kind;
};

/* The table; *ret_count is how many. What is not in it is not recorded. */
const struct recordingpart *recordingpart_table(size_t *ret_count);
