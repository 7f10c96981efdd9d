/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only door to the kernel's sysfs. Tests put tests/fakekernel in the place of this object at
 * link time. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host.h"

/* Paths are printf formats relative to the mount of sysfs: "bus/pci/devices/%s/vendor". */

#define SYSFS_TEXT_SIZE 4096

/* Where sysfs is mounted, relative to the host's root: for who goes through files of other kinds as
 * well. */
#define SYSFS_MOUNT "sys/"

/*
 * An attribute's text without its last newline. 0; -ENOENT when the attribute is absent,
 * -ENAMETOOLONG when it does not fit into SIZE, and what the kernel's read said (-EACCES, -EIO,
 * -ENODEV ...).
 */
int sysfs_read(const struct host *host, char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same as a number: decimal, or hexadecimal when the text begins with 0x. -EINVAL when it is
 * neither. */
int sysfs_read_u64(const struct host *host, uint64_t *ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* An attribute that is no text, "config" of a PCI function: as many bytes as there are and fit,
 * which may be fewer for a reader without privileges. The number of bytes, or -errno. */
ssize_t sysfs_read_bytes(const struct host *host, void *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A decimal that may be negative (numa_node). */
int sysfs_read_int(const struct host *host, int *ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The last component of where a link points ("driver" -> "vfio-pci"). -ENOENT when there is no such
 * link. */
int sysfs_read_link(const struct host *host, char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The whole of where a link points, relative as the kernel wrote it
 * ("../../devices/pci0000:00/...").
 */
int sysfs_read_target(const struct host *host, char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The names in a directory, in byte order. */
int sysfs_list(const struct host *host, struct strlist *ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* 0 when the path is there, -ENOENT when not, or -errno. */
int sysfs_exists(const struct host *host, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Which one of that name it is: what was removed and has come again has another number. */
int sysfs_read_inode(const struct host *host, uint64_t *ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * One open, one write of the whole text, check, close. 0 or the kernel's -errno; a short write is
 * -EIO. Success says that the kernel took the text, not that it acted on it: re-read what was to
 * change. TEXT must not be empty: a zero-byte write never reaches a driver (fs/sysfs/file.c); "\n"
 * clears an attribute.
 *
 * It may block for as long as the kernel's handler does (unbind waits for users): wrap it in
 * deadline_run() where that can happen.
 */
int sysfs_write(const struct host *host, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
