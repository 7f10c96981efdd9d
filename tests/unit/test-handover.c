/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handover: the plans in both directions, from every half-way state, and what a step that did
 * nothing is called. */
#include "pcitree.h"

#include "handover.h"

#define GPU   "0000:01:00.0"
#define AUDIO "0000:01:00.1"

static struct isolation_function function(const char *bdf, const char *driver, const char *override,
					  const char *power)
{
	struct isolation_function f = { .present = true };

	f.dev.addr = pcitree_addr(bdf);
	snprintf(f.now.driver, sizeof(f.now.driver), "%s", driver);
	snprintf(f.now.override, sizeof(f.now.override), "%s", override);
	snprintf(f.now.power, sizeof(f.now.power), "%s", power);
	return f;
}

static void found(struct isolation_function *f, const char *home, const char *override,
		  const char *power)
{
	snprintf(f->home, sizeof(f->home), "%s", home);
	snprintf(f->found.driver, sizeof(f->found.driver), "%s", home);
	snprintf(f->found.override, sizeof(f->found.override), "%s", override);
	snprintf(f->found.power, sizeof(f->found.power), "%s", power);
}

static void assert_step(const struct handover_plan *plan, size_t i, const char *text)
{
	char is[256];

	assert_true(i < plan->count);
	handoverstep_format(&plan->steps[i], is, sizeof(is));
	assert_string_equal(is, text);
}

static void overrides_come_before_unbinds_and_those_before_probes(void **state)
{
	struct isolation_function functions[] = { function(AUDIO, "snd_hda_intel", "", "auto"),
						  function(GPU, "nouveau", "", "auto") };
	struct isolation iso = { .functions = functions, .count = 2 };
	struct handover_plan plan;

	(void)state;
	assert_int_equal(handover_plan_take(&iso, &plan), 0);
	assert_int_equal(plan.count, 6);
	assert_step(&plan, 0, AUDIO ": set driver_override to vfio-pci");
	assert_step(&plan, 1, GPU ": set driver_override to vfio-pci");
	assert_step(&plan, 2, AUDIO ": unbind from snd_hda_intel");
	assert_step(&plan, 3, GPU ": unbind from nouveau");
	assert_step(&plan, 4, AUDIO ": probe for vfio-pci");
	assert_step(&plan, 5, GPU ": probe for vfio-pci");
	handover_plan_done(&plan);
}

static void what_is_there_already_needs_no_step(void **state)
{
	struct isolation_function functions[] = { function(AUDIO, "", "vfio-pci", "on"),
						  function(GPU, "vfio-pci", "vfio-pci", "auto") };
	struct isolation iso = { .functions = functions, .count = 2 };
	struct handover_plan plan;

	(void)state;
	assert_int_equal(handover_plan_take(&iso, &plan), 0);
	assert_int_equal(plan.count, 1);
	assert_step(&plan, 0, AUDIO ": probe for vfio-pci");
	handover_plan_done(&plan);
}

static void the_return_aims_at_the_home_driver(void **state)
{
	struct isolation_function f = function(GPU, "vfio-pci", "vfio-pci", "auto");
	struct handover_plan plan;

	(void)state;
	found(&f, "nouveau", "", "auto");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 5);
	assert_step(&plan, 0, GPU ": set driver_override to nouveau");
	assert_step(&plan, 1, GPU ": unbind from vfio-pci");
	assert_step(&plan, 2, GPU ": probe for nouveau");
	assert_step(&plan, 3, GPU ": unset driver_override");
	assert_step(&plan, 4, GPU ": set power/control to auto");
	handover_plan_done(&plan);
}

