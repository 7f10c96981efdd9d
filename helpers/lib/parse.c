/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to value: the whole string or nothing. The only place of the tree where numbers are read
 * from text. */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads digits of BASE until something else; *ret_end is where. -EINVAL when there is no digit at
 * all. */
static int parse_digits(const char *text, unsigned base, uint64_t *ret, const char **ret_end)
{
	uint64_t value = 0;
	const char *p = text;

	for (; digit_value(*p) >= 0 && (unsigned)digit_value(*p) < base; p++) {
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*p), &value))
			return -ERANGE;
	}
	if (p == text)
		return -EINVAL;
	*ret = value;
	*ret_end = p;
	return 0;
}

static int parse_whole(const char *text, unsigned base, uint64_t *ret)
{
	const char *end;
	uint64_t value;
	int r;

	r = parse_digits(text, base, &value, &end);
	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	*ret = value;
	return 0;
}

int parse_u64(const char *text, uint64_t *ret)
{
	return parse_whole(text, 10, ret);
}

int parse_uint(const char *text, unsigned *ret)
{
	uint64_t value;
	int r;

	r = parse_u64(text, &value);
	if (r < 0)
		return r;
	if (value > UINT_MAX)
		return -ERANGE;
	*ret = (unsigned)value;
	return 0;
}

int parse_int(const char *text, int *ret)
{
	bool negative = text[0] == '-';
	uint64_t value;
	int r;

	r = parse_u64(text + negative, &value);
	if (r < 0)
		return r;
	if (value > (uint64_t)INT_MAX)
		return -ERANGE;
	*ret = negative ? -(int)value : (int)value;
	return 0;
}

int parse_hex(const char *text, unsigned digits, uint64_t *ret)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	if (strlen(text) > digits)
		return -EINVAL;
	return parse_whole(text, 16, ret);
}

int parse_u8_any(const char *text, uint8_t *ret)
{
	uint64_t value;
	int r;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		r = parse_whole(text + 2, 16, &value);
	else
		r = parse_u64(text, &value);
	if (r < 0)
		return r;
	if (value > UINT8_MAX)
		return -ERANGE;
	*ret = (uint8_t)value;
	return 0;
}

int parse_bool(const char *text, bool *ret)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" }
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (int value = 0; value < 2; value++)
			if (strcasecmp(text, words[i][value]) == 0) {
				*ret = value;
				return 0;
			}
	return -EINVAL;
}

int parse_size_kib(const char *text, uint64_t *ret_kib)
{
	static const struct {
		char letter;
		unsigned shift;
	} units[] = { { 'K', 0 }, { 'M', 10 }, { 'G', 20 }, { 'T', 30 } };
	const char *end;
	uint64_t value;
	int r;

	r = parse_digits(text, 10, &value, &end);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (*end != units[i].letter)
			continue;
		if (end[1] && strcmp(end + 1, "B") != 0 && strcmp(end + 1, "iB") != 0)
			return -EINVAL;
		if (value > UINT64_MAX >> (units[i].shift + 10)) /* bytes must fit as well */
			return -ERANGE;
		*ret_kib = value << units[i].shift;
		return 0;
	}
	return -EINVAL;
}

int parse_seconds(const char *text, unsigned *ret_s)
{
	static const struct {
		const char *word;
		unsigned factor;
	} units[] = {
		{ "", 1 }, { "s", 1 }, { "sec", 1 }, { "min", 60 }, { "m", 60 }, { "h", 3600 }
	};
	const char *end;
	uint64_t value;
	int r;

	r = parse_digits(text, 10, &value, &end);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].word) != 0)
			continue;
		if (value > UINT_MAX / units[i].factor)
			return -ERANGE;
		*ret_s = (unsigned)value * units[i].factor;
		return 0;
	}
	return -EINVAL;
}

int parse_guest_name(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= GUEST_NAME_SIZE || strcmp(text, "auto") == 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!alnum && (i == 0 || !strchr("._-", c)))
			return -EINVAL;
	}
	return 0;
}
