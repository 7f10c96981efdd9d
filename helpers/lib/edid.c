/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an EDID says about which monitor it is (VESA E-EDID 1.4, base block). */
#include "edid.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "parse.h"

/* Offsets in the base block. */
enum {
	EDID_MANUFACTURER = 8,
	EDID_PRODUCT = 10,
	EDID_SERIAL = 12,
	EDID_DESCRIPTORS = 54,
	EDID_DESCRIPTOR_SIZE = 18,
	EDID_DESCRIPTOR_COUNT = 4,
	EDID_DESCRIPTOR_TEXT = 5,
};

enum {
	EDID_TAG_MODEL_NAME = 0xfc,
	EDID_TAG_SERIAL_TEXT = 0xff,
};

static const uint8_t edid_header[8] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };

static bool is_sum_zero(const uint8_t *block)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < EDID_BLOCK_SIZE; i++)
		sum = (uint8_t)(sum + block[i]);
	return sum == 0;
}

/* 13 bytes up to a line feed, or whatever else is not printable: a monitor is not to put control
 * characters on a terminal. */
static void read_text(const uint8_t *descriptor, char ret[static EDID_TEXT_SIZE])
{
	const uint8_t *p = descriptor + EDID_DESCRIPTOR_TEXT;
	size_t length = 0, start = 0;

	while (length < EDID_TEXT_SIZE - 1 && p[length] >= 0x20 && p[length] < 0x7f)
		length++;
	while (length > 0 && p[length - 1] == ' ')
		length--;
	while (start < length && p[start] == ' ')
		start++;
	memcpy(ret, p + start, length - start);
	ret[length - start] = '\0';
}

static void read_descriptors(const uint8_t *base, struct edid *edid)
{
	for (size_t i = 0; i < EDID_DESCRIPTOR_COUNT; i++) {
		const uint8_t *p = base + EDID_DESCRIPTORS + i * EDID_DESCRIPTOR_SIZE;

		if (p[0] || p[1]) /* a timing: its pixel clock is not zero */
			continue;
		if (p[3] == EDID_TAG_MODEL_NAME && !edid->has_model_name) {
			edid->has_model_name = true;
			read_text(p, edid->model_name);
		}
		if (p[3] == EDID_TAG_SERIAL_TEXT && !edid->has_serial_text) {
			edid->has_serial_text = true;
			read_text(p, edid->serial_text);
		}
	}
}

static void read_base(const uint8_t *base, struct edid *edid)
{
	unsigned maker = (unsigned)base[EDID_MANUFACTURER] << 8 | base[EDID_MANUFACTURER + 1];

	/* Three letters of five bits, big-endian, 'A' is 1; all else is little-endian. */
	for (unsigned i = 0; i < 3; i++)
		edid->manufacturer[i] = (char)('@' + (maker >> (10 - 5 * i) & 0x1f));
	edid->product_code = (uint16_t)(base[EDID_PRODUCT] | base[EDID_PRODUCT + 1] << 8);
	for (unsigned i = 0; i < 4; i++)
		edid->serial_number |= (uint32_t)base[EDID_SERIAL + i] << (8 * i);
	read_descriptors(base, edid);
}

void edid_parse(const uint8_t *data, size_t size, struct edid *ret)
{
	*ret = (struct edid){ 0 };
	ret->block_count = size / EDID_BLOCK_SIZE;
	if (ret->block_count > EDID_BLOCKS_MAX)
		ret->block_count = EDID_BLOCKS_MAX;
	for (size_t i = 0; i < ret->block_count; i++)
		ret->checksum_ok[i] = is_sum_zero(data + i * EDID_BLOCK_SIZE);
	ret->is_usable =
		ret->block_count > 0 && memcmp(data, edid_header, sizeof(edid_header)) == 0;
	if (ret->is_usable)
		read_base(data, ret);
}

bool edid_has_serial(const struct edid *edid, const char *serial)
{
	uint64_t number;
	int r;

	if (edid->has_serial_text && edid->serial_text[0] && strcmp(serial, edid->serial_text) == 0)
		return true;
	r = strncmp(serial, "0x", 2) == 0 ? parse_hex(serial, 8, &number)
					  : parse_u64(serial, &number);
	return r >= 0 && number == edid->serial_number;
}

bool edid_is(const struct edid *edid, const char *maker, uint16_t product, const char *serial)
{
	return strcmp(edid->manufacturer, maker) == 0 && edid->product_code == product &&
	       (!serial || edid_has_serial(edid, serial));
}

static bool is_telling_number(uint32_t number)
{
	return number > 1 && number != 0x01010101 && number != UINT32_MAX;
}

static bool is_telling_text(const char *text)
{
	return text[strspn(text, "0 .")] != '\0';
}

bool edid_is_same_monitor(const struct edid *a, const struct edid *b)
{
	if (strcmp(a->manufacturer, b->manufacturer) != 0 || a->product_code != b->product_code)
		return false;
	/* The text is the better witness: there are series with one number and many texts. */
	if (is_telling_text(a->serial_text) && is_telling_text(b->serial_text))
		return strcmp(a->serial_text, b->serial_text) == 0;
	return is_telling_number(a->serial_number) && a->serial_number == b->serial_number;
}

const char *edid_format(const struct edid *edid, char buf[static EDID_IDENTITY_SIZE])
{
	char serial[EDID_TEXT_SIZE];

	if (edid->serial_text[0])
		snprintf(serial, sizeof(serial), "%s", edid->serial_text);
	else
		snprintf(serial, sizeof(serial), "%u", edid->serial_number);
	for (char *p = serial; *p; p++)
		if (*p == ' ')
			*p = '_';
	snprintf(buf, EDID_IDENTITY_SIZE, "%s:%04x:%s", edid->manufacturer, edid->product_code,
		 serial);
	return buf;
}
