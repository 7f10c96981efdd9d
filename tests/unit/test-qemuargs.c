/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemuargs, qemudevices, qemujson: what each choice of the configuration does to the command. The
 * whole lines are compared, and tried on the real QEMU, in tests/helpers/guest.bats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "qemuargs.h"
#include "qemudevices.h"
#include "qemujson.h"

static char code[] = "/usr/share/OVMF/CODE.fd", template_path[] = "/usr/share/OVMF/VARS.fd";
static struct pciaddr functions[] = { { 0, 1, 0, 0 }, { 0, 1, 0, 1 }, { 0, 1, 0, 3 } };

static struct guest a_guest(void)
{
	return (struct guest){
		.name = "demo",
		.memory_kib = 1024 * 1024,
		.cpus = 4,
		.hugepage_kib = 2048,
		.tpm = true,
		.gpu = { .has_device = true, .device = functions[0] },
	};
}

static struct qemuhost a_host(void)
{
	return (struct qemuhost){
		.firmware = { .executable = { code, FIRMWARE_RAW },
			      .nvram_template = { template_path, FIRMWARE_RAW },
			      .secure_boot = true,
			      .enrolled_keys = true,
			      .requires_smm = true },
		.gpu = functions,
		.gpu_count = 3,
		.threads = 1,
		.has_io_uring = true,
	};
}

