/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qemudevices: where each device sits in the guest, and that it sits there for ever. */
#include "pcitree.h"

#include "qemudevices.h"

/* All arguments as one text, a line each. */
static char *text_of(const struct strlist *argv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < argv->count; i++)
		fprintf(out, "%s\n", argv->items[i]);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *passed(const struct guest *guest, const struct qemuhost *observed)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

	assert_int_equal(qemudevices_add_passed(&argv, guest, observed), 0);
	return text_of(&argv);
}

static char *disks(const struct guest *guest, const struct qemuhost *observed)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;

	assert_int_equal(qemudevices_add_disks(&argv, guest, observed), 0);
	return text_of(&argv);
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

/* The MAC address and the UUID of a guest come of it: Windows' activation hangs on them. */
static void a_name_has_the_same_number_for_ever(void **state)
{
	(void)state;
	assert_true(qemudevices_hash("demo", 0) == UINT64_C(0xa5e41b674276d396));
	assert_true(qemudevices_hash("win11", 0) == UINT64_C(0xa83da69312afdb2b));
	assert_true(qemudevices_hash("demo", 1) == UINT64_C(0x421c5760307e8efb));
}

/* A guest finds a slot by its function 0: where that one stays with the host the lowest takes its
 * place, and the others keep their numbers. */
static void a_slot_without_its_function_0_is_found_all_the_same(void **state)
{
	struct pciaddr gpu[] = { pcitree_addr("0000:01:00.1"), pcitree_addr("0000:01:00.3") };
	struct qemuhost observed = { .gpu = gpu, .gpu_count = 2 };
	struct guest guest = { .gpu = { .device = gpu[0], .rom = "/srv/card.rom" } };
	char *text = passed(&guest, &observed);

	(void)state;
	has(text, "\"id\":\"gpu1\",\"host\":\"0000:01:00.1\",\"bus\":\"port-gpu\",\"addr\":\"0.0\","
		  "\"multifunction\":true,\"romfile\":\"/srv/card.rom\"}");
	/* The ROM is the display's alone. */
	has(text, "\"id\":\"gpu3\",\"host\":\"0000:01:00.3\",\"bus\":\"port-gpu\",\"addr\":\"0.3\","
		  "\"multifunction\":false}");
	free(text);
}

static void what_moves_with_the_gpu_is_not_passed_twice(void **state)
{
	struct pciaddr gpu[] = { pcitree_addr("0000:01:00.0"), pcitree_addr("0000:01:00.1") };
	struct guest_device audio = { .device = gpu[1] },
			    nic = { .device = pcitree_addr("0000:05:00.0") };
	struct guest_device *pci[] = { &audio, &nic };
	struct qemuhost observed = { .gpu = gpu, .gpu_count = 2 };
	struct guest guest = { .gpu = { .device = gpu[0] }, .pci = pci, .pci_count = 2 };
	char *text = passed(&guest, &observed);

	(void)state;
	assert_null(strstr(strstr(text, "0000:01:00.1") + 1, "0000:01:00.1"));
	has(text, "\"id\":\"port-pci0\",\"bus\":\"pcie.0\",\"addr\":\"2.0\",\"multifunction\":true,"
		  "\"chassis\":2}");
	has(text,
	    "\"id\":\"pci1\",\"host\":\"0000:05:00.0\",\"bus\":\"port-pci0\",\"addr\":\"0.0\","
	    "\"multifunction\":false}");
	free(text);
}

/* Eight ports in a slot; the ninth begins the next. Past the last slot is an error, not a wrap. */
static void ports_fill_slot_after_slot_and_no_further(void **state)
{
	static struct guest_device devices[113];
	static struct guest_device *pci[113];
	struct pciaddr gpu[] = { pcitree_addr("0000:01:00.0") };
	struct qemuhost observed = { .gpu = gpu, .gpu_count = 1 };
	struct guest guest = { .gpu = { .device = gpu[0] }, .pci = pci, .pci_count = 112 };
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;
	char *text;

	(void)state;
	for (unsigned i = 0; i < 113; i++) {
		devices[i].device = (struct pciaddr){ .bus = (uint8_t)(2 + i) };
		pci[i] = &devices[i];
	}
	text = passed(&guest, &observed);
	has(text,
	    "\"id\":\"port-pci7\",\"bus\":\"pcie.0\",\"addr\":\"2.7\",\"multifunction\":false");
	has(text,
	    "\"id\":\"port-pci8\",\"bus\":\"pcie.0\",\"addr\":\"3.0\",\"multifunction\":true");
	has(text, "\"id\":\"port-pci111\",\"bus\":\"pcie.0\",\"addr\":\"f.7\"");
	free(text);
	guest.pci_count = 113;
	assert_int_equal(qemudevices_add_passed(&argv, &guest, &observed), -E2BIG);
}

