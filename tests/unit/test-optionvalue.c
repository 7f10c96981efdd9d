/* SPDX-License-Identifier: GPL-2.0-or-later */
/* optionvalue: each type of value, by the keys that have it: the whole text or nothing. */
#include "tree.h"

#include "guestspec.h"
#include "option.h"

/* A struct that is large enough for each section. */
union any {
	struct guest guest;
	struct guest_device device;
	struct guest_disk disk;
	struct guest_input input;
	struct guest_display display;
};

/* What no key takes, whatever its type; a failed parser leaves its field alone. */
static void hostile_values_are_refused_and_leave_the_field_alone(void **state)
{
	static const char *const values[] = {
		"\x01", "-1",	 "0x",	   " ",	    "99999999999999999999999999",
		"1e3",	"2M 1G", "yes;no", "../..", "10de:2684:",
		"a,b=c"
	};
	size_t count;
	const struct option_key *keys = option_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			struct strlist texts = STRLIST_EMPTY;
			union any section, before;
			int r;

			if (option_is_remove(&keys[i]) || keys[i].parse == optionvalue_text)
				continue;
			if (keys[i].parse == optionvalue_flags && strcmp(values[v], " ") == 0)
				continue; /* no words */
			memset(&section, 0x5a, sizeof(section));
			before = section;
			r = option_set(&keys[i], values[v], &section, &texts);
			if (r != -EINVAL && r != -ERANGE)
				fail_msg("%s=%s gives %d", keys[i].name, values[v], r);
			assert_memory_equal(&section, &before, sizeof(section));
			strlist_done(&texts);
		}
}

static int set(enum option_section_id id, const char *key, const char *value, union any *section)
{
	struct strlist texts = STRLIST_EMPTY;
	int r = option_set(option_find(id, key), value, section, &texts);

	strlist_done(&texts);
	return r;
}

