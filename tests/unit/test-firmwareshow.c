/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firmwareshow: the chosen firmware, for people and as JSON. */
#include "tree.h"

#include "firmwareshow.h"

static struct firmware a_firmware(char *code)
{
	static char descriptor[] = "/usr/share/qemu/firmware/40-secure.json",
		    variables[] = "/usr/share/OVMF/VARS.qcow2";

	return (struct firmware){ .descriptor = descriptor,
				  .executable = { code, FIRMWARE_RAW },
				  .nvram_template = { variables, FIRMWARE_QCOW2 },
				  .requires_smm = true };
}

static char *show(const struct firmware *firmware, bool json)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	(json ? firmwareshow_json : firmwareshow_text)(out, firmware);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void text_is_three_paths(void **state)
{
	char code[] = "/usr/share/OVMF/CODE.fd";
	struct firmware firmware = a_firmware(code);
	char *text = show(&firmware, false);

	(void)state;
	assert_string_equal(text, "/usr/share/qemu/firmware/40-secure.json\n"
				  "/usr/share/OVMF/CODE.fd\n/usr/share/OVMF/VARS.qcow2\n");
	free(text);
}

static void json_has_every_key_of_the_contract(void **state)
{
	char code[] = "/usr/share/a \"b\"\\/CODE.fd";
	struct firmware firmware = a_firmware(code);
	char *text = show(&firmware, true);

	(void)state;
	assert_string_equal(
		text, "{\n  \"descriptor\": \"/usr/share/qemu/firmware/40-secure.json\",\n"
		      "  \"executable\": {\"filename\": \"/usr/share/a \\\"b\\\"\\\\/CODE.fd\", "
		      "\"format\": \"raw\"},\n"
		      "  \"nvram_template\": {\"filename\": \"/usr/share/OVMF/VARS.qcow2\", "
		      "\"format\": \"qcow2\"},\n"
		      "  \"requires_smm\": true\n}\n");
	free(text);
	firmware.requires_smm = false;
	text = show(&firmware, true);
	assert_non_null(strstr(text, "\"requires_smm\": false\n}\n"));
	free(text);
}

static void no_firmware_is_null(void **state)
{
	char *text = show(NULL, true);

	(void)state;
	assert_string_equal(text, "null\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_three_paths),
		cmocka_unit_test(json_has_every_key_of_the_contract),
		cmocka_unit_test(no_firmware_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
