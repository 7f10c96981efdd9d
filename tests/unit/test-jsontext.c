/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jsontext: whatever a device calls itself is a JSON string. */
#include "tree.h"

#include "jsontext.h"

static void quote(const char *text, char *buf, size_t size)
{
	FILE *out = fmemopen(buf, size, "w");

	assert_non_null(out);
	jsontext_print(out, text);
	assert_int_equal(fclose(out), 0);
}

static void a_json_text_is_escaped_and_utf_8(void **state)
{
	char buf[64];

	(void)state;
	quote(NULL, buf, sizeof(buf));
	assert_string_equal(buf, "null");
	quote("a\"b\\c\n\x7f", buf, sizeof(buf));
	assert_string_equal(buf, "\"a\\\"b\\\\c\\u000a\\u007f\"");
	quote("\xc3\xa4 \xe2\x82\xac", buf, sizeof(buf));
	assert_string_equal(buf, "\"\xc3\xa4 \xe2\x82\xac\"");
	quote("\xe4 \xc0\xaf \xed\xa0\x80 \xe2\x82", buf, sizeof(buf));
	assert_string_equal(buf, "\"\\ufffd \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_json_text_is_escaped_and_utf_8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
