/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a guest's functions may move now: all refusals, with the gate watched. */
#include "admission.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gate.h"

/* What no waiting changes. */
static bool is_final(enum refusal_code code)
{
	return code != REFUSAL_NONE && code != REFUSAL_HELD && code != REFUSAL_USED;
}

static int watch(const struct host *host, const struct guest *guest,
		 const struct gate_patience *patience, struct isolation *iso, struct refusal *ret)
{
	int r = gate_await_quiet(host, patience, iso);

	if (r < 0) {
		snprintf(ret->text, sizeof(ret->text),
			 "who holds the devices cannot be found out: %s", strerror(-r));
		return r;
	}
	return refusal_find(guest, iso, ret) ? -EPERM : 0;
}

int admission_check(const struct host *host, const struct guest *guest, unsigned quiet_ms,
		    struct isolation *iso, struct refusal *ret)
{
	const struct gate_patience patience = { .quiet_ms = quiet_ms };

	if (refusal_find(guest, iso, ret) && is_final(ret->code))
		return -EPERM;
	return watch(host, guest, &patience, iso, ret);
}
