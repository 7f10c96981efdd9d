/* SPDX-License-Identifier: GPL-2.0-or-later */
/* takeover, giveback and vfionode: the record, the marks, and what is kept when something fails. */
#include "pcibench.h"

#include <signal.h>
#include <sys/wait.h>

#include "deadline.h"
#include "giveback.h"
#include "takeover.h"
#include "vfionode.h"

#define RECORD "run/vxm/win11/isolate"
#define MARK   "run/vxm/.access/vfio-14"

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

static void assert_override(const struct tree *tree, const char *text)
{
	char *is = NULL;

	assert_int_equal(host_read_file(&tree->host, "sys/bus/pci/devices/" GPU "/driver_override",
					64, &is, NULL),
			 0);
	assert_string_equal(is, text);
	free(is);
}

static void nothing_is_written_when_the_record_cannot_be(void **state)
{
	const struct tree *tree = *state;
	struct handover_failure failure;
	struct handover_plan plan;
	struct pcibench bench;

	pcibench_make(tree);
	tree_mkdir(tree, "run/vxm/win11/isolate");
	pcibench_look(tree, &bench);
	assert_int_equal(handover_plan_take(&bench.iso, &plan), 0);
	assert_true(takeover_run(&tree->host, "win11", &bench.iso, &plan, -1, &failure) < 0);
	assert_non_null(strstr(failure.text, "no device has moved"));
	assert_override(tree, "(null)\n");
	handover_plan_done(&plan);
	pcibench_leave(&bench);
}

static size_t told;

static void note(const struct isolation_function *function, const struct giveback *result)
{
	(void)function;
	(void)result;
	told++;
}

/* Each function is told as it is done. */
static void give_back(const struct host *host, const struct pcibench *bench, unsigned timeout_ms,
		      struct giveback results[static 2])
{
	told = 0;
	giveback_functions(host, "win11", &bench->iso, timeout_ms, -1, note, results);
	assert_int_equal(told, 2);
}

/* Plain files take the override and bind nothing: the record has to stand by then. */
static void the_record_stands_before_the_first_write(void **state)
{
	const struct tree *tree = *state;
	struct handover_failure failure;
	struct handover_plan plan;
	struct pcibench bench;

	pcibench_make(tree);
	tree_write(tree, "sys/bus/pci/drivers/nouveau/unbind", "");
	tree_write(tree, "sys/bus/pci/drivers/snd_hda_intel/unbind", "");
	tree_mkdir(tree, "run");
	pcibench_look(tree, &bench);
	assert_int_equal(handover_plan_take(&bench.iso, &plan), 0);
	assert_int_equal(takeover_run(&tree->host, "win11", &bench.iso, &plan, -1, &failure),
			 -EXDEV);
	assert_non_null(strstr(failure.text, "vxm-isolate stop win11 puts back what has moved"));
	assert_true(is_there(tree, RECORD));
	assert_false(is_there(tree, MARK));
	handover_plan_done(&plan);
	pcibench_leave(&bench);
}

static void what_has_failed_stays_in_the_record_with_its_mark(void **state)
{
	struct giveback results[2] = { { .error = 0 }, { .error = -EXDEV } };
	const struct tree *tree = *state;
	struct record *record = NULL;
	struct pcibench bench;

	pcibench_make(tree);
	tree_mkdir(tree, "run");
	pcibench_look(tree, &bench);
	assert_int_equal(vfionode_give(&tree->host, 14), 0);
	assert_int_equal(giveback_finish(&tree->host, "win11", &bench.iso, note, results), 0);
	assert_int_equal(record_load(&tree->host, "win11", "isolate", &record), 0);
	assert_null(record_get(record, AUDIO, "home"));
	assert_string_equal(record_get(record, GPU, "home"), "nouveau");
	assert_true(is_there(tree, MARK));
	record_free(record);
	results[1].error = 0;
	assert_int_equal(giveback_finish(&tree->host, "win11", &bench.iso, note, results), 0);
	assert_false(is_there(tree, "run/vxm/win11"));
	assert_false(is_there(tree, MARK));
	pcibench_leave(&bench);
}

static void a_function_that_is_as_it_was_found_is_not_written(void **state)
{
	const struct tree *tree = *state;
	struct giveback results[2];
	struct pcibench bench;

	pcibench_make(tree);
	pcibench_look(tree, &bench);
	give_back(&tree->host, &bench, 0, results);
	assert_int_equal(results[1].error, 0);
	assert_false(results[1].moved);
	assert_override(tree, "(null)\n");
	pcibench_leave(&bench);
}

