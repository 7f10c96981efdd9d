/* SPDX-License-Identifier: GPL-2.0-or-later */
/* preflight, qemuhost: each thing that QEMU would miss is named before anything moves, with the
 * line that asks for it. What depends on the user is in tests/helpers/guest.bats. */
#include "tree.h"

#include "preflight.h"
#include "qemuhost.h"

#define CONF "etc/vxm/guests/demo.conf"

static const char conf[] = "[Guest]\nMemory=64M\nTPM=no\n"
			   "[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n"
			   "[Disk]\nPath=/srv/disk.img\n[CDROM]\nPath=/srv/cd.iso\n";

static const char descriptor[] =
	"{\"interface-types\":[\"uefi\"],\"mapping\":{\"device\":\"flash\",\"executable\":"
	"{\"filename\":\"/code.fd\",\"format\":\"raw\"},\"nvram-template\":{\"filename\":"
	"\"/vars.fd\",\"format\":\"raw\"}},\"targets\":[{\"architecture\":\"x86_64\",\"machines\":"
	"[\"pc-q35-*\"]}],\"features\":[\"secure-boot\",\"enrolled-keys\",\"requires-smm\"]}";

/* A machine on which all is well. */
static void make_machine(const struct tree *tree)
{
	char full[PATH_MAX];

	tree_write(tree, CONF, conf);
	tree_write(tree, "usr/bin/qemu-system-x86_64", "");
	assert_int_equal(chmod(tree_full(tree, "usr/bin/qemu-system-x86_64", full), 0755), 0);
	tree_write(tree, "dev/kvm", "");
	tree_write(tree, "usr/share/qemu/firmware/40-secure.json", descriptor);
	tree_write(tree, "code.fd", "code");
	tree_write(tree, "vars.fd", "vars");
	tree_write(tree, "srv/disk.img", "disk");
	tree_write(tree, "srv/cd.iso", "cd");
}

static void replace(const struct tree *tree, const char *from, const char *to)
{
	char text[1024];
	const char *at = strstr(conf, from);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - conf), conf, to, at + strlen(from));
	tree_write(tree, CONF, text);
}

static int fly(const struct tree *tree, struct guest_error *error)
{
	_cleanup_guest_ struct guest *guest = NULL;

	if (guest_load(&tree->host, "demo", &guest, error) < 0)
		fail_msg("%s", error->text);
	return preflight_run(&tree->host, guest, error);
}

static void expect(const struct tree *tree, int r, const char *part)
{
	struct guest_error error = { "" };

	assert_int_equal(fly(tree, &error), r);
	if (!strstr(error.text, part))
		fail_msg("no \"%s\" in: %s", part, error.text);
}

static void finds_nothing_where_all_is_well(void **state)
{
	const struct tree *tree = *state;

	make_machine(tree);
	expect(tree, 0, "");
}

static void names_what_is_missing(void **state)
{
	static const struct {
		const char *path, *says;
	} missing[] = {
		{ "usr/bin/qemu-system-x86_64", "install qemu-system-x86" },
		{ "dev/kvm", "SVM" },
		{ "usr/share/qemu/firmware/40-secure.json", "secure boot and enrolled keys" },
		{ "code.fd",
		  "/code.fd, the firmware that /usr/share/qemu/firmware/40-secure.json" },
		{ "vars.fd", "template of UEFI variables /vars.fd" },
		{ "srv/disk.img", "/etc/vxm/guests/demo.conf:8: Path=/srv/disk.img: opening it for "
				  "writing" },
		{ "srv/cd.iso", "/etc/vxm/guests/demo.conf:10: Path=/srv/cd.iso: opening it for "
				"reading" },
	};
	const struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		make_machine(tree);
		tree_remove(tree, missing[i].path);
		expect(tree, -ENOENT, missing[i].says);
	}
}

static void looks_into_disks(void **state)
{
	const struct tree *tree = *state;

	make_machine(tree);
	tree_write(tree, "srv/disk.img", "QFI\xfb....");
	expect(tree, -EINVAL, "the image is a qcow2; set Format=qcow2");
	replace(tree, "disk.img\n", "disk.img\nFormat=qcow2\n");
	expect(tree, 0, "");
	tree_write(tree, "srv/disk.img", "raw");
	expect(tree, -EINVAL, "the image is no qcow2; set Format=raw");
	replace(tree, "/srv/disk.img", "/srv");
	expect(tree, -EINVAL, "neither a file nor a block device");
}

