/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemuhost: what is read of the machine for QEMU's command, and what is said when it is missing. */
#include "pcitree.h"

#include "qemuhost.h"

#define GPU   "0000:01:00.0"
#define AUDIO "0000:01:00.1"

static const char plain[] =
	"{\"interface-types\": [\"uefi\"], \"mapping\": {\"device\": \"flash\","
	" \"executable\": {\"filename\": \"/f/CODE.fd\", \"format\": \"raw\"},"
	" \"nvram-template\": {\"filename\": \"/f/VARS.fd\", \"format\": \"raw\"}},"
	" \"targets\": [{\"architecture\": \"x86_64\", \"machines\": [\"pc-q35-*\"]}],"
	" \"features\": [\"acpi-s3\"], \"tags\": []}";

static void make_machine(const struct tree *tree)
{
	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	pcitree_make(tree, AUDIO, "0x10de", "0x22ba", "0x040300", "14", "snd_hda_intel");
	pcitree_make(tree, "0000:02:00.0", "0x1002", "0x73bf", "0x030000", "16", "amdgpu");
	tree_write(tree, "usr/share/qemu/firmware/60-plain.json", plain);
}

static struct guest a_guest(void)
{
	return (struct guest){
		.name = "demo",
		.cpus = 4,
		.firmware = GUEST_FIRMWARE_UEFI,
		.gpu = { .has_device = true, .device = pcitree_addr(GPU) },
	};
}

static struct qemuhost observe(const struct tree *tree, const struct guest *guest)
{
	struct guest_error error = { .text = "" };
	struct qemuhost observed = { 0 };

	if (qemuhost_observe(&tree->host, guest, &observed, &error) < 0)
		fail_msg("%s", error.text);
	return observed;
}

static void assert_missing(const struct tree *tree, const struct guest *guest, const char *text)
{
	struct guest_error error = { .text = "" };
	struct qemuhost observed = { .threads = 77 };

	assert_int_equal(qemuhost_observe(&tree->host, guest, &observed, &error), -ENOENT);
	if (!strstr(error.text, text))
		fail_msg("no \"%s\" in: %s", text, error.text);
	assert_int_equal(observed.threads, 77); /* untouched */
}

static void the_functions_of_the_card_and_its_firmware_are_found(void **state)
{
	struct qemuhost observed;
	struct guest guest = a_guest();
	char bdf[PCIADDR_SIZE];

	make_machine(*state);
	observed = observe(*state, &guest);
	assert_int_equal(observed.gpu_count, 2);
	assert_string_equal(pciaddr_format(&observed.gpu[0], bdf), GPU);
	assert_string_equal(pciaddr_format(&observed.gpu[1], bdf), AUDIO);
	assert_string_equal(observed.firmware.executable.filename, "/f/CODE.fd");
	assert_int_equal(observed.threads, 1);
	qemuhost_done(&observed);
	assert_null(observed.gpu);
}

static void missing_firmware_is_told_with_the_way_out(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = a_guest();

	make_machine(tree);
	guest.firmware = GUEST_FIRMWARE_SECURE;
	assert_missing(tree, &guest, "enrolled keys");
	assert_missing(tree, &guest, "or set Firmware=uefi in [Guest]");
	tree_remove(tree, "usr/share/qemu/firmware/60-plain.json");
	guest.firmware = GUEST_FIRMWARE_UEFI;
	assert_missing(tree, &guest, "install the package ovmf");
}

static void an_absent_card_is_told_by_its_address(void **state)
{
	struct guest guest = a_guest();

	make_machine(*state);
	guest.gpu.device = pcitree_addr("0000:07:00.0");
	assert_missing(*state, &guest, "[GPU] Device=0000:07:00.0: there is no such PCI function");
}

/* A disk that is not there is guestcheck's to complain of. */
static void paths_that_are_no_block_devices_are_files(void **state)
{
	struct guest_disk file = { .path = "/srv/a.img" }, absent = { .path = "/srv/b.img" };
	struct guest_disk *disks[] = { &file, &absent };
	struct guest guest = a_guest();
	struct qemuhost observed;

	make_machine(*state);
	tree_write(*state, "srv/a.img", "");
	guest.disks = disks;
	guest.disk_count = 2;
	observed = observe(*state, &guest);
	assert_false(observed.disk_is_block[0]);
	assert_false(observed.disk_is_block[1]);
	qemuhost_done(&observed);
}

static void the_vendor_of_the_cpu_is_read(void **state)
{
	static const struct {
		const char *vendor;
		bool is_amd;
	} cases[] = { { "AuthenticAMD", true },
		      { "HygonGenuine", true },
		      { "GenuineIntel", false },
		      { "CentaurHauls", false } };
	struct guest guest = a_guest();

	make_machine(*state);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct qemuhost observed;
		char text[128];

		snprintf(text, sizeof(text), "processor\t: 0\nvendor_id\t: %s\n", cases[i].vendor);
		tree_write(*state, "proc/cpuinfo", text);
		observed = observe(*state, &guest);
		assert_int_equal(observed.is_amd, cases[i].is_amd);
		qemuhost_done(&observed);
	}
}

/* 1 is "only a group", and the user vxm is not in it. */
static void a_ring_is_used_where_anybody_may_have_one(void **state)
{
	static const struct {
		const char *text; /* NULL: a kernel before 6.6 */
		bool has;
	} cases[] = { { NULL, true }, { "0\n", true }, { "1\n", false }, { "2\n", false } };
	struct guest guest = a_guest();

	make_machine(*state);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct qemuhost observed;

		if (cases[i].text)
			tree_write(*state, "proc/sys/kernel/io_uring_disabled", cases[i].text);
		observed = observe(*state, &guest);
		assert_int_equal(observed.has_io_uring, cases[i].has);
		qemuhost_done(&observed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_functions_of_the_card_and_its_firmware_are_found),
		tree_test(missing_firmware_is_told_with_the_way_out),
		tree_test(an_absent_card_is_told_by_its_address),
		tree_test(paths_that_are_no_block_devices_are_files),
		tree_test(the_vendor_of_the_cpu_is_read),
		tree_test(a_ring_is_used_where_anybody_may_have_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
