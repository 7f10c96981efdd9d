/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes out of a machine's own words what tells this one from others of its kind: serial numbers.
 */
#pragma once

#include <stdint.h>

#include "strlist.h"

/* What was taken out so far: the same serial becomes the same word everywhere, so that what belongs
 * together still does. */
struct redact {
	struct strlist seen;
};

void redact_done(struct redact *redact);
#define _cleanup_redact_ _cleanup_(redact_done)

/*
 * Each MAC address in TEXT (six pairs of hexadecimal digits with one of ":-_" between) becomes
 * 00:00:00:00:00:NN, NN by the order of appearance; as long as before. In place. 0, -ENOMEM.
 */
int redact_mac(struct redact *redact, char *text);

/* A text that is a serial as a whole becomes "serial-N" and a newline, *ret, the caller's to free;
 * one that is empty or blank stays. 0, -ENOMEM. */
int redact_serial(struct redact *redact, const char *text, char **ret);

/* The kernel's command line: of KEY=VALUE only those values stay that switch what VxM asks about
 * (IOMMU, PCI, memory, graphics drivers). In place. */
void redact_cmdline(char *text);

/* Lines that begin with "Serial" (/proc/cpuinfo of some boards) go. In place. */
void redact_cpuinfo(char *text);

/* Hexadecimal numbers ("0xffffffffc0a5e000", where the kernel has a module) become zeros. In place.
 */
void redact_addresses(char *text);

/*
 * The base block of an EDID of SIZE bytes: serial number, serial text and free text go, and the
 * blocks after it, which may repeat them. A checksum that was right is right afterwards, a wrong
 * one is wrong by as much. Returns how many bytes are left: 128, or 0 of what is no EDID.
 */
size_t redact_edid(uint8_t *data, size_t size);

/* The Device Serial Number capability of a PCI function's config space (PCI Express Base
 * Specification 7.9.3; of a network card it is the MAC address) reads zero. */
void redact_config(uint8_t *config, size_t size);
