/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the lab guest's init share: the serial protocol's output and one entry per
 * device it reports.
 *
 * The guest is one static program that runs as process 1 from an initrd and speaks lines on ttyS0.
 * README.md beside the builder documents the protocol; each function below that says "prints"
 * prints whole lines of it.
 */
#ifndef VXM_LAB_GUEST_H
#define VXM_LAB_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_LINE_MAX 512

/* line.c: the serial line */

/* Opens ttyS0 in raw mode. Returns its descriptor (also used by line_print() from then on) or
 * -errno. */
int line_open(void);
/* Prints one line; the newline is added. Text longer than GUEST_LINE_MAX is cut. */
void line_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Answers a command: "ok NAME DETAIL" (r >= 0), else "error NAME STRERROR: DETAIL". DETAIL may be
 * NULL. */
void line_answer(const char *name, int r, const char *detail);

/* attr.c: one-line files of the kernel */

/* Reads the first line of DIR/NAME, newline cut, into text. Returns its length or -errno. */
int attr_read(const char *dir, const char *name, char *text, size_t size);
/* Reads a number written in C notation (0x for hexadecimal). Returns 0 or -errno; -EINVAL if it is
 * none. */
int attr_read_number(const char *dir, const char *name, uint64_t *ret_number);
/* Reads the last component of the symbolic link DIR/NAME. Returns 0 or -errno. */
int attr_read_link(const char *dir, const char *name, char *text, size_t size);
/* Writes text into DIR/NAME in one write. Returns 0 or -errno. */
int attr_write(const char *dir, const char *name, const char *text);
/* Parses digits of the given base (10 or 16) to the end of the string. Returns 0 or -EINVAL. */
int attr_parse_number(const char *text, unsigned int base, uint64_t *ret_number);

/* devices.c */

/* Loads the modules that /modules/order lists, in that order. Prints one line for each that fails.
 */
void devices_load_modules(void);
/* Prints kernel, cpus, memory, secureboot, lockdown, pci, disk, net and sound lines. */
void devices_report(void);

/* screen.c */

/* Prints one "screen" line for each PCI function that has a DRM driver. */
void screen_report(void);
/*
 * Fills the whole screen of one card. args is "#rrggbb" and, where the guest has several cards, the
 * card's bb:dd.f. ret_detail gets the colour, the size and the card. Returns 0, -EINVAL (not a
 * colour), -ENODEV (no such card) or -errno.
 */
int screen_fill(const char *args, char *ret_detail, size_t size);

/* tpm.c */

/* Prints "tpm absent" or "tpm FAMILY present MANUFACTURER". */
void tpm_report(void);
/* Stores text in the guest's NV index, which is defined if it is missing. Returns 0, -ENAMETOOLONG,
 * -EIO or -errno. */
int tpm_nv_write(const char *text, char *ret_detail, size_t size);
/* Reads the NV index into ret_text. Returns 0, -ENOENT if the index was never written, -EIO or
 * -errno. */
int tpm_nv_read(char *ret_text, size_t size);

/* shm.c */

/* Prints "ivshmem absent" or "ivshmem BYTES". */
void shm_report(void);
/* Writes text and a NUL to the start of the shared memory. Returns 0, -ENODEV, -ENAMETOOLONG or
 * -errno. */
int shm_write(const char *text);
/* Reads the text that starts the shared memory, up to its NUL. Returns 0, -ENODEV or -errno. */
int shm_read(char *ret_text, size_t size);

/* input.c */

/* Opens every event node and watches for more. Returns a descriptor to poll, or -errno. */
int input_open(void);
/* Reads what is pending, prints "key", "rel" and "input" lines. Returns true if the power button
 * was pressed. */
bool input_dispatch(void);
/* Prints one "input" line for each open event node. */
void input_report(void);
/* Writes the names of all keys held down now, "none" if there are none. */
void input_held(char *ret_text, size_t size);

#endif