static void a_held_group_is_waited_for_and_its_holder_named(void **state)
{
	const struct tree *tree = *state;
	struct giveback results[2];
	struct pcibench bench;

	pcibench_make(tree);
	tree_remove(tree, "sys/bus/pci/devices/" GPU "/driver");
	pcibench_look(tree, &bench);
	snprintf(bench.iso.functions[1].now.driver, 64, "vfio-pci");
	snprintf(bench.iso.functions[1].home, 64, "nouveau");
	tree_write(tree, "sys/class/vfio/14/dev", "244:0\n");
	tree_link(tree, "proc/77/fd/9", "/dev/vfio/14");
	tree_write(tree, "proc/77/comm", "qemu\n");
	give_back(&tree->host, &bench, 1000, results);
	assert_int_equal(results[1].error, -ETIMEDOUT);
	assert_non_null(
		strstr(results[1].failure.text, GPU " is still held by qemu (pid 77) through"));
	assert_non_null(strstr(results[1].failure.text, "then: vxm-isolate stop win11"));
	assert_override(tree, "(null)\n");
	pcibench_leave(&bench);
}

/* Of a dead card the whole header is ones; a healthy virtual function has ones for its ids alone.
 */
static void only_a_device_that_answers_is_given_to_a_host_driver(void **state)
{
	const struct tree *tree = *state;
	unsigned char header[256];
	struct giveback results[2];
	struct pcibench bench;

	pcibench_make(tree);
	tree_write(tree, "sys/bus/pci/drivers_probe", "");
	tree_remove(tree, "sys/bus/pci/devices/" GPU "/driver");
	pcibench_look(tree, &bench);
	snprintf(bench.iso.functions[1].home, 64, "nouveau");
	memset(header, 0xff, sizeof(header));
	tree_write_bytes(tree, "sys/bus/pci/devices/" GPU "/config", header, sizeof(header));
	give_back(&tree->host, &bench, 0, results);
	assert_int_equal(results[1].error, -EIO);
	assert_non_null(strstr(results[1].failure.text, GPU " does not answer"));
	assert_non_null(strstr(results[1].failure.text, "it stays without a driver. "));
	assert_override(tree, "(null)\n");
	memset(header + 4, 0, sizeof(header) - 4);
	tree_write_bytes(tree, "sys/bus/pci/devices/" GPU "/config", header, sizeof(header));
	give_back(&tree->host, &bench, 0, results);
	/* Plain files bind nothing, but the probe was written. */
	assert_int_equal(results[1].error, -EXDEV);
	assert_override(tree, "nouveau");
	pcibench_leave(&bench);
}

/* Two groups, and a process that lives and has both open: the second is not waited for anew. */
static void all_holders_together_have_one_deadline(void **state)
{
	const struct tree *tree = *state;
	struct giveback results[2];
	struct host host = tree->host;
	struct pcibench bench;
	char path[64];
	int64_t begin, took;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	pcibench_make(tree);
	pcibench_look(tree, &bench);
	for (size_t i = 0; i < 2; i++) {
		snprintf(bench.iso.functions[i].now.driver, 64, "vfio-pci");
		bench.iso.functions[i].dev.iommu_group = 14 + (int)i;
	}
	/* Numbers are compared on a machine that is not a recorded one: those of /dev/null. */
	tree_write(tree, "sys/class/vfio/14/dev", "1:3\n");
	tree_write(tree, "sys/class/vfio/15/dev", "1:3\n");
	snprintf(path, sizeof(path), "proc/%d/fd/9", (int)pid);
	tree_link(tree, path, "/dev/null");
	host.recorded = false;
	begin = deadline_now_ms();
	give_back(&host, &bench, 1000, results);
	took = deadline_now_ms() - begin;
	assert_int_equal(results[0].error, -ETIMEDOUT);
	assert_int_equal(results[1].error, -ETIMEDOUT);
	assert_true(took >= 1000 && took < 1900);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	pcibench_leave(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(nothing_is_written_when_the_record_cannot_be),
		tree_test(the_record_stands_before_the_first_write),
		tree_test(what_has_failed_stays_in_the_record_with_its_mark),
		tree_test(a_function_that_is_as_it_was_found_is_not_written),
		tree_test(a_held_group_is_waited_for_and_its_holder_named),
		tree_test(only_a_device_that_answers_is_given_to_a_host_driver),
		tree_test(all_holders_together_have_one_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
