/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pciaddr: addresses and identities, as text and back. */
#include "tree.h"

#include "cleanup.h"
#include "pciaddr.h"

static void an_address_is_read_and_written_as_sysfs_does(void **state)
{
	static const char *const right[] = { "0000:00:00.0", "0000:01:00.0", "ffff:ff:1f.7",
					     "10000:e0:17.5", "0001:0a:0b.3" };
	struct pciaddr addr;
	char text[PCIADDR_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_int_equal(pciaddr_parse(right[i], &addr), 0);
		assert_string_equal(pciaddr_format(&addr, text), right[i]);
	}
	assert_int_equal(pciaddr_parse("0000:AB:0C.1", &addr), 0);
	assert_int_equal(addr.bus, 0xab);
	assert_int_equal(addr.slot, 0x0c);
	assert_int_equal(addr.function, 1);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"01:00.0",
		"0000:01:00",
		"0000:01:00.",
		"0000:01:00.8",
		"0000:01:20.0",
		"0000:01:00.00",
		"0000:1:00.0",
		"0000:001:00.0",
		"000:01:00.0",
		"100000:01:00.0",
		" 0000:01:00.0",
		"0000:01:00.0 ",
		"0000:01:00.0\n",
		"0000:01:0g.0",
		"0x00:01:00.0",
		"0000:0x:00.0",
		"0000:01:-1.0",
		"0000.01.00.0",
		"0000:01:00:0",
		"../01:00.0",
		"0000:01:00.0/driver",
	};
	struct pciaddr addr = { 1, 2, 3, 4 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (pciaddr_parse(wrong[i], &addr) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_int_equal(addr.domain, 1);
	assert_int_equal(addr.function, 4);
}

static struct pciaddr at(const char *text)
{
	struct pciaddr addr;

	assert_int_equal(pciaddr_parse(text, &addr), 0);
	return addr;
}

static void order_and_slots(void **state)
{
	static const char *const ordered[] = { "0000:00:00.0", "0000:00:00.1", "0000:00:01.0",
					       "0000:00:1f.7", "0000:01:00.0", "0001:00:00.0",
					       "10000:00:00.0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ordered); i++)
		for (size_t k = 0; k < ARRAY_SIZE(ordered); k++) {
			struct pciaddr a = at(ordered[i]), b = at(ordered[k]);

			assert_int_equal(pciaddr_compare(&a, &b), (i > k) - (i < k));
		}
	for (size_t i = 1; i < 8; i++) {
		struct pciaddr a = at("0000:01:00.0"), b = a;

		b.function = (uint8_t)i;
		assert_true(pciaddr_is_same_slot(&a, &b));
		b.slot = 1;
		assert_false(pciaddr_is_same_slot(&a, &b));
	}
}

static void identities_are_two_or_four_numbers(void **state)
{
	static const char *const wrong[] = { "",
					     "10de",
					     "10de:",
					     "10de:2684:",
					     "10de:2684:1043",
					     "10de:2684:1043:",
					     "10de:268",
					     "10de:02684",
					     "0x10:2684",
					     "10de:2684:1043:88e2:1",
					     "10de 2684",
					     " 10de:2684",
					     "10de:26g4" };
	struct pciids ids = { .vendor = 7 };
	char text[PCIIDS_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (pciids_parse(wrong[i], &ids) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_int_equal(ids.vendor, 7);
	assert_int_equal(pciids_parse("10DE:2684", &ids), 0);
	assert_false(ids.has_subsystem);
	assert_string_equal(pciids_format(&ids, text), "10de:2684");
	assert_int_equal(pciids_parse("10de:2684:1043:88e2", &ids), 0);
	assert_true(ids.has_subsystem);
	assert_string_equal(pciids_format(&ids, text), "10de:2684:1043:88e2");
}

static void a_subsystem_counts_only_when_it_is_wanted(void **state)
{
	static const struct {
		const char *wanted, *found;
		bool expected;
	} cases[] = {
		{ "10de:2684", "10de:2684:1043:88e2", true },
		{ "10de:2684:1043:88e2", "10de:2684:1043:88e2", true },
		{ "10de:2684:1043:88e2", "10de:2684:1458:88e2", false },
		{ "10de:2684:1043:88e2", "10de:2684:1043:40bf", false },
		{ "10de:2684", "10de:2685:1043:88e2", false },
		{ "10de:2684", "1002:2684:1043:88e2", false },
		{ "10de:2684:0000:0000", "10de:2684:0000:0000", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pciids wanted, found;

		assert_int_equal(pciids_parse(cases[i].wanted, &wanted), 0);
		assert_int_equal(pciids_parse(cases[i].found, &found), 0);
		assert_int_equal(pciids_match(&wanted, &found), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_read_and_written_as_sysfs_does),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(order_and_slots),
		cmocka_unit_test(identities_are_two_or_four_numbers),
		cmocka_unit_test(a_subsystem_counts_only_when_it_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
