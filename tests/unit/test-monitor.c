/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor, the parts that ask no hardware: which monitor is meant, what values are called. */
#include "tree.h"

#include "monitor.h"

static struct monitor monitor(const char *maker, uint16_t product, const char *serial, bool has_ddc)
{
	struct monitor monitor = { .has_ddc = has_ddc };

	snprintf(monitor.edid.manufacturer, sizeof(monitor.edid.manufacturer), "%s", maker);
	snprintf(monitor.edid.serial_text, sizeof(monitor.edid.serial_text), "%s", serial);
	monitor.edid.product_code = product;
	monitor.edid.has_serial_text = true;
	monitor.edid.is_usable = true;
	edid_format(&monitor.edid, monitor.identity);
	return monitor;
}

static void add(struct monitor_list *list, struct monitor item)
{
	item.bus = (int)list->count;
	list->items[list->count++] = item;
}

static void finds_by_maker_product_and_serial(void **state)
{
	struct monitor_list list = { .count = 0 };
	const struct monitor *found = NULL;

	(void)state;
	add(&list, monitor("DEL", 0xa0c4, "H1", true));
	add(&list, monitor("DEL", 0xa0c4, "H2", true));
	add(&list, monitor("GSM", 0x5b11, "H2", true));
	assert_int_equal(monitor_find(&list, "DEL", 0xa0c4, "H2", &found), 0);
	assert_int_equal(found->bus, 1);
	assert_int_equal(monitor_find(&list, "GSM", 0x5b11, NULL, &found), 0);
	assert_int_equal(found->bus, 2);
	assert_int_equal(monitor_find(&list, "DEL", 0xa0c4, "H3", &found), -ENODEV);
	assert_int_equal(monitor_find(&list, "DEL", 0xa0c4, NULL, &found), -ENOTUNIQ);
	assert_int_equal(found->bus, 2); /* untouched */
}

static void of_a_monitor_on_two_cables_the_one_that_answers_is_taken(void **state)
{
	struct monitor_list list = { .count = 0 };
	const struct monitor *found;

	(void)state;
	add(&list, monitor("DEL", 0xa0c4, "H1", false));
	add(&list, monitor("DEL", 0xa0c4, "H1", true));
	assert_int_equal(monitor_find(&list, "DEL", 0xa0c4, "H1", &found), 0);
	assert_int_equal(found->bus, 1);
}

static void names_the_inputs_of_mccs(void **state)
{
	(void)state;
	assert_string_equal(monitor_input_name(0x0f), "dp-1");
	assert_string_equal(monitor_input_name(0x12), "hdmi-2");
	assert_null(monitor_input_name(0x00));
	assert_null(monitor_input_name(0x05));
	assert_null(monitor_input_name(0xff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_maker_product_and_serial),
		cmocka_unit_test(of_a_monitor_on_two_cables_the_one_that_answers_is_taken),
		cmocka_unit_test(names_the_inputs_of_mccs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
