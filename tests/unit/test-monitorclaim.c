/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitorclaim, the parts that ask no hardware: who has a monitor, and what is told. */
#include "tree.h"

#include "monitorclaim.h"

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

static const struct guest_display wanted = {
	.maker = "DEL",
	.product = 0xa0c4,
	.serial = "H1",
	.guest_input = 0x11,
	.has_host_input = true,
	.host_input = 0x0f,
};

static void an_absent_monitor_is_told_and_nothing_is_recorded(void **state)
{
	const struct tree *tree = *state;
	struct monitor_list list = { .count = 0 };
	struct record *record = record_new("demo", MONITORCLAIM_KIND);
	struct monitorclaim_story story;

	tree_mkdir(tree, "run");
	assert_int_equal(monitorclaim_switch(&tree->host, &list, &wanted, "demo", record, &story),
			 -ENODEV);
	assert_non_null(strstr(story.text, "DEL:a0c4:H1 was not switched"));
	assert_null(record_object(record, 0));
	record_free(record);
}

static void a_monitor_of_another_guest_is_left_alone(void **state)
{
	const struct tree *tree = *state;
	struct monitor_list list = { .count = 0 };
	struct record *record = record_new("demo", MONITORCLAIM_KIND);
	struct monitorclaim_story story;

	add(&list, monitor("DEL", 0xa0c4, "H1", true));
	tree_write(tree, "run/vxm/first/display", "DEL:a0c4:H1 input 0x0f\n");
	assert_int_equal(monitorclaim_switch(&tree->host, &list, &wanted, "demo", record, &story),
			 -EBUSY);
	assert_string_equal(story.text,
			    "monitor DEL:a0c4:H1 was left alone: the guest first has it");
	assert_null(record_object(record, 0));
	record_free(record);
}

static unsigned asked;

static int runs(const char *guest)
{
	assert_string_equal(guest, "demo");
	asked++;
	return 1;
}

static int has_ended(const char *guest)
{
	return runs(guest) - 1;
}

/* The first answer lets the watch go on, the second ends it. */
static int runs_once(const char *guest)
{
	return runs(guest) && asked == 1;
}

static int is_unknown_once(const char *guest)
{
	return runs(guest) && asked == 1 ? -ENOTCONN : 0;
}

/* Watches a monitor that never takes its input. Returns how often it was set again. */
static unsigned watch(const struct tree *tree, int (*is_running)(const char *))
{
	struct guest_display display = wanted, *displays[] = { &display };
	struct guest guest = { .name = "demo", .displays = displays, .display_count = 1 };
	struct monitor_list list = { .count = 0 };
	struct record *record = record_new("demo", MONITORCLAIM_KIND);
	struct monitorclaim claim = { .wanted = &display, .result = -EREMOTEIO };

	tree_mkdir(tree, "run");
	asked = 0;
	monitorclaim_watch(&tree->host, &list, &guest, record, INT64_MAX, is_running, &claim);
	record_free(record);
	return claim.lapses;
}

/* Its stop waits for the lock that the watch holds. */
static void the_watch_ends_with_the_guest_and_sets_nothing_more(void **state)
{
	assert_int_equal(watch(*state, has_ended), 0);
	assert_int_equal(asked, 1);
}

static void the_watch_goes_on_while_the_guest_runs(void **state)
{
	assert_int_equal(watch(*state, runs_once), 1);
	assert_int_equal(asked, 2);
}

static void the_watch_goes_on_while_nobody_can_tell(void **state)
{
	assert_int_equal(watch(*state, is_unknown_once), 1);
	assert_int_equal(asked, 2);
}

/* A monitor that wakes up is absent for a moment: another scan may find it, the last one tells. */
static void an_absent_monitor_is_looked_for_again_while_that_may_be(void **state)
{
	const struct tree *tree = *state;
	struct guest_display display = wanted, *displays[] = { &display };
	struct guest guest = { .name = "demo", .displays = displays, .display_count = 1 };
	struct monitor_list list = { .count = 0 };
	struct record *record = record_new("demo", MONITORCLAIM_KIND);
	struct monitorclaim claim = { .result = 0 };

	tree_mkdir(tree, "run");
	assert_int_equal(
		monitorclaim_switch_all(&tree->host, &list, &guest, record, 30, true, runs, &claim),
		-EAGAIN);
	assert_int_equal(monitorclaim_switch_all(&tree->host, &list, &guest, record, 30, false,
						 runs, &claim),
			 0);
	assert_int_equal(claim.result, -ENODEV);
	assert_ptr_equal(claim.wanted, &display);
	assert_int_equal(claim.lapses, 0);
	assert_non_null(strstr(claim.story.text, "DEL:a0c4:H1 was not switched"));
	record_free(record);
}

static void what_cannot_be_put_back_is_told_with_the_way_out(void **state)
{
	struct monitor_list list = { .count = 0 };
	struct record *record = record_new("demo", MONITORCLAIM_KIND);
	struct monitorclaim_story story;

	(void)state;
	assert_int_equal(record_set(record, "DEL:a0c4:H1", "input", "0x0f"), 0);
	assert_int_equal(monitorclaim_restore(&list, record, "DEL:a0c4:H1", &story), -ENODEV);
	assert_non_null(strstr(story.text, "is not back on input 0x0f"));
	assert_non_null(strstr(story.text, "own menu"));
	assert_int_equal(record_set(record, "DEL:a0c4:H1", "input", "dp-1"), 0);
	assert_int_equal(monitorclaim_restore(&list, record, "DEL:a0c4:H1", &story), -EBADMSG);
	record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(an_absent_monitor_is_told_and_nothing_is_recorded),
		tree_test(a_monitor_of_another_guest_is_left_alone),
		tree_test(an_absent_monitor_is_looked_for_again_while_that_may_be),
		tree_test(the_watch_ends_with_the_guest_and_sets_nothing_more),
		tree_test(the_watch_goes_on_while_the_guest_runs),
		tree_test(the_watch_goes_on_while_nobody_can_tell),
		cmocka_unit_test(what_cannot_be_put_back_is_told_with_the_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
