/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine itself uses of PCI functions: a list of it. */
#include "hostuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int hostuse_add(struct hostuse_list *list, const struct pciaddr *addr, const char *remedy,
		const char *format, ...)
{
	struct hostuse *items = reallocarray(list->items, list->count + 1, sizeof(*items));
	struct hostuse *use;
	va_list ap;

	if (!items)
		return -ENOMEM;
	list->items = items;
	use = &items[list->count++];
	*use = (struct hostuse){ .addr = *addr };
	snprintf(use->remedy, sizeof(use->remedy), "%s", remedy);
	va_start(ap, format);
	vsnprintf(use->what, sizeof(use->what), format, ap);
	va_end(ap);
	return 0;
}

void hostuse_list_done(struct hostuse_list *list)
{
	free(list->items);
	*list = (struct hostuse_list){ 0 };
}
