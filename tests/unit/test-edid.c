/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edid: what an EDID says, told without believing it. The recorded ones are
 * compared in tests/helpers/display.bats. */
#include "tree.h"

#include <stdlib.h>

#include "edid.h"

static void set_text(uint8_t *base, unsigned slot, uint8_t tag, const char *text)
{
	uint8_t *p = base + 54 + slot * 18;

	memset(p, 0, 18);
	p[3] = tag;
	memset(p + 5, ' ', 13);
	memcpy(p + 5, text, strnlen(text, 13));
}

static void seal(uint8_t *block)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < 127; i++)
		sum = (uint8_t)(sum + block[i]);
	block[127] = (uint8_t)-sum;
}

/* DEL:a0c4, number 0x12345678, "DELL U2718Q", "H1234". */
static void make(uint8_t base[static 128])
{
	static const uint8_t head[] = { 0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
					0x10, 0xac, 0xc4, 0xa0, 0x78, 0x56, 0x34, 0x12 };

	memset(base, 0, 128);
	memcpy(base, head, sizeof(head));
	base[54] = 1; /* the first descriptor is a timing */
	set_text(base, 1, 0xff, "H1234\n");
	set_text(base, 2, 0xfc, "DELL U2718Q\n");
	seal(base);
}

static void decodes_the_base_block(void **state)
{
	uint8_t data[128];
	char identity[EDID_IDENTITY_SIZE];
	struct edid edid;

	(void)state;
	make(data);
	edid_parse(data, sizeof(data), &edid);
	assert_true(edid.is_usable);
	assert_string_equal(edid.manufacturer, "DEL");
	assert_int_equal(edid.product_code, 0xa0c4);
	assert_int_equal(edid.serial_number, 0x12345678);
	assert_string_equal(edid.model_name, "DELL U2718Q");
	assert_string_equal(edid.serial_text, "H1234");
	assert_int_equal(edid.block_count, 1);
	assert_true(edid.checksum_ok[0]);
	assert_string_equal(edid_format(&edid, identity), "DEL:a0c4:H1234");
}

static void a_wrong_checksum_is_told_and_not_refused(void **state)
{
	uint8_t data[256] = { 0 };
	struct edid edid;

	(void)state;
	make(data);
	data[255] = 1;
	edid_parse(data, sizeof(data), &edid);
	assert_true(edid.is_usable && edid.checksum_ok[0] && !edid.checksum_ok[1]);
	data[20] ^= 1;
	edid_parse(data, sizeof(data), &edid);
	assert_true(edid.is_usable && !edid.checksum_ok[0]);
	assert_string_equal(edid.manufacturer, "DEL");
}

static void any_length_is_survived(void **state)
{
	uint8_t *data;

	(void)state;
	/* Exactly as long as it says, so that the sanitizer sees a byte too many. */
	for (size_t size = 0; size <= 300; size++) {
		struct edid edid;
		uint8_t whole[384] = { 0 };

		make(whole);
		data = malloc(size ? size : 1);
		assert_non_null(data);
		memcpy(data, whole, size);
		edid_parse(data, size, &edid);
		assert_int_equal(edid.is_usable, size >= 128);
		assert_int_equal(edid.block_count, size / 128);
		free(data);
	}
}

static void more_blocks_than_can_be_are_not_looked_at(void **state)
{
	size_t size = (size_t)300 * 128;
	uint8_t *data = calloc(1, size);
	struct edid edid;

	(void)state;
	assert_non_null(data);
	make(data);
	edid_parse(data, size, &edid);
	assert_int_equal(edid.block_count, EDID_BLOCKS_MAX);
	free(data);
}

static void noise_is_no_edid(void **state)
{
	uint8_t data[128];
	struct edid edid;

	(void)state;
	memset(data, 0xff, sizeof(data));
	edid_parse(data, sizeof(data), &edid);
	assert_false(edid.is_usable);
	assert_string_equal(edid.manufacturer, "");
	make(data);
	data[3] = 0;
	edid_parse(data, sizeof(data), &edid);
	assert_false(edid.is_usable);
}

