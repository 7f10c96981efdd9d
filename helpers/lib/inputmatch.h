/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the [Input] sections of a guest to the nodes that they mean. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest.h"
#include "inputdev.h"

/* A match as [Input] Keyboard= and Mouse= say it (guest.h): "auto", or words KEY=VALUE. */
struct inputmatch {
	bool is_auto;
	bool has_bus, has_vendor, has_product;
	uint16_t bus, vendor, product;
	char name[256], uniq[128], phys[128]; /* "": not asked for */
};

/* 0; -EINVAL: not of the form; ret_what (may be NULL) then says which word and what is allowed. */
int inputmatch_parse(const char *text, struct inputmatch *ret, char ret_what[256]);
/* Whether all that the match asks for holds for the node. "auto" holds for every node with hardware
 * behind it. The node's class is not looked at. */
bool inputmatch_holds(const struct inputmatch *match, const struct inputdev *dev);

/* A node that a guest is to have. */
struct inputmatch_choice {
	struct inputdev dev;
	const struct guest_input *section; /* its toggle, its start */
	bool is_keyboard;
	bool has_toggle; /* keyboards: the node has all keys of section->toggle */
};

struct inputmatch_choices {
	struct inputmatch_choice *items; /* in the order of the sections, keyboard before mouse */
	size_t count;
};

/*
 * The nodes of all [Input] sections of GUEST. Several nodes for one match are the answer only when
 * they are interfaces of one device (a keyboard with a second, n-key one). A node stands there
 * once. 0; -EINVAL: a match is not of the form; -ENODEV: one fits nothing; -ENOTUNIQ: one fits
 * several devices; -errno of the reading. ret_error says it with file, line and the candidates.
 */
int inputmatch_resolve(const struct host *host, const struct guest *guest,
		       struct inputmatch_choices *ret, struct guest_error *ret_error);
void inputmatch_choices_done(struct inputmatch_choices *choices);
#define _cleanup_inputmatch_choices_ _cleanup_(inputmatch_choices_done)
