/* SPDX-License-Identifier: GPL-2.0-or-later */
/* redact: what is a serial goes, what only looks like one stays, and the rest is as it was. */
#include "tree.h"

#include <stdlib.h>

#include "edid.h"
#include "redact.h"

static void expect_mac(struct redact *redact, const char *text, const char *wanted)
{
	char buf[128];

	snprintf(buf, sizeof(buf), "%s", text);
	assert_int_equal(redact_mac(redact, buf), 0);
	assert_string_equal(buf, wanted);
}

static void addresses_of_network_cards_go_and_of_pci_stay(void **state)
{
	_cleanup_redact_ struct redact redact = { 0 };

	(void)state;
	expect_mac(&redact, "aa:bb:cc:dd:ee:ff", "00:00:00:00:00:01");
	expect_mac(&redact, "hid-AA-BB-CC-DD-EE-FF-battery", "hid-00-00-00-00-00-01-battery");
	expect_mac(&redact, "x 12:34:56:78:9a:bc/input0", "x 00:00:00:00:00:02/input0");
	expect_mac(&redact, "12:34:56:78:9a:bc aa:bb:cc:dd:ee:ff",
		   "00:00:00:00:00:02 00:00:00:00:00:01");
	expect_mac(&redact, "00:00:00:00:00:01", "00:00:00:00:00:01");
	expect_mac(&redact, "0000:01:00.0/0000:02:00.0", "0000:01:00.0/0000:02:00.0");
	expect_mac(&redact, "aa:bb:cc:dd:ee:f", "aa:bb:cc:dd:ee:f");
	expect_mac(&redact, "aa:bb-cc:dd:ee:ff", "aa:bb-cc:dd:ee:ff");
	expect_mac(&redact, "1000000000007 ff9f207ac14057ff", "1000000000007 ff9f207ac14057ff");
}

static void expect_serial(struct redact *redact, const char *text, const char *wanted)
{
	_cleanup_free_ char *made = NULL;

	assert_int_equal(redact_serial(redact, text, &made), 0);
	assert_string_equal(made, wanted);
}

static void one_serial_becomes_one_word(void **state)
{
	_cleanup_redact_ struct redact redact = { 0 };

	(void)state;
	expect_serial(&redact, "A1B2\n", "serial-1\n");
	expect_serial(&redact, "C3\n", "serial-2\n");
	expect_serial(&redact, "A1B2\n", "serial-1\n");
	expect_serial(&redact, "\n", "\n");
	expect_serial(&redact, "", "");
	expect_serial(&redact, "serial-1\n", "serial-1\n");
}

static void expect_cmdline(const char *text, const char *wanted)
{
	char buf[256];

	snprintf(buf, sizeof(buf), "%s", text);
	redact_cmdline(buf);
	assert_string_equal(buf, wanted);
}

static void of_the_command_line_switches_stay(void **state)
{
	(void)state;
	expect_cmdline("BOOT_IMAGE=/vmlinuz root=UUID=12ab ro quiet intel_iommu=on iommu=pt\n",
		       "BOOT_IMAGE= root= ro quiet intel_iommu=on iommu=pt\n");
	expect_cmdline("systemd.machine_id=0123 vfio-pci.ids=10de:2684  hugepages=8",
		       "systemd.machine_id= vfio-pci.ids=10de:2684  hugepages=8");
	expect_cmdline("", "");
	expect_cmdline("=x", "=");
}

static void lines_and_addresses_of_proc(void **state)
{
	char cpuinfo[] = "processor : 0\nSerial : 00000abc\nflags : fpu\nSerial";
	char modules[] = "vfio_pci 16384 0 - Live 0xffffffffc0a5e000 (OE)\nkvm 1 - 0x1\n";

	(void)state;
	redact_cpuinfo(cpuinfo);
	assert_string_equal(cpuinfo, "processor : 0\nflags : fpu\n");
	redact_addresses(modules);
	assert_string_equal(modules, "vfio_pci 16384 0 - Live 0x0000000000000000 (OE)\n"
				     "kvm 1 - 0x0\n");
}