static void a_text_cannot_carry_control_characters(void **state)
{
	uint8_t data[128];
	struct edid edid;

	(void)state;
	make(data);
	set_text(data, 2, 0xfc, "AB\033[2JCD");
	set_text(data, 1, 0xff, "  padded  \n");
	edid_parse(data, sizeof(data), &edid);
	assert_string_equal(edid.model_name, "AB");
	assert_string_equal(edid.serial_text, "padded");
}

static void an_empty_text_is_not_an_absent_one(void **state)
{
	uint8_t data[128];
	struct edid edid;

	(void)state;
	make(data);
	set_text(data, 1, 0xff, "             ");
	data[72 + 3] = 0xff;
	memset(data + 90, 0, 18);
	edid_parse(data, sizeof(data), &edid);
	assert_true(edid.has_serial_text);
	assert_string_equal(edid.serial_text, "");
	assert_false(edid.has_model_name);
}

static void a_serial_is_a_text_or_a_number(void **state)
{
	uint8_t data[128];
	struct edid edid;

	(void)state;
	make(data);
	edid_parse(data, sizeof(data), &edid);
	assert_true(edid_has_serial(&edid, "H1234"));
	assert_true(edid_has_serial(&edid, "305419896"));
	assert_true(edid_has_serial(&edid, "0x12345678"));
	assert_false(edid_has_serial(&edid, "h1234"));
	assert_false(edid_has_serial(&edid, ""));
	assert_false(edid_has_serial(&edid, "12345678"));
	assert_true(edid_is(&edid, "DEL", 0xa0c4, NULL));
	assert_false(edid_is(&edid, "DEL", 0xa0c4, "X"));
	assert_false(edid_is(&edid, "DEK", 0xa0c4, NULL));
}

static void twins_without_a_telling_serial_are_two_monitors(void **state)
{
	static const uint32_t blank[] = { 0, 1, 0x01010101, 0xffffffff };
	uint8_t data[128];
	struct edid a, b;

	(void)state;
	make(data);
	edid_parse(data, sizeof(data), &a);
	b = a;
	assert_true(edid_is_same_monitor(&a, &b));
	snprintf(b.serial_text, sizeof(b.serial_text), "H9999"); /* one number, two texts */
	assert_false(edid_is_same_monitor(&a, &b));
	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++) {
		a.serial_number = blank[i];
		snprintf(a.serial_text, sizeof(a.serial_text), "000000");
		b = a;
		assert_false(edid_is_same_monitor(&a, &b));
	}
}

static void an_identity_is_one_word(void **state)
{
	char identity[EDID_IDENTITY_SIZE];
	uint8_t data[128];
	struct edid edid;

	(void)state;
	make(data);
	set_text(data, 1, 0xff, "A B C");
	edid_parse(data, sizeof(data), &edid);
	assert_string_equal(edid_format(&edid, identity), "DEL:a0c4:A_B_C");
	edid.serial_text[0] = '\0';
	assert_string_equal(edid_format(&edid, identity), "DEL:a0c4:305419896");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_the_base_block),
		cmocka_unit_test(a_wrong_checksum_is_told_and_not_refused),
		cmocka_unit_test(any_length_is_survived),
		cmocka_unit_test(more_blocks_than_can_be_are_not_looked_at),
		cmocka_unit_test(noise_is_no_edid),
		cmocka_unit_test(a_text_cannot_carry_control_characters),
		cmocka_unit_test(an_empty_text_is_not_an_absent_one),
		cmocka_unit_test(a_serial_is_a_text_or_a_number),
		cmocka_unit_test(twins_without_a_telling_serial_are_two_monitors),
		cmocka_unit_test(an_identity_is_one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
