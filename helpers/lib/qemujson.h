/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An option of QEMU whose value is JSON, so that a comma in a path is a comma. */
#pragma once

#include "strlist.h"

/*
 * Adds two arguments: OPTION ("-device") and the JSON text that FORMAT and what follows make, as
 * jansson's json_pack() takes them: "{s:s, s:I, s:b, s:s*}"; a member with * is left out when its
 * text is NULL. I is an intmax-wide json_int_t: pass a long long. 0; -EINVAL: a text is not UTF-8,
 * or FORMAT is wrong; -ENOMEM.
 *
 * QEMU 7.2 takes JSON at -device, -object, -blockdev and -netdev; -chardev, -machine and the rest
 * take no JSON as late as 10.0.
 */
int qemujson_add(struct strlist *argv, const char *option, const char *format, ...);
