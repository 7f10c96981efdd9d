/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a helper tells systemd about itself (sd_notify). Without systemd none does anything. */
#include "ready.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

void ready_announce(const char *status)
{
	sd_notifyf(1, "READY=1\nSTATUS=%s", status);
}

void ready_extend(uint64_t timeout_ms)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, timeout_ms * 1000);
}

void ready_status(const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	sd_notifyf(0, "STATUS=%s", text);
}
