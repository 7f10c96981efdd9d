/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which holders of a guest's card a start would ask to let go of it. */
#include "releasable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_listed(const struct guest *guest, const struct holder *holder)
{
	const char *word = guest->gpu.services;
	size_t length = strlen(holder->unit);

	if (length == 0 || holder->of_user)
		return false;
	for (; word && (word = strstr(word, holder->unit)); word += length)
		if ((word == guest->gpu.services || word[-1] == ' ' || word[-1] == '\t') &&
		    (!word[length] || word[length] == ' ' || word[length] == '\t'))
			return true;
	return false;
}

/* A compositor: it has the node that sets modes. */
static bool has_card(const struct holder_list *list, const struct holder *holder)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].pid == holder->pid &&
		    pciaddr_compare(&list->items[i].addr, &holder->addr) == 0 &&
		    strncmp(list->items[i].path, "/dev/dri/card", 13) == 0)
			return true;
	return false;
}

bool releasable_is_asked(const struct guest *guest, const struct holder_list *holders,
			 const struct holder *holder)
{
	if (is_listed(guest, holder))
		return true;
	return guest->gpu.session == GUEST_SESSION_RELEASE &&
	       strncmp(holder->path, "/dev/dri/", 9) == 0 && has_card(holders, holder);
}

/* What is drawn ends with those who draw. */
static void set_uses_aside(struct isolation *iso, const struct pciaddr *addr)
{
	size_t kept = 0;

	for (size_t i = 0; i < iso->uses.count; i++)
		if (!iso->uses.items[i].drawn ||
		    pciaddr_compare(&iso->uses.items[i].addr, addr) != 0)
			iso->uses.items[kept++] = iso->uses.items[i];
	iso->uses.count = kept;
}

void releasable_set_aside(const struct guest *guest, struct isolation *iso, tell_function tell)
{
	bool *asked = calloc(iso->holders.count + 1, sizeof(*asked));
	char bdf[PCIADDR_SIZE], name[HOLDER_TEXT_SIZE];
	size_t kept = 0;

	if (!asked)
		return;
	for (size_t i = 0; i < iso->holders.count; i++)
		asked[i] = releasable_is_asked(guest, &iso->holders, &iso->holders.items[i]);
	for (size_t i = 0; i < iso->holders.count; i++) {
		struct holder *holder = &iso->holders.items[i];

		if (!asked[i]) {
			iso->holders.items[kept++] = *holder;
			continue;
		}
		tell_format(tell, TELL_CHANGE, "%s is held by %s: a start %s",
			    pciaddr_format(&holder->addr, bdf), holder_format(holder, name),
			    is_listed(guest, holder) ? "stops that unit (Services=)"
						     : "asks it to let go (Session=release)");
		set_uses_aside(iso, &holder->addr);
	}
	iso->holders.count = kept;
	free(asked);
	if (kept > 0 || !iso->polled[0] ||
	    (!guest->gpu.services && guest->gpu.session != GUEST_SESSION_RELEASE))
		return;
	tell_format(tell, TELL_CHANGE,
		    "%s is opened and closed all the time: a start sees whether that ends",
		    iso->polled);
	iso->polled[0] = '\0';
}
