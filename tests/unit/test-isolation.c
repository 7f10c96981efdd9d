/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isolation: a guest's functions as they are and as they were found. */
#include "pcibench.h"

#include "isolationrecord.h"

static void the_display_function_comes_last_and_old_values_are_read(void **state)
{
	const struct tree *tree = *state;
	struct pcibench bench;

	pcibench_make(tree);
	pcibench_look(tree, &bench);
	assert_int_equal(bench.iso.count, 2);
	assert_int_equal(bench.iso.functions[0].dev.addr.function, 1);
	assert_int_equal(bench.iso.functions[1].dev.addr.function, 0);
	assert_string_equal(bench.iso.functions[1].home, "nouveau");
	assert_string_equal(bench.iso.functions[1].found.power, "auto");
	assert_string_equal(bench.iso.functions[1].found.reset_method, "flr bus");
	assert_string_equal(bench.iso.functions[0].found.reset_method, "");
	assert_true(isolation_is_first_of_group(&bench.iso, 0));
	assert_false(isolation_is_first_of_group(&bench.iso, 1));
	pcibench_leave(&bench);
}

static void a_record_gives_back_what_was_noted(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_new("win11", "isolate");
	struct isolation iso;
	struct pcibench bench;

	pcibench_make(tree);
	pcibench_look(tree, &bench);
	for (size_t i = 0; i < bench.iso.count; i++)
		assert_int_equal(isolationrecord_note(record, &bench.iso.functions[i]), 0);
	assert_int_equal(isolation_recall(&tree->host, record, -1, &iso), 0);
	assert_int_equal(iso.count, 2);
	for (size_t i = 0; i < iso.count; i++) {
		const struct isolation_state *is = &iso.functions[i].found;
		const struct isolation_state *was = &bench.iso.functions[i].found;

		assert_true(iso.functions[i].present);
		assert_true(iso.functions[i].recorded);
		assert_int_equal(iso.functions[i].dev.iommu_group, 14);
		assert_string_equal(is->driver, was->driver);
		assert_string_equal(is->override, was->override);
		assert_string_equal(is->power, was->power);
		assert_string_equal(is->d3cold, was->d3cold);
		assert_string_equal(is->reset_method, was->reset_method);
		assert_string_equal(iso.functions[i].home, bench.iso.functions[i].home);
	}
	isolation_done(&iso);
	pcitree_attribute(tree, AUDIO, "device", "0xffff");
	assert_int_equal(isolation_recall(&tree->host, record, -1, &iso), 0);
	assert_false(iso.functions[0].present);
	assert_true(iso.functions[1].present);
	isolation_done(&iso);
	pcibench_leave(&bench);
	record_free(record);
}

/* An old kernel has no reset_method, and a device without a method has no such file either. */
static void an_absent_attribute_is_recorded_as_absent(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_new("win11", "isolate");
	struct isolation iso;
	struct pcibench bench;

	pcibench_make(tree);
	pcitree_attribute(tree, GPU, "reset_method", "");
	tree_remove(tree, "sys/bus/pci/devices/" AUDIO "/d3cold_allowed");
	pcibench_look(tree, &bench);
	for (size_t i = 0; i < bench.iso.count; i++)
		assert_int_equal(isolationrecord_note(record, &bench.iso.functions[i]), 0);
	assert_string_equal(record_get(record, GPU, "reset_method"), "");
	assert_null(record_get(record, AUDIO, "reset_method"));
	assert_null(record_get(record, AUDIO, "d3cold_allowed"));
	assert_int_equal(isolation_recall(&tree->host, record, -1, &iso), 0);
	assert_false(iso.functions[0].found.has_reset_method);
	assert_string_equal(iso.functions[0].found.d3cold, "");
	assert_true(iso.functions[1].found.has_reset_method);
	assert_string_equal(iso.functions[1].found.d3cold, "1");
	isolation_done(&iso);
	pcibench_leave(&bench);
	record_free(record);
}

static void a_record_that_lacks_something_is_no_record(void **state)
{
	static const char *const keys[] = { "identity", "iommu_group", "home", "driver" };
	const struct tree *tree = *state;
	struct isolation iso;
	struct pcibench bench;

	pcibench_make(tree);
	pcibench_look(tree, &bench);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct record *record = record_new("win11", "isolate");

		assert_int_equal(record_set(record, GPU, "identity", "10de:2684"), 0);
		assert_int_equal(record_set(record, GPU, "iommu_group", "14"), 0);
		assert_int_equal(record_set(record, GPU, keys[i], i < 2 ? "?" : ""), 0);
		assert_int_equal(isolation_recall(&tree->host, record, -1, &iso), -EBADMSG);
		record_free(record);
	}
	pcibench_leave(&bench);
}