static void a_return_that_was_cut_is_taken_up_where_it_is(void **state)
{
	struct isolation_function f = function(GPU, "", "nouveau", "on");
	struct handover_plan plan;

	(void)state;
	found(&f, "nouveau", "", "auto");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 3);
	assert_step(&plan, 0, GPU ": probe for nouveau");
	handover_plan_done(&plan);

	f = function(GPU, "nouveau", "nouveau", "on");
	found(&f, "nouveau", "", "auto");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 2);
	assert_step(&plan, 0, GPU ": unset driver_override");
	assert_step(&plan, 1, GPU ": set power/control to auto");
	handover_plan_done(&plan);

	f = function(GPU, "nouveau", "", "on");
	found(&f, "nouveau", "", "auto");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 1);
	assert_step(&plan, 0, GPU ": set power/control to auto");
	handover_plan_done(&plan);

	f = function(GPU, "nouveau", "", "auto");
	found(&f, "nouveau", "", "auto");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 0);
	handover_plan_done(&plan);
}

static void a_function_that_had_no_driver_gets_none(void **state)
{
	struct isolation_function f = function(GPU, "vfio-pci", "vfio-pci", "auto");
	struct handover_plan plan;

	(void)state;
	found(&f, "", "", "on");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 3);
	assert_step(&plan, 0, GPU ": unbind from vfio-pci");
	assert_step(&plan, 1, GPU ": unset driver_override");
	handover_plan_done(&plan);
}

static void one_without_a_known_home_goes_to_the_driver_of_its_kind(void **state)
{
	struct isolation_function f = function(GPU, "vfio-pci", "vfio-pci", "auto");
	struct handover_plan plan;

	(void)state;
	found(&f, ISOLATION_ANY, "", "");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 3);
	assert_step(&plan, 0, GPU ": unset driver_override");
	assert_step(&plan, 1, GPU ": unbind from vfio-pci");
	assert_step(&plan, 2, GPU ": probe for the driver of its kind");
	handover_plan_done(&plan);
}

static void what_somebody_bound_by_hand_since_is_left(void **state)
{
	struct isolation_function f = function(GPU, "nvidia", "vfio-pci", "auto");
	struct handover_plan plan;

	(void)state;
	found(&f, "nouveau", "", "auto");
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 2);
	assert_step(&plan, 0, GPU ": unset driver_override");
	handover_plan_done(&plan);
}

static void a_function_that_is_gone_needs_nothing(void **state)
{
	struct isolation_function f = function(GPU, "", "", "");
	struct handover_plan plan;

	(void)state;
	found(&f, "nouveau", "", "auto");
	f.present = false;
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 0);
	handover_plan_done(&plan);
}

static void d3cold_and_reset_method_are_written_only_where_they_differ(void **state)
{
	struct isolation_function f = function(GPU, "nouveau", "", "auto");
	struct handover_plan plan;

	(void)state;
	found(&f, "nouveau", "", "auto");
	snprintf(f.found.d3cold, sizeof(f.found.d3cold), "1");
	snprintf(f.now.d3cold, sizeof(f.now.d3cold), "0");
	snprintf(f.found.reset_method, sizeof(f.found.reset_method), "flr bus");
	snprintf(f.now.reset_method, sizeof(f.now.reset_method), "bus");
	f.now.has_reset_method = f.found.has_reset_method = true;
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 2);
	assert_step(&plan, 0, GPU ": set d3cold_allowed to 1");
	assert_step(&plan, 1, GPU ": set reset_method to \"flr bus\"");
	handover_plan_done(&plan);
}

/* "\n" in reset_method means that no method may be used: that is no absence. */
static void an_absent_attribute_is_not_put_back_and_an_empty_one_is(void **state)
{
	struct isolation_function f = function(GPU, "nouveau", "", "auto");
	struct handover_plan plan;

	(void)state;
	found(&f, "nouveau", "", "auto");
	snprintf(f.now.d3cold, sizeof(f.now.d3cold), "0");
	snprintf(f.now.reset_method, sizeof(f.now.reset_method), "bus");
	f.now.has_reset_method = true;
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 0);
	handover_plan_done(&plan);
	f.found.has_reset_method = true;
	assert_int_equal(handover_plan_return(&f, &plan), 0);
	assert_int_equal(plan.count, 1);
	assert_step(&plan, 0, GPU ": set reset_method to \"\"");
	handover_plan_done(&plan);
}