/* A base block with both kinds of text, and one more after it. */
static void make_edid(uint8_t data[static 256])
{
	static const uint8_t header[] = { 0,	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,
					  0x10, 0xac, 0xc4, 0xa0, 1,	2,    3,    4 };
	uint8_t sum = 0;

	memset(data, 0, 256);
	memcpy(data, header, sizeof(header));
	data[54] = 1; /* a timing */
	memcpy(data + 72, "\0\0\0\xff\0SECRET1\n     ", 18);
	memcpy(data + 90, "\0\0\0\xfc\0DELL U2720\n  ", 18);
	memcpy(data + 108, "\0\0\0\xfe\0SECRET2\n     ", 18);
	data[126] = 1;
	memcpy(data + 128, "\x70SECRET3", 8);
	for (size_t i = 0; i < 127; i++)
		sum = (uint8_t)(sum + data[i]);
	data[127] = (uint8_t)-sum;
}

static void an_edid_loses_its_serials_and_nothing_else(void **state)
{
	struct edid edid;
	uint8_t data[256];

	(void)state;
	make_edid(data);
	edid_parse(data, sizeof(data), &edid);
	assert_true(edid.checksum_ok[0]);
	assert_string_equal(edid.serial_text, "SECRET1");
	assert_int_equal(redact_edid(data, sizeof(data)), 128);
	assert_null(memmem(data, 128, "SECRET", 6));
	edid_parse(data, 128, &edid);
	assert_true(edid.is_usable && edid.checksum_ok[0]);
	assert_string_equal(edid.manufacturer, "DEL");
	assert_int_equal(edid.product_code, 0xa0c4);
	assert_string_equal(edid.model_name, "DELL U2720");
	assert_int_equal(edid.serial_number, 0);
	assert_true(edid.has_serial_text);
	assert_string_equal(edid.serial_text, "");
	assert_int_equal(data[126], 0);

	/* A sum that was wrong is as wrong as before. */
	make_edid(data);
	data[127]++;
	assert_int_equal(redact_edid(data, sizeof(data)), 128);
	edid_parse(data, 128, &edid);
	assert_false(edid.checksum_ok[0]);
	assert_int_equal(redact_edid(data, 127), 0);
	data[1] = 0;
	assert_int_equal(redact_edid(data, sizeof(data)), 0);
}

static void a_device_serial_number_reads_zero(void **state)
{
	uint8_t config[512] = { 0 };

	(void)state;
	/* ACS at 0x100, then the serial number at 0x120. */
	memcpy(config + 0x100, "\x0d\x00\x01\x12\x1f\x00\x1d\x00", 8);
	memcpy(config + 0x120, "\x03\x00\x01\x00SECRET!!", 12);
	memset(config + 0x12c, 0xaa, 4);
	redact_config(config, sizeof(config));
	assert_null(memmem(config, sizeof(config), "SECRET", 6));
	assert_memory_equal(config + 0x100, "\x0d\x00\x01\x12\x1f\x00\x1d\x00", 8);
	assert_memory_equal(config + 0x12c, "\xaa\xaa\xaa\xaa", 4);
	/* Cut off in the middle of it, and a list that is a loop. */
	memcpy(config + 0x124, "SECRET!!", 8);
	redact_config(config, 0x128);
	assert_memory_equal(config + 0x124, "\0\0\0\0ET!!", 8);
	memcpy(config + 0x120, "\x05\x00\x01\x12", 4);
	redact_config(config, sizeof(config));
	redact_config(config, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_network_cards_go_and_of_pci_stay),
		cmocka_unit_test(one_serial_becomes_one_word),
		cmocka_unit_test(of_the_command_line_switches_stay),
		cmocka_unit_test(lines_and_addresses_of_proc),
		cmocka_unit_test(an_edid_loses_its_serials_and_nothing_else),
		cmocka_unit_test(a_device_serial_number_reads_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