static void a_function_of_a_prepared_guest_was_free_before(void **state)
{
	const struct tree *tree = *state;
	struct pcibench bench;

	pcibench_make(tree);
	tree_remove(tree, "sys/bus/pci/devices/" GPU "/driver");
	pcitree_link(tree, GPU, "driver", "../../../../bus/pci/drivers/vfio-pci");
	pcitree_attribute(tree, GPU, "driver_override", "vfio-pci");
	pcibench_look(tree, &bench);
	assert_string_equal(bench.iso.functions[1].home, "vfio-pci");
	assert_string_equal(bench.iso.functions[1].found.override, "vfio-pci");
	pcibench_leave(&bench);
	/* Of a target that was disabled since: the override is somebody's own. */
	tree_write(tree, "etc/vxm/prepared/win11", GPU " 10de:2684:1043:88e2 nvidia\n");
	pcibench_look(tree, &bench);
	assert_string_equal(bench.iso.functions[1].home, "vfio-pci");
	assert_string_equal(bench.iso.functions[1].found.override, "vfio-pci");
	pcibench_leave(&bench);
	tree_link(tree, "etc/systemd/system/multi-user.target.wants/vxm-prepare@win11.target", "x");
	pcibench_look(tree, &bench);
	assert_string_equal(bench.iso.functions[1].home, "nvidia");
	assert_string_equal(bench.iso.functions[1].found.driver, "");
	assert_string_equal(bench.iso.functions[1].found.override, "");
	assert_string_equal(bench.iso.functions[1].found.power, "");
	pcibench_leave(&bench);
}

static size_t count_prepared(const struct tree *tree, const char *guest, struct isolation *iso)
{
	assert_int_equal(isolation_recall_prepared(&tree->host, guest, iso), 0);
	return iso->count;
}

/* Without a start: what is on record, carries our override, and nobody has. */
static void what_the_boot_took_is_found_without_a_record(void **state)
{
	const struct tree *tree = *state;
	struct isolation iso;

	pcibench_make(tree);
	assert_int_equal(count_prepared(tree, "win11", &iso), 0);
	tree_write(tree, "etc/vxm/prepared/win11",
		   GPU " 10de:2684:1043:88e2 nvidia\n" AUDIO " 10de:22ba:1043:88e2 -\n");
	tree_link(tree, "etc/systemd/system/multi-user.target.wants/vxm-prepare@win11.target", "x");
	assert_int_equal(count_prepared(tree, "win11", &iso), 0);
	isolation_done(&iso);
	pcitree_attribute(tree, GPU, "driver_override", "vfio-pci");
	pcitree_attribute(tree, AUDIO, "driver_override", "vfio-pci");
	assert_int_equal(count_prepared(tree, "win11", &iso), 2);
	assert_string_equal(iso.functions[0].home, ISOLATION_ANY);
	assert_string_equal(iso.functions[1].home, "nvidia");
	assert_string_equal(iso.functions[1].found.override, "");
	assert_true(iso.functions[1].present);
	assert_int_equal(iso.functions[1].dev.iommu_group, 14);
	isolation_done(&iso);
	tree_write(tree, "run/vxm/other/isolate", AUDIO " home x\n");
	assert_int_equal(count_prepared(tree, "win11", &iso), 1);
	isolation_done(&iso);
	pcitree_attribute(tree, GPU, "subsystem_device", "0xffff");
	assert_int_equal(count_prepared(tree, "win11", &iso), 0);
	isolation_done(&iso);
	tree_write(tree, "etc/vxm/prepared/win11", GPU " 10de");
	assert_int_equal(isolation_recall_prepared(&tree->host, "win11", &iso), -EBADMSG);
}

static void what_stays_is_on_record_and_stays_only_as_a_whole_card(void **state)
{
	const struct tree *tree = *state;
	struct record *record = record_new("win11", "isolate");
	struct isolation_function *functions;
	struct pcibench bench;
	struct isolation iso;

	pcibench_make(tree);
	pcibench_look(tree, &bench);
	functions = bench.iso.functions;
	for (size_t i = 0; i < 2; i++)
		snprintf(functions[i].now.driver, sizeof(functions[i].now.driver),
			 ISOLATION_DRIVER);
	assert_false(isolation_is_kept(&bench.iso));
	functions[0].keep = true;
	assert_false(isolation_is_kept(&bench.iso));
	functions[1].keep = true;
	assert_true(isolation_is_kept(&bench.iso));
	functions[0].now.driver[0] = '\0';
	assert_false(isolation_is_kept(&bench.iso));
	functions[0].present = false;
	assert_true(isolation_is_kept(&bench.iso));
	functions[0].keep = false;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(isolationrecord_note(record, &functions[i]), 0);
	assert_int_equal(isolation_recall(&tree->host, record, -1, &iso), 0);
	assert_false(iso.functions[0].keep);
	assert_true(iso.functions[1].keep);
	isolation_done(&iso);
	pcibench_leave(&bench);
	record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_display_function_comes_last_and_old_values_are_read),
		tree_test(a_record_gives_back_what_was_noted),
		tree_test(an_absent_attribute_is_recorded_as_absent),
		tree_test(a_record_that_lacks_something_is_no_record),
		tree_test(a_function_of_a_prepared_guest_was_free_before),
		tree_test(what_the_boot_took_is_found_without_a_record),
		tree_test(what_stays_is_on_record_and_stays_only_as_a_whole_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
