/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestcheck: what has to be there, and values that do not go together. test-guest.c has the words
 * with file and line; here are the rules, on structs. */
#include "tree.h"

#include "guestcheck.h"

#define FILE_PATH "/etc/vxm/guests/demo.conf"

static struct guest_store store;
static struct gueststore_section gpu_section;

/* A guest that is right; its [GPU] is in a file. */
static struct guest right(struct guest *at)
{
	struct guest guest = { .name = "demo", .memory_kib = 4 << 20, .hugepage_kib = 2048 };

	assert_int_equal(pciaddr_parse("0000:01:00.0", &guest.gpu.device), 0);
	assert_int_equal(pciids_parse("10de:2684", &guest.gpu.identity), 0);
	guest.gpu.has_device = guest.gpu.has_identity = true;
	gpu_section = (struct gueststore_section){ .id = OPTION_GPU,
						   .base = &at->gpu,
						   .size = sizeof(at->gpu),
						   .origin = { FILE_PATH, 3 } };
	store = (struct guest_store){ .sections = &gpu_section, .section_count = 1 };
	guest.store = &store;
	return guest;
}

static const char *check(const struct guest *guest)
{
	static struct guest_error error;
	int r;

	error.text[0] = '\0';
	r = guestcheck_run(guest, FILE_PATH, &error);
	assert_true(r == 0 || r == -EINVAL);
	assert_int_equal(r == 0, error.text[0] == '\0');
	return error.text;
}

#define ASSERT_REFUSED(guest, words) assert_non_null(strstr(check(guest), words))

static void memory_is_a_whole_number_of_pages(void **state)
{
	struct guest guest = right(&guest);

	(void)state;
	assert_string_equal(check(&guest), "");
	guest.memory_kib += 1024;
	ASSERT_REFUSED(&guest, "Memory=: 4195328 KiB are not a whole number of huge pages; allowed "
			       "is a multiple of 2M, or Hugepages=no");
	guest.hugepage_kib = 0;
	assert_string_equal(check(&guest), "");
	guest.memory_kib = 0;
	ASSERT_REFUSED(&guest, FILE_PATH ":1: Memory=: ");
}

static void a_device_is_an_address_and_an_identity_named_once(void **state)
{
	struct guest guest = right(&guest);
	struct guest_device a = guest.gpu, b = guest.gpu;
	struct guest_device *pci[] = { &a, &b };

	(void)state;
	guest.gpu.has_identity = false;
	ASSERT_REFUSED(&guest, FILE_PATH ":3: Identity=: [GPU] has none");
	guest.gpu.has_device = false;
	ASSERT_REFUSED(&guest, FILE_PATH ":3: Device=: [GPU] has none");
	guest = right(&guest);
	guest.pci = pci;
	guest.pci_count = 1;
	ASSERT_REFUSED(&guest, "Device=: 0000:01:00.0 stands in " FILE_PATH ":3 already");
	a.device.bus = b.device.bus = 5;
	guest.pci_count = 2;
	ASSERT_REFUSED(&guest, "Device=: 0000:05:00.0 stands in ");
	b.device.function = 1;
	assert_string_equal(check(&guest), "");
	b.has_device = false;
	ASSERT_REFUSED(&guest, "Device=: [PCI] has none");
}

static void disks_do_not_share_a_file(void **state)
{
	struct guest guest = right(&guest);
	struct guest_disk a = { .path = "/a" }, b = { .path = "/b" }, c = { .path = "/c" };
	struct guest_disk *disks[] = { &a, &b }, *cdroms[] = { &c };

	(void)state;
	guest.disks = disks;
	guest.disk_count = 2;
	guest.cdroms = cdroms;
	guest.cdrom_count = 1;
	assert_string_equal(check(&guest), "");
	c.path = "/b";
	ASSERT_REFUSED(&guest, "Path=: /b stands in ");
	c.path = NULL;
	ASSERT_REFUSED(&guest, "Path=: [CDROM] has none");
	b.path = NULL;
	ASSERT_REFUSED(&guest, "Path=: [Disk] has none");
}

static void a_monitor_has_one_section_and_two_inputs(void **state)
{
	struct guest guest = right(&guest);
	struct guest_display a = { .maker = "DEL", .product = 1, .guest_input = 15 }, b = a;
	struct guest_display *displays[] = { &a, &b };

	(void)state;
	guest.displays = displays;
	guest.display_count = 2;
	ASSERT_REFUSED(&guest, "Monitor=: this monitor has a [Display] section already");
	b.serial = "x"; /* the first one means this one as well */
	ASSERT_REFUSED(&guest, "Monitor=: this monitor has a [Display] section already");
	a.serial = "y";
	assert_string_equal(check(&guest), "");
	a.has_host_input = true;
	a.host_input = 15;
	ASSERT_REFUSED(&guest, "HostInput=: is the same as GuestInput=");
	a.guest_input = 0;
	ASSERT_REFUSED(&guest, "GuestInput=: [Display] has none");
	a.maker[0] = '\0';
	ASSERT_REFUSED(&guest, "Monitor=: [Display] has none");
}

static void an_input_section_names_a_node(void **state)
{
	struct guest guest = right(&guest);
	struct guest_input a = { .toggle = "ctrl-ctrl" };
	struct guest_input *inputs[] = { &a };

	(void)state;
	guest.inputs = inputs;
	guest.input_count = 1;
	ASSERT_REFUSED(&guest, "Keyboard=: [Input] has neither Keyboard= nor Mouse=");
	a.mouse = "auto";
	assert_string_equal(check(&guest), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_a_whole_number_of_pages),
		cmocka_unit_test(a_device_is_an_address_and_an_identity_named_once),
		cmocka_unit_test(disks_do_not_share_a_file),
		cmocka_unit_test(a_monitor_has_one_section_and_two_inputs),
		cmocka_unit_test(an_input_section_names_a_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