static void bounds_are_told_apart_from_forms(void **state)
{
	static const struct {
		enum option_section_id id;
		const char *key, *value;
		int expected;
	} cases[] = {
		{ OPTION_GUEST, "CPUs", "0", -ERANGE },
		{ OPTION_GUEST, "CPUs", "1", 0 },
		{ OPTION_GUEST, "CPUs", "288", 0 },
		{ OPTION_GUEST, "CPUs", "+1", -EINVAL },
		{ OPTION_GUEST, "Memory", "64M", 0 },
		{ OPTION_GUEST, "Memory", "65535K", -ERANGE },
		{ OPTION_GUEST, "Memory", "16", -EINVAL },
		{ OPTION_GUEST, "Memory", "16g", -EINVAL },
		{ OPTION_GUEST, "Memory", "16 G", -EINVAL },
		{ OPTION_GUEST, "Memory", "16GiB", 0 },
		{ OPTION_GUEST, "Memory", "99999999T", -ERANGE },
		{ OPTION_GUEST, "Shutdown", "4s", -ERANGE },
		{ OPTION_GUEST, "Shutdown", "1h", 0 },
		{ OPTION_GUEST, "Shutdown", "2h", -ERANGE },
		{ OPTION_GUEST, "Hugepages", "off", -EINVAL },
		{ OPTION_GPU, "Device", "01:00.0", -EINVAL },
		{ OPTION_GPU, "Device", "0000:01:20.0", -EINVAL },
		{ OPTION_GPU, "Device", "0000:01:1f.8", -EINVAL },
		{ OPTION_GPU, "Identity", "10DE:2684", 0 },
		{ OPTION_GPU, "Identity", "10de:2684:1043", -EINVAL },
		{ OPTION_GPU, "ROM", "", 0 },
		{ OPTION_GPU, "ROM", "/", -EINVAL },
		{ OPTION_GPU, "ROM", "/a//b", -EINVAL },
		{ OPTION_GPU, "ROM", "/a/", -EINVAL },
		{ OPTION_GPU, "ROM", "/a/../b", -EINVAL },
		{ OPTION_GPU, "ROM", "/a/..b", 0 },
		{ OPTION_GPU, "ROM", "/a/./b", -EINVAL },
		{ OPTION_GPU, "Allow", "boot-display,removable", -EINVAL },
		{ OPTION_GPU, "Allow", "boot-displa", -EINVAL },
		{ OPTION_GPU, "Services", "nvidia-persistenced", -EINVAL },
		{ OPTION_GPU, "Services", "a.service,b.service", -EINVAL },
		{ OPTION_GPU, "Services", "a.service b.target", -EINVAL },
		{ OPTION_GPU, "Services", "a.service ../b.service", -EINVAL },
		{ OPTION_GPU, "Services", "a@.service", -EINVAL },
		{ OPTION_GPU, "Services", "@b.service", -EINVAL },
		{ OPTION_GPU, "Services", ".service", -EINVAL },
		{ OPTION_GPU, "Services", "vxm-guest@win11.service", -EINVAL },
		{ OPTION_GPU, "BAR", "0:256M 1:8G", 0 },
		{ OPTION_PCI, "BAR", "0:300M", -ERANGE },
		{ OPTION_PCI, "BAR", "resource0 256M", -EINVAL },
		{ OPTION_GPU, "Reset", "flr bus", 0 },
		{ OPTION_GPU, "Reset", "none", 0 },
		{ OPTION_GPU, "Reset", "none flr", -EINVAL },
		{ OPTION_GPU, "Reset", "flr flr", -EINVAL },
		{ OPTION_GPU, "Reset", "default", -EINVAL },
		{ OPTION_PCI, "Power", "on", 0 },
		{ OPTION_PCI, "Power", "off", -EINVAL },
		{ OPTION_LOOKING_GLASS, "Size", "48M", -ERANGE },
		{ OPTION_LOOKING_GLASS, "Size", "512K", -ERANGE },
		{ OPTION_LOOKING_GLASS, "Size", "2G", -ERANGE },
		{ OPTION_LOOKING_GLASS, "Size", "1M", 0 },
		{ OPTION_DISPLAY, "Monitor", "DEL:a0c4", 0 },
		{ OPTION_DISPLAY, "Monitor", "DEL:a0c4:", -EINVAL },
		{ OPTION_DISPLAY, "Monitor", "del:a0c4", -EINVAL },
		{ OPTION_DISPLAY, "Monitor", "DEL:a0c", -EINVAL },
		{ OPTION_DISPLAY, "Monitor", "DEL:a0c45", -EINVAL },
		{ OPTION_DISPLAY, "Monitor", "DEL:0x45", -EINVAL },
		{ OPTION_DISPLAY, "Monitor", "DE", -EINVAL },
		{ OPTION_DISPLAY, "GuestInput", "0", -ERANGE },
		{ OPTION_DISPLAY, "GuestInput", "256", -ERANGE },
		{ OPTION_DISPLAY, "GuestInput", "0xFF", 0 },
		{ OPTION_DISPLAY, "GuestInput", "HDMI-1", -EINVAL },
		{ OPTION_DISPLAY, "HostInput", "", -EINVAL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		union any section = { 0 };
		int r = set(cases[i].id, cases[i].key, cases[i].value, &section);

		if (r != cases[i].expected)
			fail_msg("%s=%s gives %d", cases[i].key, cases[i].value, r);
	}
}

static void several_words_make_one_number(void **state)
{
	union any section = { 0 };

	(void)state;
	assert_int_equal(set(OPTION_GPU, "Allow", " removable\t boot-display ", &section), 0);
	assert_int_equal(section.device.allow, GUEST_ALLOW_BOOT_DISPLAY | GUEST_ALLOW_REMOVABLE);
	assert_int_equal(set(OPTION_GPU, "Allow", "", &section), 0);
	assert_int_equal(section.device.allow, 0);
}

static void units_are_taken_as_they_stand(void **state)
{
	static const char units[] =
		"nvidia-persistenced.service  a@b\\x2dc:d.socket\tz.timer f.path";
	const struct option_key *key = option_find(OPTION_GPU, "Services");
	struct strlist texts = STRLIST_EMPTY;
	struct guest_device section = { .services = "" };

	(void)state;
	assert_int_equal(option_set(key, units, &section, &texts), 0);
	assert_string_equal(section.services, units);
	assert_int_equal(option_set(key, "", &section, &texts), 0);
	assert_null(section.services);
	strlist_done(&texts);
}

/* As the kernel takes and shows them. */
static void ways_to_reset_keep_their_order_with_one_blank_between(void **state)
{
	struct strlist texts = STRLIST_EMPTY;
	union any section = { 0 };
	const struct option_key *key = option_find(OPTION_GPU, "Reset");

	(void)state;
	assert_int_equal(option_set(key, " pm\t bus  flr ", &section.device, &texts), 0);
	assert_string_equal(section.device.reset, "pm bus flr");
	assert_int_equal(option_set(key, "device_specific acpi flr af_flr pm bus cxl_bus",
				    &section.device, &texts),
			 0);
	assert_string_equal(section.device.reset, "device_specific acpi flr af_flr pm bus cxl_bus");
	assert_int_equal(option_set(key, "", &section.device, &texts), 0);
	assert_null(section.device.reset);
	strlist_done(&texts);
}

static void a_monitor_is_three_parts_of_which_the_last_is_any_text(void **state)
{
	struct strlist texts = STRLIST_EMPTY;
	union any section = { 0 };
	const struct option_key *key = option_find(OPTION_DISPLAY, "Monitor");

	(void)state;
	assert_int_equal(option_set(key, "GSM:5B08:a:b c", &section, &texts), 0);
	assert_string_equal(section.display.maker, "GSM");
	assert_int_equal(section.display.product, 0x5b08);
	assert_string_equal(section.display.serial, "a:b c");
	/* Set again without a serial: the earlier one is gone. */
	assert_int_equal(option_set(key, "DEL:0000", &section, &texts), 0);
	assert_null(section.display.serial);
	strlist_done(&texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_values_are_refused_and_leave_the_field_alone),
		cmocka_unit_test(bounds_are_told_apart_from_forms),
		cmocka_unit_test(several_words_make_one_number),
		cmocka_unit_test(units_are_taken_as_they_stand),
		cmocka_unit_test(ways_to_reset_keep_their_order_with_one_blank_between),
		cmocka_unit_test(a_monitor_is_three_parts_of_which_the_last_is_any_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
