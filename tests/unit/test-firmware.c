/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firmware: every recorded set of descriptors against the expected choice, and the rules one by
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tree.h"

#include "firmware.h"

static void expect_file(const json_t *expected, const struct firmware_file *file)
{
	assert_string_equal(file->filename,
			    json_string_value(json_object_get(expected, "filename")));
	assert_string_equal(firmware_format_word(file->format),
			    json_string_value(json_object_get(expected, "format")));
}

static void expect_choice(const char *set, const json_t *expected, enum firmware_kind kind)
{
	_cleanup_firmware_ struct firmware found = { 0 };
	_cleanup_host_ struct host host = { .root_fd = -1 };
	char root[512];
	int r;

	snprintf(root, sizeof(root), "%s/tests/fixtures/firmware/%s", getenv("VXM_SOURCE"), set);
	assert_int_equal(host_open(root, &host), 0);
	r = firmware_find(&host, kind, &found);
	if (json_is_null(expected)) {
		assert_int_equal(r, -ENOENT);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(found.descriptor,
			    json_string_value(json_object_get(expected, "descriptor")));
	expect_file(json_object_get(expected, "executable"), &found.executable);
	expect_file(json_object_get(expected, "nvram_template"), &found.nvram_template);
	assert_int_equal(found.requires_smm,
			 json_is_true(json_object_get(expected, "requires_smm")));
}

static void chooses_as_recorded(void **state)
{
	const char *set;
	json_t *all, *record;
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/fixtures/firmware/expect.json",
		 getenv("VXM_SOURCE"));
	all = json_load_file(path, 0, NULL);
	assert_non_null(all);
	assert_true(json_object_size(all) >= 4);
	json_object_foreach (all, set, record) {
		json_t *expect = json_object_get(record, "expect");

		expect_choice(set, json_object_get(expect, "secure_boot_ms_keys"), FIRMWARE_SECURE);
		expect_choice(set, json_object_get(expect, "no_secure_boot"), FIRMWARE_PLAIN);
	}
	json_decref(all);
}

#define DESCRIPTOR(interface, mapping_more, executable, machine, features)                      \
	"{\"interface-types\":[" interface "],\"mapping\":{" mapping_more                       \
	"\"executable\":{\"filename\":\"" executable                                            \
	"\",\"format\":\"raw\"},\"nvram-template\":{\"filename\":\"/"                           \
	"vars\",\"format\":\"qcow2\"}},"                                                        \
	"\"targets\":[{\"architecture\":\"aarch64\",\"machines\":[\"virt-*\"]},"                \
	"{\"architecture\":\"x86_64\",\"machines\":[\"" machine "\"]}],\"features\":[" features \
	"],\"tags\":[]}"
#define FLASH "\"device\":\"flash\","

static int kind_of(const char *text, enum firmware_kind kind)
{
	_cleanup_firmware_ struct firmware found = { 0 };

	return firmware_parse(text, kind, &found);
}

static void judges_each_rule(void **state)
{
	(void)state;
	assert_int_equal(kind_of(DESCRIPTOR("\"bios\",\"uefi\"", FLASH, "/code", "pc-q35-*", ""),
				 FIRMWARE_PLAIN),
			 1);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"bios\"", FLASH, "/code", "pc-q35-*", ""), FIRMWARE_PLAIN), 0);
	assert_int_equal(kind_of(DESCRIPTOR("\"uefi\"", FLASH "\"mode\":\"split\",", "/code",
					    "pc-q35-*", ""),
				 FIRMWARE_PLAIN),
			 1);
	assert_int_equal(kind_of(DESCRIPTOR("\"uefi\"", FLASH "\"mode\":\"stateless\",", "/code",
					    "pc-q35-*", ""),
				 FIRMWARE_PLAIN),
			 0);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"uefi\"", FLASH "\"mode\":1,", "/code", "pc-q35-*", ""),
			FIRMWARE_PLAIN),
		0);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"uefi\"", "\"device\":\"memory\",", "/code", "pc-q35-*", ""),
			FIRMWARE_PLAIN),
		0);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"uefi\"", FLASH, "/code", "microvm", ""), FIRMWARE_PLAIN), 0);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"uefi\"", FLASH, "code", "pc-q35-*", ""), FIRMWARE_PLAIN), 0);
	assert_int_equal(kind_of(DESCRIPTOR("\"uefi\"", FLASH, "/code", "pc-q35-*",
					    "\"secure-boot\",\"enrolled-keys\""),
				 FIRMWARE_SECURE),
			 1);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"uefi\"", FLASH, "/code", "pc-q35-*", "\"secure-boot\""),
			FIRMWARE_SECURE),
		0);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"uefi\"", FLASH, "/code", "pc-q35-*", "\"requires-smm\""),
			FIRMWARE_PLAIN),
		0);
	assert_int_equal(
		kind_of(DESCRIPTOR("\"uefi\"", FLASH, "/code", "pc-q35-*", "\"host-uefi-vars\""),
			FIRMWARE_PLAIN),
		0);
}

static void passes_over_what_is_no_descriptor(void **state)
{
	(void)state;
	assert_int_equal(kind_of("", FIRMWARE_PLAIN), 0);
	assert_int_equal(kind_of("[]", FIRMWARE_PLAIN), 0);
	assert_int_equal(kind_of("{\"mapping\":7,\"features\":{\"a\":1}}", FIRMWARE_PLAIN), 0);
	assert_int_equal(kind_of("{", FIRMWARE_PLAIN), 0);
}

/* A link to the null device masks like an empty file; a broken file of /etc hides its name too, and
 * the next name is tried. */
static void masks_and_orders_by_name(void **state)
{
	const char *plain = DESCRIPTOR("\"uefi\"", FLASH, "/code", "pc-q35-*", "");
	_cleanup_firmware_ struct firmware found = { 0 };
	const struct tree *tree = *state;

	tree_write(tree, "usr/share/qemu/firmware/10-a.json", plain);
	tree_write(tree, "usr/share/qemu/firmware/20-b.json", plain);
	tree_write(tree, "usr/share/qemu/firmware/30-c.json", plain);
	tree_write(tree, "usr/share/qemu/firmware/05-readme.txt", plain);
	tree_write(tree, "etc/qemu/firmware/20-b.json", "{ broken");
	tree_link(tree, "etc/qemu/firmware/10-a.json", "/dev/null");
	assert_int_equal(firmware_find(&tree->host, FIRMWARE_PLAIN, &found), 0);
	assert_string_equal(found.descriptor, "/usr/share/qemu/firmware/30-c.json");
	assert_int_equal(found.nvram_template.format, FIRMWARE_QCOW2);
}

static void finds_nothing_on_an_empty_machine(void **state)
{
	_cleanup_firmware_ struct firmware found = { 0 };
	const struct tree *tree = *state;

	assert_int_equal(firmware_find(&tree->host, FIRMWARE_SECURE, &found), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_as_recorded),
		cmocka_unit_test(judges_each_rule),
		cmocka_unit_test(passes_over_what_is_no_descriptor),
		tree_test(masks_and_orders_by_name),
		tree_test(finds_nothing_on_an_empty_machine),
	};

	return cmocka_run_group_tests_name("firmware", tests, NULL, NULL);
}
