/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a module has to say while it works: the helper that called it says it. */
#pragma once

enum tell_kind {
	TELL_CHANGE, /* of a state: once */
	TELL_WARNING,
	TELL_FAILURE, /* and no more will be said of it */
};

/* TEXT is one sentence, without a full stop. */
typedef void (*tell_function)(enum tell_kind kind, const char *text);

/* The same with a text made by printf, cut at 2 KiB. */
void tell_format(tell_function tell, enum tell_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
