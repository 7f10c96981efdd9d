/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hwname: names for people, and none where there is no database. */
#include "pcitree.h"

#include "hwname.h"

static void a_known_function_has_vendor_and_model(void **state)
{
	_cleanup_hwname_ struct hwname *names = NULL;
	struct pcidev dev = { .ids = { .vendor = 0x10de, .device = 0x2684 }, .class = 0x030000 };
	char buf[256];

	(void)state;
	assert_int_equal(hwname_open(&names), 0);
	assert_string_equal(hwname_device(names, &dev, buf, sizeof(buf)),
			    "NVIDIA Corporation AD102 [GeForce RTX 4090]");
	assert_string_equal(hwname_device(names, &dev, buf, 7), "NVIDIA");
}

static void an_unknown_model_has_its_vendors_name(void **state)
{
	_cleanup_hwname_ struct hwname *names = NULL;
	struct pcidev dev = { .ids = { .vendor = 0x10de, .device = 0xfffe }, .class = 0x030000 };
	char buf[256];

	(void)state;
	assert_int_equal(hwname_open(&names), 0);
	assert_string_equal(hwname_device(names, &dev, buf, sizeof(buf)), "NVIDIA Corporation");
	dev.ids.vendor = 0xfff0;
	assert_string_equal(hwname_device(names, &dev, buf, sizeof(buf)), "");
}

static void without_a_database_nothing_has_a_name(void **state)
{
	struct pcidev dev = { .ids = { .vendor = 0x10de, .device = 0x2684 } };
	char buf[8] = "before";

	(void)state;
	assert_string_equal(hwname_device(NULL, &dev, buf, sizeof(buf)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_function_has_vendor_and_model),
		cmocka_unit_test(an_unknown_model_has_its_vendors_name),
		cmocka_unit_test(without_a_database_nothing_has_a_name),
	};

	return cmocka_run_group_tests_name("hwname", tests, NULL, NULL);
}
