/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tuning: what is looked at for a section, and for a record. */
#include "pcibench.h"

#include "isolationrecord.h"
#include "tuning.h"

#define PORT "0000:00:01.0"

#define RESOURCE                                                     \
	"0x0000000080000000 0x0000000080ffffff 0x0000000000040200\n" \
	"0x0000006000000000 0x000000600fffffff 0x000000000014220c\n"

static void configure(const struct tree *tree, const char *lines)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "[Guest]\nMemory=1G\n[Disk]\nPath=/d\n[GPU]\nDevice=" GPU
		 "\nIdentity=10de:2684\n%s\n",
		 lines);
	tree_write(tree, "etc/vxm/guests/win11.conf", text);
}

static void make(const struct tree *tree, const char *lines)
{
	pcibench_make(tree);
	configure(tree, lines);
	tree_write(tree, "sys/bus/pci/devices/" GPU "/resource", RESOURCE);
	pcitree_attribute(tree, GPU, "resource1_resize", "0000000000002100");
}

static void only_what_the_section_sets_is_looked_at(void **state)
{
	const struct tree *tree = *state;
	struct pcibench bench;

	make(tree, "");
	pcibench_look(tree, &bench);
	assert_ptr_equal(tuning_section(&bench.iso.functions[1]), &bench.guest->gpu);
	assert_null(tuning_section(&bench.iso.functions[0]));
	assert_null(tuning_reset_method(&bench.guest->gpu));
	assert_int_equal(bench.iso.functions[1].found.bar_mib[1], 0);
	assert_false(bench.iso.functions[1].has_port);
	pcibench_leave(&bench);

	configure(tree, "BAR=1:8G 0:16M\nReset=none");
	pcibench_look(tree, &bench);
	assert_int_equal(bench.iso.functions[1].found.bar_mib[1], 256);
	assert_int_equal(bench.iso.functions[1].now.bar_mib[1], 256);
	assert_int_equal(bench.iso.functions[1].bar_offered[1], 0x2100);
	assert_int_equal(bench.iso.functions[1].found.bar_mib[0], 0);
	assert_string_equal(tuning_reset_method(&bench.guest->gpu), "");
	pcibench_leave(&bench);
}

/* What stands in the record is what was there first, whatever is there now. */
static void old_values_come_from_the_record_and_present_ones_from_the_kernel(void **state)
{
	const struct tree *tree = *state;
	struct isolation recalled = { 0 };
	struct record *record;
	struct pcibench bench;

	make(tree, "BAR=1:8G");
	tree_mkdir(tree, "run");
	pcibench_look(tree, &bench);
	record = record_new("win11", "isolate");
	bench.iso.functions[1].found.bar_mib[1] = 8192;
	assert_int_equal(isolationrecord_note(record, &bench.iso.functions[1]), 0);
	assert_string_equal(record_get(record, GPU, "resource1_resize"), "8192");
	assert_int_equal(record_save(&tree->host, record), 0);
	assert_int_equal(isolation_recall(&tree->host, record, -1, &recalled), 0);
	assert_int_equal(recalled.functions[0].found.bar_mib[1], 8192);
	assert_int_equal(recalled.functions[0].now.bar_mib[1], 256);
	assert_null(tuning_section(&recalled.functions[0]));
	isolation_done(&recalled);
	pcibench_leave(&bench);
	pcibench_look(tree, &bench);
	assert_int_equal(bench.iso.functions[1].found.bar_mib[1], 8192);
	pcibench_leave(&bench);
	assert_int_equal(record_set(record, GPU, "resource1_resize", "8G"), 0);
	assert_int_equal(isolation_recall(&tree->host, record, -1, &recalled), -EBADMSG);
	record_free(record);
}

static void a_port_is_recorded_by_the_guest_that_came_first(void **state)
{
	static const char real[] = "sys/devices/pci0000:00/" PORT "/" GPU;
	const struct tree *tree = *state;
	struct isolation recalled = { 0 };
	struct record *record;
	struct pcibench bench;
	char from[PATH_MAX], to[PATH_MAX];

	make(tree, "Power=on");
	tree_mkdir(tree, "run");
	pcitree_make(tree, PORT, "0x8086", "0xa70d", "0x060400", "1", "pcieport");
	tree_parents(tree, real);
	assert_int_equal(rename(tree_full(tree, "sys/bus/pci/devices/" GPU, from),
				tree_full(tree, real, to)),
			 0);
	tree_link(tree, "sys/bus/pci/devices/" GPU, "../../../devices/pci0000:00/" PORT "/" GPU);
	pcibench_look(tree, &bench);
	assert_true(bench.iso.functions[1].has_port);
	assert_string_equal(bench.iso.functions[1].port_found.control, "auto");
	assert_false(bench.iso.functions[0].has_port);
	record = record_new("win11", "isolate");
	assert_int_equal(isolationrecord_note(record, &bench.iso.functions[1]), 0);
	assert_true(isolationrecord_is_port(record, PORT));
	assert_false(isolationrecord_is_port(record, GPU));
	assert_int_equal(isolation_recall(&tree->host, record, -1, &recalled), 0);
	assert_int_equal(recalled.count, 1);
	assert_true(recalled.functions[0].has_port);
	assert_string_equal(recalled.functions[0].port_found.d3cold, "1");
	isolation_done(&recalled);
	pcibench_leave(&bench);
	record_free(record);

	record = record_new("other", "isolate");
	assert_int_equal(record_set(record, PORT, "child", "0000:01:00.4"), 0);
	assert_int_equal(record_save(&tree->host, record), 0);
	pcibench_look(tree, &bench);
	assert_false(bench.iso.functions[1].has_port);
	pcibench_leave(&bench);
	record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(only_what_the_section_sets_is_looked_at),
		tree_test(old_values_come_from_the_record_and_present_ones_from_the_kernel),
		tree_test(a_port_is_recorded_by_the_guest_that_came_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
