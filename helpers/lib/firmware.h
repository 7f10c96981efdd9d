/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UEFI firmware of the machine, found by QEMU's firmware descriptors. */
#pragma once

#include <stdbool.h>

#include "host.h"

enum firmware_kind {
	FIRMWARE_SECURE, /* secure boot on, with enrolled keys, from the first boot */
	FIRMWARE_PLAIN,	 /* UEFI without secure boot: neither secure-boot, enrolled-keys nor
			    requires-smm */
};

enum firmware_format {
	FIRMWARE_RAW,
	FIRMWARE_QCOW2,
};

/* One file that is mapped into the guest's flash. */
struct firmware_file {
	char *filename; /* absolute, as the machine knows it: without --root */
	enum firmware_format format;
};

struct firmware {
	char *descriptor; /* "/usr/share/qemu/firmware/40-edk2-x86_64-secure-enrolled.json" */
	struct firmware_file executable;
	struct firmware_file nvram_template; /* copied once for each guest */
	bool secure_boot;
	bool enrolled_keys;
	bool requires_smm;
};

/*
 * The first descriptor for an x86-64 q35 machine of that KIND. 0 and *ret, to be released by
 * firmware_done(); -ENOENT: no descriptor is of that kind; -errno of the reading. A file that is
 * not a descriptor is passed over, as the format asks (a later QEMU may know more than we do).
 * Whether the files it names are there is not looked at.
 */
int firmware_find(const struct host *host, enum firmware_kind kind, struct firmware *ret);
void firmware_done(struct firmware *firmware);
#define _cleanup_firmware_ _cleanup_(firmware_done)

/* One descriptor's TEXT as the search judges it: 1 and *ret (descriptor is NULL) when it is of
 * KIND, 0 when it is not or is no descriptor, -ENOMEM. */
int firmware_parse(const char *text, enum firmware_kind kind, struct firmware *ret);

/* "raw", "qcow2" */
const char *firmware_format_word(enum firmware_format format);
