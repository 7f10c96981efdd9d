/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tuningplan: the steps for a section and back, from half-way states, and what is refused. */
#include "pcitree.h"

#include "gueststore.h"
#include "handover.h"
#include "tuningplan.h"

#define GPU  "0000:01:00.0"
#define PORT "0000:00:01.0"

/* A function whose section wants all there is, as it is found. */
struct bench {
	struct guest guest;
	struct isolation_function function;
	struct isolation iso;
};

/* That no file has set anything. */
static struct guest_store store;

static void text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

#define TEXT(to, from) text(to, sizeof(to), from)

static void bench_make(struct bench *bench)
{
	struct isolation_function *f = &bench->function;

	*bench = (struct bench){ .iso = { .functions = f, .count = 1 } };
	TEXT(bench->guest.name, "win11");
	bench->guest.store = &store;
	bench->guest.gpu.device = pcitree_addr(GPU);
	bench->guest.gpu.bar_mib[1] = 8192;
	bench->guest.gpu.reset = "bus";
	bench->guest.gpu.power = GUEST_POWER_ON;
	f->dev.addr = pcitree_addr(GPU);
	f->config = &bench->guest.gpu;
	f->present = true;
	f->bar_offered[1] = 0x2100;
	TEXT(f->now.driver, "nouveau");
	TEXT(f->now.power, "auto");
	TEXT(f->now.d3cold, "1");
	TEXT(f->now.reset_method, "flr bus");
	f->now.has_reset_method = true;
	f->now.bar_mib[1] = 256;
	f->found = f->now;
	TEXT(f->home, "nouveau");
	f->has_port = true;
	f->port = pcitree_addr(PORT);
	TEXT(f->port_now.control, "auto");
	TEXT(f->port_now.d3cold, "1");
	f->port_found = f->port_now;
}

static void assert_steps(struct handover_plan *plan, const char *const *texts)
{
	char is[256];

	for (size_t i = 0; i < plan->count && texts[i]; i++) {
		handoverstep_format(&plan->steps[i], is, sizeof(is));
		assert_string_equal(is, texts[i]);
	}
	assert_null(texts[plan->count]);
	handover_plan_done(plan);
}

static void the_guest_gets_all_that_its_section_sets(void **state)
{
	static const char *const steps[] = {
		GPU ": set reset_method to \"bus\"",	 PORT ": set power/control to on",
		PORT ": set d3cold_allowed to 0",	 GPU ": set d3cold_allowed to 0",
		GPU ": set driver_override to vfio-pci", GPU ": unbind from nouveau",
		GPU ": set the size of BAR 1 to 8G",	 GPU ": probe for vfio-pci",
		GPU ": set power/control to on",	 NULL
	};
	struct handover_plan plan;
	struct bench bench;

	(void)state;
	bench_make(&bench);
	assert_int_equal(handover_plan_take(&bench.iso, &plan), 0);
	assert_steps(&plan, steps);
}

static void and_all_goes_back(void **state)
{
	static const char *const steps[] = { GPU ": set driver_override to nouveau",
					     GPU ": unbind from vfio-pci",
					     GPU ": set the size of BAR 1 to 256M",
					     GPU ": probe for nouveau",
					     GPU ": unset driver_override",
					     GPU ": set power/control to auto",
					     GPU ": set d3cold_allowed to 1",
					     GPU ": set reset_method to \"flr bus\"",
					     PORT ": set d3cold_allowed to 1",
					     PORT ": set power/control to auto",
					     NULL };
	static const char *const nothing[] = { NULL };
	struct isolation_function *f;
	struct handover_plan plan;
	struct bench bench;

	(void)state;
	bench_make(&bench);
	f = &bench.function;
	assert_int_equal(handover_plan_return(f, &plan), 0);
	assert_steps(&plan, nothing);
	TEXT(f->now.driver, ISOLATION_DRIVER);
	TEXT(f->now.override, ISOLATION_DRIVER);
	TEXT(f->now.power, "on");
	TEXT(f->now.d3cold, "0");
	TEXT(f->now.reset_method, "bus");
	f->now.bar_mib[1] = 8192;
	TEXT(f->port_now.control, "on");
	TEXT(f->port_now.d3cold, "0");
	assert_int_equal(handover_plan_take(&bench.iso, &plan), 0);
	assert_steps(&plan, nothing);
	assert_int_equal(handover_plan_return(f, &plan), 0);
	assert_steps(&plan, steps);
}