/* Files take every write and do nothing: each step has to see that for itself. */
static void a_write_that_had_no_effect_is_seen(void **state)
{
	const struct tree *tree = *state;
	struct handover_step step = { .addr = pcitree_addr(GPU) };
	struct handover_plan plan = { .steps = &step, .count = 1 };
	struct handover_failure failure;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	tree_write(tree, "sys/bus/pci/drivers_probe", "");
	tree_write(tree, "sys/bus/pci/drivers/nouveau/unbind", "");
	step.op = HANDOVER_PROBE;
	snprintf(step.text, sizeof(step.text), "vfio-pci");
	assert_int_equal(handover_apply(&tree->host, &plan, -1, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, GPU " is on nouveau and not on vfio-pci after"));
	step.op = HANDOVER_UNBIND;
	snprintf(step.text, sizeof(step.text), "nouveau");
	assert_int_equal(handover_apply(&tree->host, &plan, -1, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, GPU " is still bound to nouveau"));
	step.op = HANDOVER_UNBIND;
	snprintf(step.text, sizeof(step.text), "absent");
	assert_int_equal(handover_apply(&tree->host, &plan, -1, &failure), -ENOENT);
	assert_non_null(strstr(failure.text, GPU ": unbind from absent: No such file"));
	step.op = HANDOVER_OVERRIDE;
	snprintf(step.text, sizeof(step.text), "vfio-pci");
	assert_int_equal(handover_apply(&tree->host, &plan, -1, &failure), 0);
}

static void each_difference_after_a_return_is_named(void **state)
{
	const struct tree *tree = *state;
	struct isolation_function f = function(GPU, "nouveau", "", "auto");
	struct handover_failure failure;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	found(&f, "nouveau", "", "auto");
	assert_int_equal(handover_verify_return(&tree->host, &f, &failure), 0);
	snprintf(f.found.d3cold, sizeof(f.found.d3cold), "0");
	assert_int_equal(handover_verify_return(&tree->host, &f, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, "d3cold_allowed is \"1\" and was \"0\""));
	pcitree_attribute(tree, GPU, "reset_method", "bus");
	f.found.has_reset_method = true;
	assert_int_equal(handover_verify_return(&tree->host, &f, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, "reset_method is \"bus\" and was \"\""));
	f.found.has_reset_method = false;
	pcitree_attribute(tree, GPU, "power/control", "on");
	assert_int_equal(handover_verify_return(&tree->host, &f, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, "power/control is \"on\" and was \"auto\""));
	pcitree_attribute(tree, GPU, "driver_override", "x");
	assert_int_equal(handover_verify_return(&tree->host, &f, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, "driver_override is \"x\" and was \"\""));
	tree_remove(tree, "sys/bus/pci/devices/" GPU "/driver");
	assert_int_equal(handover_verify_return(&tree->host, &f, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, "is on no driver and was on nouveau"));
	pcitree_link(tree, GPU, "driver", "../../../../bus/pci/drivers/vfio-pci");
	assert_int_equal(handover_verify_return(&tree->host, &f, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, "is still on vfio-pci"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overrides_come_before_unbinds_and_those_before_probes),
		cmocka_unit_test(what_is_there_already_needs_no_step),
		cmocka_unit_test(the_return_aims_at_the_home_driver),
		cmocka_unit_test(a_return_that_was_cut_is_taken_up_where_it_is),
		cmocka_unit_test(a_function_that_had_no_driver_gets_none),
		cmocka_unit_test(one_without_a_known_home_goes_to_the_driver_of_its_kind),
		cmocka_unit_test(what_somebody_bound_by_hand_since_is_left),
		cmocka_unit_test(a_function_that_is_gone_needs_nothing),
		cmocka_unit_test(d3cold_and_reset_method_are_written_only_where_they_differ),
		cmocka_unit_test(an_absent_attribute_is_not_put_back_and_an_empty_one_is),
		tree_test(a_write_that_had_no_effect_is_seen),
		tree_test(each_difference_after_a_return_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
