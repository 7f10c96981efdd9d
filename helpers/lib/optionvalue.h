/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A value of a configuration file, from text to the field of a struct. */
#pragma once

#include <stdint.h>

#include "strlist.h"

struct optionvalue_word {
	const char *word; /* NULL ends a list */
	uint64_t value;
};

struct optionvalue_rule {
	const struct optionvalue_word *words; /* of those that take words */
	uint64_t min, max;		      /* of numbers, in the field's unit; max 0: no bound */
};

/*
 * All read the whole of TEXT, which may be empty, into *FIELD, whose type is said with each. Texts
 * are copied into TEXTS, which owns them. 0; -EINVAL: not of the form; -ERANGE: of the form and out
 * of bounds; -ENOMEM. *FIELD is untouched then.
 */
typedef int optionvalue_parse(const struct optionvalue_rule *rule, const char *text, void *field,
			      struct strlist *texts);

optionvalue_parse optionvalue_text;  /* const char *; empty: NULL */
optionvalue_parse optionvalue_path;  /* const char *; absolute, without . and ..; empty: NULL */
optionvalue_parse optionvalue_units; /* const char *; units between blanks; empty: NULL */
optionvalue_parse optionvalue_name;  /* const char *; one of the rule's words */
optionvalue_parse optionvalue_word;  /* unsigned or an enumeration; one of the rule's words */
optionvalue_parse optionvalue_flags; /* unsigned; any of the rule's words, or none */
optionvalue_parse optionvalue_reset; /* const char *; the rule's words in their order, each once, or
					"none"; empty: NULL */
optionvalue_parse optionvalue_bars;  /* uint64_t[BARSIZE_COUNT], in MiB; empty: all 0 */
optionvalue_parse optionvalue_bool;  /* bool */
optionvalue_parse optionvalue_uint;  /* unsigned */
optionvalue_parse optionvalue_seconds;	/* unsigned */
optionvalue_parse optionvalue_kib;	/* uint64_t; a size */
optionvalue_parse optionvalue_page;	/* uint64_t; one of the rule's words */
optionvalue_parse optionvalue_shared;	/* uint64_t; a size that is a power of two, or "no" for 0 */
optionvalue_parse optionvalue_device;	/* struct guest_device, its has_device and device */
optionvalue_parse optionvalue_identity; /* struct guest_device, its has_identity and identity */
optionvalue_parse optionvalue_monitor;	/* struct guest_display, its maker, product and serial */
optionvalue_parse optionvalue_input;	/* uint8_t; one of the rule's words, or a number */
optionvalue_parse optionvalue_host_input; /* struct guest_display, its has_host_input, host_input */