static void one_that_was_on_vfio_pci_leaves_it_for_its_bars_and_for_nothing_else(void **state)
{
	static const char *const taken[] = { GPU ": unbind from vfio-pci",
					     GPU ": set the size of BAR 1 to 8G",
					     GPU ": probe for vfio-pci", NULL };
	static const char *const returned[] = { GPU ": unbind from vfio-pci",
						GPU ": set the size of BAR 1 to 256M",
						GPU ": probe for vfio-pci",
						GPU ": set power/control to auto", NULL };
	static const char *const nothing[] = { NULL };
	struct isolation_function *f;
	struct handover_plan plan;
	struct bench bench;

	(void)state;
	bench_make(&bench);
	f = &bench.function;
	bench.guest.gpu.reset = NULL;
	bench.guest.gpu.power = GUEST_POWER_AUTO;
	TEXT(f->now.driver, ISOLATION_DRIVER);
	TEXT(f->now.override, ISOLATION_DRIVER);
	TEXT(f->home, ISOLATION_DRIVER);
	f->found = f->now;
	assert_int_equal(handover_plan_take(&bench.iso, &plan), 0);
	assert_steps(&plan, taken);
	f->now.bar_mib[1] = 8192;
	assert_int_equal(handover_plan_take(&bench.iso, &plan), 0);
	assert_steps(&plan, nothing);
	assert_int_equal(handover_plan_return(f, &plan), 0);
	assert_steps(&plan, returned);
}

static void what_the_device_does_not_offer_is_refused(void **state)
{
	struct isolation_function *f;
	struct bench bench;
	char buf[1024];

	(void)state;
	bench_make(&bench);
	f = &bench.function;
	assert_false(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	bench.guest.gpu.reset = "device_specific bus";
	assert_false(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	bench.guest.gpu.reset = "bus cxl_bus";
	assert_true(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	assert_non_null(strstr(buf, "offers no cxl_bus: its reset_method is \"flr bus\""));
	f->found.has_reset_method = false;
	assert_true(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	assert_non_null(strstr(buf, "has no reset_method"));
	bench.guest.gpu.reset = NULL;
	assert_false(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	bench.guest.gpu.bar_mib[1] = 512;
	assert_true(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	assert_non_null(strstr(buf, "cannot be 512M: the device offers 256M, 8G"));
	bench.guest.gpu.bar_mib[1] = 8192;
	f->recorded = true;
	TEXT(f->now.driver, ISOLATION_DRIVER);
	assert_true(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	assert_non_null(strstr(buf, "is 256M since this guest was given it"));
	f->found.bar_mib[1] = 0;
	assert_true(tuningplan_refuse(&bench.guest, &bench.iso, buf, sizeof(buf)));
	assert_non_null(strstr(buf, "cannot be resized: there is no resource1_resize"));
}

static void each_difference_after_a_return_is_named(void **state)
{
	const struct tree *tree = *state;
	struct handover_failure failure;
	struct bench bench;

	bench_make(&bench);
	bench.function.found.bar_mib[1] = 0;
	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	pcitree_make(tree, PORT, "0x8086", "0xa70d", "0x060400", "1", "pcieport");
	assert_int_equal(tuningplan_verify_return(&tree->host, &bench.function, &failure), 0);
	pcitree_attribute(tree, PORT, "d3cold_allowed", "0");
	assert_int_equal(tuningplan_verify_return(&tree->host, &bench.function, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, PORT ": d3cold_allowed is \"0\" and was \"1\""));
	pcitree_attribute(tree, PORT, "power/control", "on");
	assert_int_equal(tuningplan_verify_return(&tree->host, &bench.function, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, PORT ": power/control is \"on\" and was \"auto\""));
	bench.function.found.bar_mib[1] = 256;
	assert_int_equal(tuningplan_verify_return(&tree->host, &bench.function, &failure), -EXDEV);
	assert_non_null(strstr(failure.text, GPU ": BAR 1 is 0M and was 256M"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guest_gets_all_that_its_section_sets),
		cmocka_unit_test(and_all_goes_back),
		cmocka_unit_test(
			one_that_was_on_vfio_pci_leaves_it_for_its_bars_and_for_nothing_else),
		cmocka_unit_test(what_the_device_does_not_offer_is_refused),
		tree_test(each_difference_after_a_return_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
