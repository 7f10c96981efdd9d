/* SPDX-License-Identifier: GPL-2.0-or-later */
/* releasable: of the holders, those whom a start would ask are no reason to refuse. */
#include "tree.h"

#include <stdlib.h>

#include "releasable.h"

static unsigned told;

static void tell(enum tell_kind kind, const char *text)
{
	assert_int_equal(kind, TELL_CHANGE);
	assert_non_null(text);
	told++;
}

/* A compositor with a client, a unit of the system's, one of the same name of a person's. */
static void make(struct isolation *iso)
{
	static const struct holder holders[] = {
		{ .pid = 1, .comm = "kwin", .path = "/dev/dri/card1", .unit = "session-2.scope" },
		{ .pid = 1, .comm = "kwin", .path = "/dev/dri/renderD129" },
		{ .pid = 1, .comm = "kwin", .path = "/dev/snd/controlC1" },
		{ .pid = 2, .comm = "game", .path = "/dev/dri/renderD129" },
		{ .pid = 3, .comm = "p", .path = "/dev/nvidia0", .unit = "b.service" },
		{ .pid = 4,
		  .comm = "p",
		  .path = "/dev/nvidia0",
		  .unit = "b.service",
		  .of_user = true },
		{ .pid = 5, .comm = "q", .path = "/dev/nvidia0", .unit = "bb.service" },
	};

	told = 0;
	*iso = (struct isolation){ 0 };
	iso->holders.items = calloc(ARRAY_SIZE(holders), sizeof(holders[0]));
	assert_non_null(iso->holders.items);
	memcpy(iso->holders.items, holders, sizeof(holders));
	iso->holders.count = ARRAY_SIZE(holders);
	assert_int_equal(hostuse_add(&iso->uses, &iso->holders.items[0].addr, "", "on"), 0);
	assert_int_equal(hostuse_add(&iso->uses, &iso->holders.items[0].addr, "", "console"), 0);
	iso->uses.items[0].drawn = true;
}

static void what_has_not_asked_for_it_changes_nothing(void **state)
{
	struct guest guest = { .name = "win11" };
	struct isolation iso;

	(void)state;
	make(&iso);
	snprintf(iso.polled, sizeof(iso.polled), "/dev/dri/card1");
	releasable_set_aside(&guest, &iso, tell);
	assert_int_equal(iso.holders.count, 7);
	assert_int_equal(iso.uses.count, 2);
	assert_string_equal(iso.polled, "/dev/dri/card1");
	assert_int_equal(told, 0);
	isolation_done(&iso);
}

static void a_compositor_is_asked_with_what_it_draws_and_its_clients_are_not(void **state)
{
	struct guest guest = { .name = "win11", .gpu.session = GUEST_SESSION_RELEASE };
	struct isolation iso;

	(void)state;
	make(&iso);
	releasable_set_aside(&guest, &iso, tell);
	assert_int_equal(told, 2);
	assert_int_equal(iso.holders.count, 5);
	assert_string_equal(iso.holders.items[0].path, "/dev/snd/controlC1");
	assert_string_equal(iso.holders.items[1].comm, "game");
	assert_int_equal(iso.uses.count, 1);
	assert_string_equal(iso.uses.items[0].what, "console");
	isolation_done(&iso);
}

static void a_listed_unit_is_that_very_one_of_the_system(void **state)
{
	struct guest guest = { .name = "win11", .gpu.services = "a.service\t b.service" };
	struct isolation iso;

	(void)state;
	make(&iso);
	releasable_set_aside(&guest, &iso, tell);
	assert_int_equal(told, 1);
	assert_int_equal(iso.holders.count, 6);
	for (size_t i = 0; i < iso.holders.count; i++)
		assert_int_not_equal(iso.holders.items[i].pid, 3);
	isolation_done(&iso);
}

static void a_poller_may_be_one_of_them(void **state)
{
	struct guest guest = { .name = "win11", .gpu.services = "a.service" };
	struct isolation iso = { 0 };

	(void)state;
	told = 0;
	snprintf(iso.polled, sizeof(iso.polled), "/dev/nvidia0");
	releasable_set_aside(&guest, &iso, tell);
	assert_string_equal(iso.polled, "");
	assert_int_equal(told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_not_asked_for_it_changes_nothing),
		cmocka_unit_test(a_compositor_is_asked_with_what_it_draws_and_its_clients_are_not),
		cmocka_unit_test(a_listed_unit_is_that_very_one_of_the_system),
		cmocka_unit_test(a_poller_may_be_one_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
