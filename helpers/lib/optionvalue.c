/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A value of a configuration file, from text to the field of a struct. */
#include "optionvalue.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "barsize.h"
#include "guestspec.h"
#include "parse.h"

/* Enumerations are written as what the compiler makes of them. */
static_assert(sizeof(enum guest_firmware) == sizeof(unsigned), "an enumeration is an unsigned");

/* As systemd has them (VALID_CHARS, UNIT_NAME_MAX). */
#define UNIT_NAME_SIZE	  256
#define UNIT_NAME_LETTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@"

static int keep(struct strlist *texts, const char *text, const char **ret)
{
	int r = strlist_add(texts, text);

	if (r < 0)
		return r;
	*ret = texts->items[texts->count - 1];
	return 0;
}

static const struct optionvalue_word *find_word(const struct optionvalue_rule *rule,
						const char *text, size_t length)
{
	for (const struct optionvalue_word *w = rule->words; w->word; w++)
		if (strlen(w->word) == length && memcmp(w->word, text, length) == 0)
			return w;
	return NULL;
}

static int check_bounds(const struct optionvalue_rule *rule, uint64_t value)
{
	return value < rule->min || (rule->max && value > rule->max) ? -ERANGE : 0;
}

int optionvalue_text(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	const char **ret = field;

	(void)rule;
	if (*text)
		return keep(texts, text, ret);
	*ret = NULL;
	return 0;
}

/* Absolute, no empty, "." or ".." component, and no slash at the end: one path has one spelling, so
 * that two sections with the same file are seen as such. */
static bool is_plain_path(const char *path)
{
	if (*path != '/' || strlen(path) >= PATH_MAX)
		return false;
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += length;
	}
	return true;
}

int optionvalue_path(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	if (*text && !is_plain_path(text))
		return -EINVAL;
	return optionvalue_text(rule, text, field, texts);
}

/* What may be stopped without a doubt about what that ends; not our own, whose start would wait for
 * that stop. */
static bool is_unit(const char *text, size_t length)
{
	static const char *const kinds[] = { ".service", ".socket", ".timer", ".path" };

	if (length >= UNIT_NAME_SIZE || strncmp(text, "vxm-", 4) == 0 ||
	    strspn(text, UNIT_NAME_LETTERS) < length)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t end = strlen(kinds[i]);

		/* A name in front, and of a template an instance. */
		if (length > end && memcmp(text + length - end, kinds[i], end) == 0)
			return text[length - end - 1] != '@' && text[0] != '@';
	}
	return false;
}

int optionvalue_units(const struct optionvalue_rule *rule, const char *text, void *field,
		      struct strlist *texts)
{
	const char *word = text;

	while (*word) {
		size_t length = strcspn(word, " \t");

		if (!is_unit(word, length))
			return -EINVAL;
		word += length;
		word += strspn(word, " \t");
	}
	return optionvalue_text(rule, text, field, texts);
}

int optionvalue_name(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	const struct optionvalue_word *word = find_word(rule, text, strlen(text));
	const char **ret = field;

	(void)texts;
	if (!word)
		return -EINVAL;
	*ret = word->word;
	return 0;
}

int optionvalue_word(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	const struct optionvalue_word *word = find_word(rule, text, strlen(text));
	unsigned value;

	(void)texts;
	if (!word)
		return -EINVAL;
	value = (unsigned)word->value;
	memcpy(field, &value, sizeof(value));
	return 0;
}

int optionvalue_flags(const struct optionvalue_rule *rule, const char *text, void *field,
		      struct strlist *texts)
{
	unsigned *ret = field, flags = 0;

	(void)texts;
	for (;;) {
		const struct optionvalue_word *word;
		size_t length;

		text += strspn(text, " \t");
		length = strcspn(text, " \t");
		if (length == 0)
			break;
		word = find_word(rule, text, length);
		if (!word)
			return -EINVAL;
		flags |= (unsigned)word->value;
		text += length;
	}
	*ret = flags;
	return 0;
}

int optionvalue_reset(const struct optionvalue_rule *rule, const char *text, void *field,
		      struct strlist *texts)
{
	const char *at = text;
	char list[128] = "";
	uint64_t seen = 0;
	size_t used = 0;

	if (!*text || strcmp(text, "none") == 0)
		return optionvalue_text(rule, text, field, texts);
	for (;;) {
		const struct optionvalue_word *word;
		size_t length;

		at += strspn(at, " \t");
		length = strcspn(at, " \t");
		if (length == 0)
			break;
		word = find_word(rule, at, length);
		if (!word || (seen & word->value) != 0 || used + length + 2 > sizeof(list))
			return -EINVAL;
		seen |= word->value;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 used > 0 ? " " : "", word->word);
		at += length;
	}
	return used > 0 ? optionvalue_text(rule, list, field, texts) : -EINVAL;
}

