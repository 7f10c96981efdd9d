/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edidshow: the two forms in which an EDID is printed. */
#include "tree.h"

#include "edidshow.h"

static void print(void (*show)(FILE *out, const struct edid *edid), const struct edid *edid,
		  char *buf, size_t size)
{
	FILE *out = fmemopen(buf, size, "w");

	assert_non_null(out);
	show(out, edid);
	assert_int_equal(fclose(out), 0);
}

static const struct edid known = {
	.is_usable = true,
	.manufacturer = "DEL",
	.product_code = 0xc4,
	.serial_number = 4000000000,
	.has_model_name = true,
	.model_name = "A \"B\"",
	.block_count = 2,
	.checksum_ok = { true, false },
};

static void json_has_six_keys_and_null_for_an_absent_text(void **state)
{
	char buf[512];

	(void)state;
	print(edidshow_json, &known, buf, sizeof(buf));
	assert_string_equal(buf,
			    "{\n\t\"manufacturer\": \"DEL\",\n\t\"product_code\": \"0x00c4\",\n"
			    "\t\"serial_number\": 4000000000,\n"
			    "\t\"model_name\": \"A \\\"B\\\"\",\n\t\"serial_text\": null,\n"
			    "\t\"checksum_ok\": [true, false]\n}\n");
}

static void what_is_no_edid_has_null_for_its_identity(void **state)
{
	const struct edid nothing = { .is_usable = false };
	char buf[512];

	(void)state;
	print(edidshow_json, &nothing, buf, sizeof(buf));
	assert_non_null(strstr(buf, "\"manufacturer\": null"));
	assert_non_null(strstr(buf, "\"product_code\": null"));
	assert_non_null(strstr(buf, "\"checksum_ok\": []"));
}

static void the_text_ends_with_the_line_for_the_configuration(void **state)
{
	char buf[512];

	(void)state;
	print(edidshow_text, &known, buf, sizeof(buf));
	assert_non_null(strstr(buf, "checksums      ok wrong\nMonitor=DEL:00c4:4000000000\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_six_keys_and_null_for_an_absent_text),
		cmocka_unit_test(what_is_no_edid_has_null_for_its_identity),
		cmocka_unit_test(the_text_ends_with_the_line_for_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