/* The whole command as one text, a line an argument. Freed by the next call. */
static const char *build(const struct guest *guest, const struct qemuhost *observed)
{
	static char text[65536];
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;
	size_t n = 0;

	assert_int_equal(qemuargs_build(guest, observed, 7, 8, &argv), 0);
	for (size_t i = 0; i < argv.count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n", argv.items[i]);
	assert_true(n < sizeof(text));
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static void smm_and_secure_flash_follow_the_firmware(void **state)
{
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();

	(void)state;
	has(build(&guest, &observed), "q35,accel=kvm,smm=on,");
	has(build(&guest, &observed), "cfi.pflash01,property=secure,value=on");
	observed.firmware.secure_boot = false;
	has(build(&guest, &observed), "smm=on,");
	lacks(build(&guest, &observed), "property=secure");
	observed.firmware.secure_boot = true;
	observed.firmware.requires_smm = false;
	has(build(&guest, &observed), "smm=off,");
	lacks(build(&guest, &observed), "property=secure");
}

static void variables_of_a_qcow2_have_no_backing_file(void **state)
{
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();

	(void)state;
	has(build(&guest, &observed), "{\"driver\":\"raw\",\"node-name\":\"vars\",\"file\":");
	observed.firmware.nvram_template.format = FIRMWARE_QCOW2;
	has(build(&guest, &observed),
	    "{\"driver\":\"qcow2\",\"node-name\":\"vars\",\"backing\":null,\"file\":");
	has(build(&guest, &observed), "\"filename\":\"/var/lib/vxm/demo/OVMF_VARS.fd\"");
}

static void tcg_is_a_choice_of_its_own(void **state)
{
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();

	(void)state;
	has(build(&guest, &observed), "-cpu\nhost,migratable=off\n");
	guest.accel = GUEST_ACCEL_TCG;
	has(build(&guest, &observed), "accel=tcg,");
	has(build(&guest, &observed), "-cpu\nmax\n");
	lacks(build(&guest, &observed), "kvm");
}

static void threads_are_shown_only_when_they_divide(void **state)
{
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();

	(void)state;
	has(build(&guest, &observed), "cpus=4,sockets=1,dies=1,cores=4,threads=1");
	observed.threads = 2;
	has(build(&guest, &observed), "cpus=4,sockets=1,dies=1,cores=2,threads=2");
	lacks(build(&guest, &observed), "topoext");
	observed.is_amd = true;
	has(build(&guest, &observed), "host,migratable=off,topoext=on");
	guest.cpus = 3;
	has(build(&guest, &observed), "cpus=3,sockets=1,dies=1,cores=3,threads=1");
	lacks(build(&guest, &observed), "topoext");
}

static void memory_is_of_the_pages_configured(void **state)
{
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();

	(void)state;
	has(build(&guest, &observed),
	    "\"size\":1073741824,\"hugetlb\":true,\"hugetlbsize\":2097152,"
	    "\"share\":true,\"prealloc\":true,\"prealloc-threads\":4");
	has(build(&guest, &observed), "-m\nsize=1048576K\n");
	guest.hugepage_kib = 1024 * 1024;
	guest.cpus = 64;
	has(build(&guest, &observed), "\"hugetlbsize\":1073741824,");
	has(build(&guest, &observed), "\"prealloc-threads\":16");
	guest.hugepage_kib = 0;
	lacks(build(&guest, &observed), "hugetlb");
	has(build(&guest, &observed), "\"share\":true,\"prealloc\":true");
}

static void locked_memory_is_what_gets_pinned(void **state)
{
	struct guest guest = a_guest();

	(void)state;
	assert_int_equal(qemuargs_memlock(&guest), UINT64_C(2) << 30);
	guest.looking_glass_kib = 64 * 1024;
	assert_int_equal(qemuargs_memlock(&guest), (UINT64_C(2) << 30) + (64 << 20));
}

static void the_card_keeps_its_functions(void **state)
{
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();
	const char *text;

	(void)state;
	guest.gpu.rom = "/var/lib/vxm/demo/a,b \"c\".rom";
	text = build(&guest, &observed);
	has(text, "\"host\":\"0000:01:00.0\",\"bus\":\"port-gpu\",\"addr\":\"0.0\","
		  "\"multifunction\":true,\"romfile\":\"/var/lib/vxm/demo/a,b \\\"c\\\".rom\"}");
	has(text, "\"host\":\"0000:01:00.1\",\"bus\":\"port-gpu\",\"addr\":\"0.1\","
		  "\"multifunction\":false}");
	has(text, "\"host\":\"0000:01:00.3\",\"bus\":\"port-gpu\",\"addr\":\"0.3\",");
	/* The slot is found by function 0: a card that begins later gets one. */
	observed.gpu = functions + 1;
	observed.gpu_count = 1;
	has(build(&guest, &observed), "\"host\":\"0000:01:00.1\",\"bus\":\"port-gpu\",\"addr\":\"0."
				      "0\",\"multifunction\":false}");
}

static void each_pci_device_has_a_port(void **state)
{
	struct guest_device nic = { .device = { 0, 5, 0, 0 } }, usb = { .device = { 1, 6, 2, 7 } };
	struct guest_device *pci[113] = { &nic, &usb }, many[113] = { 0 };
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();
	const char *text;

	(void)state;
	guest.pci = pci;
	guest.pci_count = 2;
	text = build(&guest, &observed);
	has(text, "\"id\":\"port-pci0\",\"bus\":\"pcie.0\",\"addr\":\"2.0\",\"multifunction\":true,"
		  "\"chassis\":2}");
	has(text, "\"host\":\"0000:05:00.0\",\"bus\":\"port-pci0\",\"addr\":\"0.0\",");
	has(text,
	    "\"id\":\"port-pci1\",\"bus\":\"pcie.0\",\"addr\":\"2.1\",\"multifunction\":false,"
	    "\"chassis\":3}");
	has(text, "\"host\":\"0001:06:02.7\",\"bus\":\"port-pci1\"");
	for (unsigned i = 0; i < 113; i++) {
		many[i].device = (struct pciaddr){ 0, (uint8_t)(i + 16), 0, 0 };
		pci[i] = &many[i];
	}
	guest.pci_count = 112;
	has(build(&guest, &observed), "\"addr\":\"f.7\"");
	guest.pci_count = 113;
	assert_int_equal(qemuargs_build(&guest, &observed, 7, 8, &argv), -E2BIG);
}

/* The card's audio may be another vendor's, and then stands in [PCI]; or it is named once more. */
static void functions_of_a_slot_stay_together(void **state)
{
	struct guest_device audio = { .device = { 0, 1, 0, 2 } },
			    again = { .device = functions[1] };
	struct guest_device two = { .device = { 0, 5, 0, 2 } }, one = { .device = { 0, 5, 0, 1 } };
	struct guest_device *pci[] = { &two, &audio, &again, &one };
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();
	const char *text;

	(void)state;
	guest.pci = pci;
	guest.pci_count = ARRAY_SIZE(pci);
	text = build(&guest, &observed);
	has(text, "\"id\":\"pci1\",\"host\":\"0000:01:00.2\",\"bus\":\"port-gpu\","
		  "\"addr\":\"0.2\",\"multifunction\":false}");
	lacks(text, "\"id\":\"pci2\"");
	has(text, "\"id\":\"pci3\",\"host\":\"0000:05:00.1\",\"bus\":\"port-pci0\","
		  "\"addr\":\"0.0\",\"multifunction\":true}");
	has(text, "\"id\":\"pci0\",\"host\":\"0000:05:00.2\",\"bus\":\"port-pci0\","
		  "\"addr\":\"0.2\",\"multifunction\":false}");
	lacks(text, "port-pci1");
}

static void disks_are_opened_as_configured(void **state)
{
	struct guest_disk disk = { .path = "/srv/a,b.img", .discard = true };
	struct guest_disk *disks[] = { &disk };
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();
	bool is_block = false;
	const char *text;

	(void)state;
	guest.disks = disks;
	guest.disk_count = 1;
	observed.disk_is_block = &is_block;
	text = build(&guest, &observed);
	has(text,
	    "{\"driver\":\"raw\",\"node-name\":\"disk0\",\"discard\":\"unmap\","
	    "\"detect-zeroes\":\"unmap\",\"cache\":{\"direct\":true,\"no-flush\":false},"
	    "\"file\":{\"driver\":\"file\",\"filename\":\"/srv/a,b.img\",\"aio\":\"io_uring\"");
	has(text, "\"driver\":\"virtio-scsi-pci\",\"id\":\"scsi0\",\"bus\":\"pcie.0\","
		  "\"addr\":\"10.0\",\"iothread\":\"io0\"}");
	has(text, "\"driver\":\"scsi-hd\"");
	observed.has_io_uring = false;
	has(build(&guest, &observed), "\"aio\":\"native\"");
	disk.cache = GUEST_CACHE_WRITEBACK;
	has(build(&guest, &observed), "\"aio\":\"threads\"");
	disk.cache = GUEST_CACHE_UNSAFE;
	has(build(&guest, &observed), "\"cache\":{\"direct\":false,\"no-flush\":true}");
	disk.discard = false;
	has(build(&guest, &observed), "\"discard\":\"ignore\",\"detect-zeroes\":\"off\"");
	disk.format = GUEST_FORMAT_QCOW2;
	has(build(&guest, &observed), "{\"driver\":\"qcow2\",\"node-name\":\"disk0\"");
	is_block = true;
	has(build(&guest, &observed), "\"driver\":\"host_device\"");
	lacks(build(&guest, &observed), "\"driver\":\"file\",\"filename\":\"/srv");
	disk.bus = GUEST_BUS_VIRTIO_BLK;
	has(build(&guest, &observed), "{\"driver\":\"virtio-blk-pci\",\"id\":\"disk0\","
				      "\"bus\":\"pcie.0\",\"addr\":\"18.0\"");
	lacks(build(&guest, &observed), "virtio-scsi");
	disk.bus = GUEST_BUS_NVME;
	has(build(&guest, &observed), "{\"driver\":\"nvme\",");
}

/* Six ports of the chip set's controller, then further controllers; media come after disks. */
static void sata_ports_are_filled_in_order(void **state)
{
	struct guest_disk disk = { .path = "/srv/a.img", .bus = GUEST_BUS_SATA },
			  medium = { .path = "/srv/a.iso" };
	struct guest_disk *disks[] = { &disk, &disk, &disk, &disk, &disk }, *media[50];
	bool is_block[50] = { false };
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();
	const char *text;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(media); i++)
		media[i] = &medium;
	guest.disks = disks;
	guest.disk_count = ARRAY_SIZE(disks);
	guest.cdroms = media;
	guest.cdrom_count = 2;
	observed.disk_is_block = is_block;
	observed.cdrom_is_block = is_block;
	text = build(&guest, &observed);
	has(text, "\"driver\":\"ide-hd\",\"id\":\"disk4\",\"bus\":\"ide.4\",\"drive\":\"disk4\","
		  "\"serial\":\"disk4\",\"bootindex\":5}");
	has(text, "\"driver\":\"ide-cd\",\"id\":\"cdrom0\",\"bus\":\"ide.5\"");
	has(text, "\"driver\":\"ich9-ahci\",\"id\":\"sata1\",\"bus\":\"pcie.0\",\"addr\":\"17.0\","
		  "\"multifunction\":true}");
	has(text,
	    "\"id\":\"cdrom1\",\"bus\":\"sata1.0\",\"drive\":\"cdrom1\",\"serial\":\"cdrom1\","
	    "\"bootindex\":7}");
	guest.cdrom_count = 49;
	has(build(&guest, &observed), "\"bus\":\"sata8.5\"");
	guest.cdrom_count = 50;
	{
		_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

		assert_int_equal(qemuargs_build(&guest, &observed, 7, 8, &argv), -E2BIG);
	}
}

static void optional_parts_come_and_go(void **state)
{
	struct guest_input input = { .keyboard = "auto" };
	struct guest_input *inputs[] = { &input };
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();

	(void)state;
	has(build(&guest, &observed), "socket,id=chr-tpm,path=/run/vxm/demo/tpm/swtpm.sock\n");
	has(build(&guest, &observed), "socket,id=chr-qmp-control,fd=7,server=on,wait=off\n");
	has(build(&guest, &observed), "socket,id=chr-qmp-events,fd=8,server=on,wait=off\n");
	has(build(&guest, &observed), "virtio-net-pci");
	lacks(build(&guest, &observed), "ivshmem");
	lacks(build(&guest, &observed), "virtio-keyboard");
	lacks(build(&guest, &observed), "input-linux");
	guest.tpm = false;
	guest.network = GUEST_NETWORK_NONE;
	guest.looking_glass_kib = 65536;
	guest.inputs = inputs;
	guest.input_count = 1;
	lacks(build(&guest, &observed), "tpm");
	lacks(build(&guest, &observed), "net");
	has(build(&guest, &observed),
	    "\"mem-path\":\"/dev/shm/looking-glass-demo\",\"size\":67108864}");
	has(build(&guest, &observed), "virtio-keyboard-pci");
	/* Added once the guest runs, never on the command line: it would grab at once. */
	lacks(build(&guest, &observed), "input-linux");
}

static void identity_follows_the_name_alone(void **state)
{
	struct qemuhost observed = a_host();
	struct guest guest = a_guest();
	char before[8192];

	(void)state;
	snprintf(before, sizeof(before), "%s", build(&guest, &observed));
	has(before, "\"mac\":\"52:54:00:");
	assert_string_equal(before, build(&guest, &observed));
	assert_int_equal(qemudevices_hash("demo", 0), qemudevices_hash("demo", 0));
	assert_true((qemudevices_hash("demo", 0) & 0xffffff) !=
		    (qemudevices_hash("demp", 0) & 0xffffff));
	strcpy(guest.name, "other");
	lacks(build(&guest, &observed), strstr(before, "-uuid\n"));
}

static void json_carries_texts_literally(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

	(void)state;
	assert_int_equal(qemujson_add(&argv, "-device", "{s:s, s:s*}", "a", "\",\n\\", "b", NULL),
			 0);
	assert_string_equal(argv.items[0], "-device");
	assert_string_equal(argv.items[1], "{\"a\":\"\\\",\\n\\\\\"}");
	assert_int_equal(qemujson_add(&argv, "-device", "{s:s}", "a", "\xff"), -EINVAL);
	assert_int_equal(argv.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smm_and_secure_flash_follow_the_firmware),
		cmocka_unit_test(variables_of_a_qcow2_have_no_backing_file),
		cmocka_unit_test(tcg_is_a_choice_of_its_own),
		cmocka_unit_test(threads_are_shown_only_when_they_divide),
		cmocka_unit_test(memory_is_of_the_pages_configured),
		cmocka_unit_test(locked_memory_is_what_gets_pinned),
		cmocka_unit_test(the_card_keeps_its_functions),
		cmocka_unit_test(each_pci_device_has_a_port),
		cmocka_unit_test(functions_of_a_slot_stay_together),
		cmocka_unit_test(disks_are_opened_as_configured),
		cmocka_unit_test(sata_ports_are_filled_in_order),
		cmocka_unit_test(optional_parts_come_and_go),
		cmocka_unit_test(identity_follows_the_name_alone),
		cmocka_unit_test(json_carries_texts_literally),
	};

	return cmocka_run_group_tests_name("qemuargs", tests, NULL, NULL);
}
