/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitorshow without a monitor to ask: the form of an empty list, and which monitors are left out.
 */
#include "tree.h"

#include "monitorshow.h"

static void print(const struct tree *tree, const struct monitor_list *list,
		  const struct guest *guest, bool json, char *buf, size_t size)
{
	FILE *out = fmemopen(buf, size, "w");

	assert_non_null(out);
	assert_int_equal(monitorshow_print(out, &tree->host, list, guest, json), 0);
	assert_int_equal(fclose(out), 0);
}

static void no_monitor_is_an_empty_list(void **state)
{
	const struct tree *tree = *state;
	const struct monitor_list list = { .count = 0 };
	char buf[64] = "";

	print(tree, &list, NULL, false, buf, sizeof(buf));
	assert_string_equal(buf, "");
	print(tree, &list, NULL, true, buf, sizeof(buf));
	assert_string_equal(buf, "[\n]\n");
}

/* A monitor that the guest does not mean is not asked either: that would need the library here. */
static void only_the_guests_monitors_are_asked(void **state)
{
	const struct tree *tree = *state;
	struct guest_display wanted = { .maker = "GSM", .product = 0x5b11 };
	struct guest_display *wanted_list[] = { &wanted };
	const struct guest guest = { .displays = wanted_list, .display_count = 1 };
	struct monitor_list list = { .count = 1 };
	char buf[64] = "";

	snprintf(list.items[0].edid.manufacturer, sizeof(list.items[0].edid.manufacturer), "DEL");
	print(tree, &list, &guest, true, buf, sizeof(buf));
	assert_string_equal(buf, "[\n]\n");
}

static void a_stream_that_takes_nothing_is_told(void **state)
{
	const struct tree *tree = *state;
	const struct monitor_list list = { .count = 0 };
	FILE *out = fopen("/dev/full", "we");

	assert_non_null(out);
	assert_int_equal(monitorshow_print(out, &tree->host, &list, NULL, true), -EIO);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(no_monitor_is_an_empty_list),
		tree_test(only_the_guests_monitors_are_asked),
		tree_test(a_stream_that_takes_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