static void looks_at_memory_rom_and_variables(void **state)
{
	const struct tree *tree = *state;

	make_machine(tree);
	replace(tree, "Memory=64M", "Memory=66000K\nHugepages=no");
	expect(tree, -EINVAL, "demo.conf:2: Memory=: allowed are whole MiB");
	replace(tree, "Identity=10de:2684", "Identity=10de:2684\nROM=/rom.bin");
	expect(tree, -ENOENT, "demo.conf:7: ROM=/rom.bin");
	make_machine(tree);
	tree_write(tree, "var/lib/vxm/demo/OVMF_VARS.fd", "of another size");
	expect(tree, -EMEDIUMTYPE, "other firmware");
}

static void tcg_needs_no_kvm(void **state)
{
	const struct tree *tree = *state;

	make_machine(tree);
	tree_remove(tree, "dev/kvm");
	replace(tree, "TPM=no", "Accel=tcg");
	expect(tree, 0, "");
}

/* --- qemuhost --- */

static int observe(const struct tree *tree, struct qemuhost *observed, struct guest_error *error)
{
	_cleanup_guest_ struct guest *guest = NULL;

	assert_int_equal(guest_load(&tree->host, "demo", &guest, error), 0);
	return qemuhost_observe(&tree->host, guest, observed, error);
}

static void make_function(const struct tree *tree, const char *name, const char *vendor)
{
	static const char *const attributes[][2] = {
		{ "device", "0x2684\n" },
		{ "subsystem_vendor", "0x0000\n" },
		{ "subsystem_device", "0x0000\n" },
		{ "class", "0x030000\n" },
	};
	char path[128];

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vendor", name);
	tree_write(tree, path, vendor);
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", name, attributes[i][0]);
		tree_write(tree, path, attributes[i][1]);
	}
}

static void observes_the_machine(void **state)
{
	_cleanup_qemuhost_ struct qemuhost observed = { 0 };
	const struct tree *tree = *state;
	struct guest_error error;

	make_machine(tree);
	tree_mkdir(tree, "sys/bus/pci/devices");
	assert_int_equal(observe(tree, &observed, &error), -ENOENT);
	assert_non_null(strstr(error.text, "0000:01:00.0"));
	make_function(tree, "0000:01:00.0", "0x10de\n");
	make_function(tree, "0000:01:00.1", "0x10de\n");
	make_function(tree, "0000:01:00.2", "0x1022\n");
	tree_write(tree, "proc/cpuinfo", "vendor_id\t: AuthenticAMD\n");
	assert_int_equal(observe(tree, &observed, &error), 0);
	assert_int_equal(observed.gpu_count, 2);
	assert_int_equal(observed.gpu[1].function, 1);
	assert_true(observed.is_amd);
	assert_true(observed.has_io_uring);
	assert_false(observed.disk_is_block[0]);
	assert_string_equal(observed.firmware.executable.filename, "/code.fd");
	qemuhost_done(&observed);

	tree_write(tree, "proc/cpuinfo", "vendor_id\t: GenuineIntel\n");
	tree_write(tree, "proc/sys/kernel/io_uring_disabled", "2\n");
	assert_int_equal(observe(tree, &observed, &error), 0);
	assert_false(observed.is_amd);
	assert_false(observed.has_io_uring);
	qemuhost_done(&observed);
	tree_write(tree, "proc/sys/kernel/io_uring_disabled", "0\n");
	assert_int_equal(observe(tree, &observed, &error), 0);
	assert_true(observed.has_io_uring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(finds_nothing_where_all_is_well),
		tree_test(names_what_is_missing),
		tree_test(looks_into_disks),
		tree_test(looks_at_memory_rom_and_variables),
		tree_test(tcg_needs_no_kvm),
		tree_test(observes_the_machine),
	};

	return cmocka_run_group_tests_name("preflight", tests, NULL, NULL);
}
