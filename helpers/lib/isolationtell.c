/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people are told of a hand-over and of a return. */
#include "isolationtell.h"

#include <string.h>

void isolationtell_quirks(const struct isolation *iso, tell_function tell)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];
		char bdf[PCIADDR_SIZE];

		for (size_t n = 0; n < function->quirk_count && !function->recorded; n++)
			tell_format(tell, TELL_WARNING, "%s: %s; %s (%s)",
				    pciaddr_format(&function->dev.addr, bdf),
				    function->quirks[n]->text, function->quirks[n]->fix,
				    function->quirks[n]->source);
	}
}

void isolationtell_taken(const struct isolation *iso, tell_function tell)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];
		char bdf[PCIADDR_SIZE];

		if (strcmp(function->now.driver, ISOLATION_DRIVER) != 0)
			tell_format(tell, TELL_CHANGE, "%s: %s -> %s",
				    pciaddr_format(&function->dev.addr, bdf),
				    function->now.driver[0] ? function->now.driver : "no driver",
				    ISOLATION_DRIVER);
	}
}

void isolationtell_returned(const struct isolation_function *function,
			    const struct giveback *result, tell_function tell)
{
	char bdf[PCIADDR_SIZE];

	pciaddr_format(&function->dev.addr, bdf);
	if (result->error < 0)
		tell(TELL_FAILURE, result->failure.text);
	else if (result->kept && result->failure.text[0])
		tell(TELL_CHANGE, result->failure.text);
	else if (!function->present)
		tell_format(tell, TELL_WARNING,
			    "%s is gone, or another device is there now: nothing to put back", bdf);
	else if (result->moved)
		tell_format(tell, TELL_CHANGE, "%s: %s -> %s", bdf, ISOLATION_DRIVER,
			    result->driver[0] ? result->driver : "no driver");
}