static void disks_boot_in_their_order_and_media_after_them(void **state)
{
	struct guest_disk scsi = { .path = "/srv/a" },
			  nvme = { .path = "/srv/b", .bus = GUEST_BUS_NVME },
			  virtio = { .path = "/srv/c", .bus = GUEST_BUS_VIRTIO_BLK },
			  medium = { .path = "/srv/d" };
	struct guest_disk *list[] = { &scsi, &nvme, &virtio }, *media[] = { &medium };
	bool is_block[3] = { false, true, false };
	struct qemuhost observed = { .disk_is_block = is_block, .cdrom_is_block = is_block };
	struct guest guest = { .disks = list, .disk_count = 3, .cdroms = media, .cdrom_count = 1 };
	char *text = disks(&guest, &observed);

	(void)state;
	has(text, "\"drive\":\"disk0\",\"serial\":\"disk0\",\"rotation_rate\":1,\"bootindex\":1}");
	/* NVMe of QEMU 7.2 has no I/O thread. */
	has(text,
	    "{\"driver\":\"nvme\",\"id\":\"disk1\",\"bus\":\"pcie.0\",\"addr\":\"18.0\","
	    "\"multifunction\":true,\"drive\":\"disk1\",\"serial\":\"disk1\",\"bootindex\":2}");
	has(text,
	    "\"addr\":\"18.1\",\"multifunction\":false,\"drive\":\"disk2\",\"serial\":\"disk2\","
	    "\"iothread\":\"io0\",\"bootindex\":3}");
	has(text, "\"drive\":\"cdrom0\",\"serial\":\"cdrom0\",\"bootindex\":4}");
	has(text, "{\"driver\":\"host_device\",\"filename\":\"/srv/b\"");
	has(text, "\"read-only\":true,\"file\":{\"driver\":\"file\",\"filename\":\"/srv/d\",");
	free(text);
}

static void without_a_ring_asynchronous_io_is_what_the_cache_allows(void **state)
{
	struct guest_disk direct = { .path = "/srv/a" },
			  cached = { .path = "/srv/b", .cache = GUEST_CACHE_WRITEBACK };
	struct guest_disk *list[] = { &direct, &cached };
	bool is_block[2] = { false, false };
	struct qemuhost observed = { .disk_is_block = is_block };
	struct guest guest = { .disks = list, .disk_count = 2 };
	char *text = disks(&guest, &observed);

	(void)state;
	has(text, "\"filename\":\"/srv/a\",\"aio\":\"native\"");
	has(text, "\"filename\":\"/srv/b\",\"aio\":\"threads\"");
	free(text);
	observed.has_io_uring = true;
	text = disks(&guest, &observed);
	lacks(text, "native");
	lacks(text, "threads");
	free(text);
}

static void what_is_not_configured_is_not_there(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;
	struct guest guest = { .name = "demo", .network = GUEST_NETWORK_NONE };
	struct qemuhost observed = { 0 };
	char *text;

	(void)state;
	assert_int_equal(qemudevices_add_network(&argv, &guest), 0);
	assert_int_equal(qemudevices_add_looking_glass(&argv, &guest), 0);
	assert_int_equal(qemudevices_add_disks(&argv, &guest, &observed), 0);
	assert_int_equal(argv.count, 0);
	assert_int_equal(qemudevices_add_basics(&argv, &guest), 0);
	text = text_of(&argv);
	lacks(text, "keyboard");
	free(text);
}

static void what_is_configured_has_its_place(void **state)
{
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;
	struct guest guest = { .name = "demo",
			       .looking_glass_kib = UINT64_C(8) * 1024 * 1024,
			       .input_count = 1 };
	char *text;

	(void)state;
	assert_int_equal(qemudevices_add_network(&argv, &guest), 0);
	assert_int_equal(qemudevices_add_looking_glass(&argv, &guest), 0);
	assert_int_equal(qemudevices_add_basics(&argv, &guest), 0);
	text = text_of(&argv);
	has(text, "\"addr\":\"11.0\",\"netdev\":\"net0\",\"mac\":\"52:54:00:76:d3:96\"");
	has(text, "\"mem-path\":\"/dev/shm/looking-glass-demo\",\"size\":8589934592}");
	has(text, "\"id\":\"shm0-device\",\"bus\":\"pcie.0\",\"addr\":\"16.0\"");
	has(text, "\"id\":\"keyboard0\",\"bus\":\"pcie.0\",\"addr\":\"13.0\"");
	has(text, "\"id\":\"mouse0\",\"bus\":\"pcie.0\",\"addr\":\"14.0\"");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_the_same_number_for_ever),
		cmocka_unit_test(a_slot_without_its_function_0_is_found_all_the_same),
		cmocka_unit_test(what_moves_with_the_gpu_is_not_passed_twice),
		cmocka_unit_test(ports_fill_slot_after_slot_and_no_further),
		cmocka_unit_test(disks_boot_in_their_order_and_media_after_them),
		cmocka_unit_test(without_a_ring_asynchronous_io_is_what_the_cache_allows),
		cmocka_unit_test(what_is_not_configured_is_not_there),
		cmocka_unit_test(what_is_configured_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