int optionvalue_bars(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	(void)rule;
	(void)texts;
	return barsize_parse(text, field);
}

int optionvalue_bool(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	(void)rule;
	(void)texts;
	return parse_bool(text, field);
}

static int take_unsigned(const struct optionvalue_rule *rule, int r, unsigned value, unsigned *ret)
{
	if (r >= 0)
		r = check_bounds(rule, value);
	if (r >= 0)
		*ret = value;
	return r;
}

int optionvalue_uint(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	unsigned value = 0;
	int r = parse_uint(text, &value);

	(void)texts;
	return take_unsigned(rule, r, value, field);
}

int optionvalue_seconds(const struct optionvalue_rule *rule, const char *text, void *field,
			struct strlist *texts)
{
	unsigned value = 0;
	int r = parse_seconds(text, &value);

	(void)texts;
	return take_unsigned(rule, r, value, field);
}

int optionvalue_kib(const struct optionvalue_rule *rule, const char *text, void *field,
		    struct strlist *texts)
{
	uint64_t value, *ret = field;
	int r = parse_size_kib(text, &value);

	(void)texts;
	if (r >= 0)
		r = check_bounds(rule, value);
	if (r >= 0)
		*ret = value;
	return r;
}

int optionvalue_page(const struct optionvalue_rule *rule, const char *text, void *field,
		     struct strlist *texts)
{
	const struct optionvalue_word *word = find_word(rule, text, strlen(text));
	uint64_t *ret = field;

	(void)texts;
	if (!word)
		return -EINVAL;
	*ret = word->value;
	return 0;
}

int optionvalue_shared(const struct optionvalue_rule *rule, const char *text, void *field,
		       struct strlist *texts)
{
	uint64_t value, *ret = field;
	int r;

	if (strcmp(text, "no") == 0) {
		*ret = 0;
		return 0;
	}
	r = optionvalue_kib(rule, text, &value, texts);
	if (r < 0)
		return r;
	/* The memory is a BAR of the ivshmem device, and the size of a BAR is a power of two. */
	if (value & (value - 1))
		return -ERANGE;
	*ret = value;
	return 0;
}

int optionvalue_device(const struct optionvalue_rule *rule, const char *text, void *field,
		       struct strlist *texts)
{
	struct guest_device *device = field;
	int r = pciaddr_parse(text, &device->device);

	(void)rule;
	(void)texts;
	if (r >= 0)
		device->has_device = true;
	return r;
}

int optionvalue_identity(const struct optionvalue_rule *rule, const char *text, void *field,
			 struct strlist *texts)
{
	struct guest_device *device = field;
	int r = pciids_parse(text, &device->identity);

	(void)rule;
	(void)texts;
	if (r >= 0)
		device->has_identity = true;
	return r;
}

int optionvalue_monitor(const struct optionvalue_rule *rule, const char *text, void *field,
			struct strlist *texts)
{
	struct guest_display *display = field;
	const char *serial = NULL;
	char product[5];
	uint64_t code;
	int r;

	(void)rule;
	/* "DEL:a0c4" and ":SERIAL", in which everything may stand, a colon too. */
	for (size_t i = 0; i < 3; i++)
		if (text[i] < 'A' || text[i] > 'Z')
			return -EINVAL;
	if (text[3] != ':' || strnlen(text + 4, 4) < 4 || text[5] == 'x' || text[5] == 'X')
		return -EINVAL;
	memcpy(product, text + 4, 4);
	product[4] = '\0';
	r = parse_hex(product, 4, &code);
	if (r < 0 || (text[8] && (text[8] != ':' || !text[9])))
		return -EINVAL;
	if (text[8]) {
		r = keep(texts, text + 9, &serial);
		if (r < 0)
			return r;
	}
	memcpy(display->maker, text, 3);
	display->maker[3] = '\0';
	display->product = (uint16_t)code;
	display->serial = serial;
	return 0;
}

int optionvalue_input(const struct optionvalue_rule *rule, const char *text, void *field,
		      struct strlist *texts)
{
	const struct optionvalue_word *word = find_word(rule, text, strlen(text));
	uint8_t value, *ret = field;
	int r;

	(void)texts;
	if (word) {
		*ret = (uint8_t)word->value;
		return 0;
	}
	r = parse_u8_any(text, &value);
	if (r >= 0)
		r = check_bounds(rule, value);
	if (r >= 0)
		*ret = value;
	return r;
}

int optionvalue_host_input(const struct optionvalue_rule *rule, const char *text, void *field,
			   struct strlist *texts)
{
	struct guest_display *display = field;
	int r = optionvalue_input(rule, text, &display->host_input, texts);

	if (r >= 0)
		display->has_host_input = true;
	return r;
}
