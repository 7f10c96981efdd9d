/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isolationtell: one line for each change, and none for what stays. */
#include "pcibench.h"

#include "isolationtell.h"

static char told[1024];

static void tell(enum tell_kind kind, const char *text)
{
	size_t n = strlen(told);

	snprintf(told + n, sizeof(told) - n, "%d %s\n", (int)kind, text);
}

static void each_function_that_moved_has_a_line(void **state)
{
	const struct tree *tree = *state;
	struct isolation_function *functions;
	struct pcibench bench;

	told[0] = '\0';
	pcibench_make(tree);
	pcibench_look(tree, &bench);
	functions = bench.iso.functions;
	isolationtell_taken(&bench.iso, tell);
	assert_string_equal(told, "0 " AUDIO ": snd_hda_intel -> vfio-pci\n0 " GPU
				  ": nouveau -> vfio-pci\n");
	told[0] = '\0';
	functions[0].now.driver[0] = '\0';
	snprintf(functions[1].now.driver, sizeof(functions[1].now.driver), ISOLATION_DRIVER);
	isolationtell_taken(&bench.iso, tell);
	assert_string_equal(told, "0 " AUDIO ": no driver -> vfio-pci\n");
	pcibench_leave(&bench);
}

static void a_return_tells_what_became_of_the_function(void **state)
{
	struct isolation_function function = { .present = true };
	struct giveback result = { .failure.text = "stays" };

	(void)state;
	told[0] = '\0';
	assert_int_equal(pciaddr_parse(GPU, &function.dev.addr), 0);
	isolationtell_returned(&function, &result, tell);
	assert_string_equal(told, "");
	result.moved = true;
	isolationtell_returned(&function, &result, tell);
	result.kept = true;
	isolationtell_returned(&function, &result, tell);
	result = (struct giveback){ .error = -EIO, .failure.text = "failed" };
	isolationtell_returned(&function, &result, tell);
	result = (struct giveback){ .error = 0 };
	function.present = false;
	isolationtell_returned(&function, &result, tell);
	assert_string_equal(told,
			    "0 " GPU ": vfio-pci -> no driver\n0 stays\n2 failed\n1 " GPU
			    " is gone, or another device is there now: nothing to put back\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_function_that_moved_has_a_line),
		cmocka_unit_test(a_return_tells_what_became_of_the_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
