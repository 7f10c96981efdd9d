/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to value: the whole string or nothing. The only place of the tree where numbers are read
 * from text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* All return 0, -EINVAL when the text is not wholly of the form, -ERANGE when the value does not
 * fit; *ret is untouched then. */

/* Decimal digits only: no sign, no blanks, no prefix. */
int parse_u64(const char *text, uint64_t *ret);
int parse_uint(const char *text, unsigned *ret);
/* The kernel's way to print a decimal that may be negative ("-1" of numa_node). */
int parse_int(const char *text, int *ret);
/* Hexadecimal with or without "0x", at most DIGITS digits (1..16). */
int parse_hex(const char *text, unsigned digits, uint64_t *ret);
/* "0x11" or "17". At most MAX. */
int parse_u8_any(const char *text, uint8_t *ret);
/* 1|yes|true|on, 0|no|false|off, without regard to case: systemd's words. */
int parse_bool(const char *text, bool *ret);
/* A size with one binary suffix K, M, G or T (and B, KiB, MiB, GiB, TiB), to KiB. A bare number is
 * -EINVAL: nobody agrees on its unit. */
int parse_size_kib(const char *text, uint64_t *ret_kib);
/* "90", "90s", "5min", "2h": seconds. */
int parse_seconds(const char *text, unsigned *ret_s);
/* [a-z0-9][a-z0-9._-]{0,30}, and not "auto". 0 or -EINVAL. Everything that builds a path from a
 * name calls this first. */
int parse_guest_name(const char *text);
/* Room for a guest's name and its end. */
#define GUEST_NAME_SIZE 32
