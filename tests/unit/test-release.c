/* SPDX-License-Identifier: GPL-2.0-or-later */
/* release: which node is asked for, what is on record of it, and which is announced again. What
 * units do is in tests/helpers/release.bats. */
#include "pcibench.h"

#include "release.h"

#define NODE   "sys/bus/pci/devices/" GPU "/drm/card1"
#define RECORD "run/vxm/win11/release"

static char told[512];
static enum tell_kind last_kind;

static void tell(enum tell_kind kind, const char *text)
{
	size_t n = strlen(told);

	snprintf(told + n, sizeof(told) - n, "%s\n", text);
	last_kind = kind;
}

static bool reads(const struct tree *tree, const char *path, const char *text)
{
	char *is = NULL;
	bool same;

	if (host_read_file(&tree->host, path, 4096, &is, NULL) < 0)
		return false;
	same = strcmp(is, text) == 0;
	free(is);
	return same;
}

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

static void make(const struct tree *tree, struct pcibench *bench, enum guest_session session)
{
	told[0] = '\0';
	pcibench_make(tree);
	tree_mkdir(tree, "run");
	tree_write(tree, NODE "/uevent", "");
	tree_write(tree, "sys/bus/pci/devices/" GPU "/drm/renderD129/uevent", "");
	tree_write(tree, "sys/bus/pci/devices/" GPU "/drm/cardinal/uevent", "");
	tree_write(tree, "sys/bus/pci/devices/" BOOT "/drm/card0/uevent", "");
	pcibench_look(tree, bench);
	bench->guest->gpu.session = session;
}

static void the_cards_own_node_is_asked_for_and_announced_again(void **state)
{
	const struct tree *tree = *state;
	struct release_failure failure;
	struct pcibench bench;

	make(tree, &bench, GUEST_SESSION_RELEASE);
	assert_int_equal(release_ask(&tree->host, bench.guest, &bench.iso, tell, &failure), 1);
	assert_true(reads(tree, NODE "/uevent", "remove"));
	assert_true(reads(tree, "sys/bus/pci/devices/" GPU "/drm/renderD129/uevent", ""));
	assert_true(reads(tree, "sys/bus/pci/devices/" GPU "/drm/cardinal/uevent", ""));
	assert_true(reads(tree, "sys/bus/pci/devices/" BOOT "/drm/card0/uevent", ""));
	assert_true(is_there(tree, RECORD));
	assert_int_equal(release_undo(&tree->host, "win11", true, tell), 0);
	assert_true(reads(tree, NODE "/uevent", "add"));
	assert_false(is_there(tree, "run/vxm/win11"));
	assert_string_equal(told,
			    GPU ": who has card1 is asked to let go of it (Session=release)\n" GPU
				": card1 is announced again\n");
	pcibench_leave(&bench);
}

static void a_node_that_went_and_came_is_not_announced(void **state)
{
	const struct tree *tree = *state;
	struct release_failure failure;
	struct pcibench bench;

	make(tree, &bench, GUEST_SESSION_RELEASE);
	assert_int_equal(release_ask(&tree->host, bench.guest, &bench.iso, tell, &failure), 1);
	told[0] = '\0';
	tree_link(tree, "sys/kept", "x"); /* so that its inode is not used again at once */
	tree_remove(tree, NODE "/uevent");
	tree_remove(tree, NODE);
	tree_write(tree, "sys/other/uevent", "");
	tree_write(tree, NODE "/uevent", "");
	assert_int_equal(release_undo(&tree->host, "win11", true, tell), 0);
	assert_true(reads(tree, NODE "/uevent", ""));
	assert_string_equal(told, "");
	assert_false(is_there(tree, RECORD));
	pcibench_leave(&bench);
}

static void without_a_word_in_the_guests_file_nobody_is_asked(void **state)
{
	const struct tree *tree = *state;
	struct release_failure failure;
	struct pcibench bench;

	make(tree, &bench, GUEST_SESSION_KEEP);
	assert_int_equal(release_ask(&tree->host, bench.guest, &bench.iso, tell, &failure), 0);
	assert_true(reads(tree, NODE "/uevent", ""));
	assert_false(is_there(tree, RECORD));
	pcibench_leave(&bench);
}

static void nobody_is_asked_for_a_card_that_no_host_driver_has(void **state)
{
	const struct tree *tree = *state;
	struct release_failure failure;
	struct pcibench bench;

	make(tree, &bench, GUEST_SESSION_RELEASE);
	for (size_t i = 0; i < bench.iso.count; i++)
		snprintf(bench.iso.functions[i].now.driver,
			 sizeof(bench.iso.functions[i].now.driver), "%s",
			 i == 0 ? "" : ISOLATION_DRIVER);
	assert_int_equal(release_ask(&tree->host, bench.guest, &bench.iso, tell, &failure), 0);
	assert_true(reads(tree, NODE "/uevent", ""));
	assert_false(is_there(tree, RECORD));
	pcibench_leave(&bench);
}

static void without_a_record_nothing_is_asked(void **state)
{
	const struct tree *tree = *state;
	struct release_failure failure;
	struct pcibench bench;
	char text[512];

	make(tree, &bench, GUEST_SESSION_RELEASE);
	tree_mkdir(tree, "run/vxm/win11/release");
	assert_true(release_ask(&tree->host, bench.guest, &bench.iso, tell, &failure) < 0);
	assert_non_null(strstr(failure.text, "/run/vxm/win11/release"));
	assert_true(reads(tree, NODE "/uevent", ""));
	assert_true(release_undo(&tree->host, "win11", true, tell) < 0);
	assert_int_equal(last_kind, TELL_FAILURE);
	snprintf(text, sizeof(text), "%s", told);
	assert_non_null(strstr(text, "it is not thrown away"));
	pcibench_leave(&bench);
}

static void units_stay_on_record_until_they_are_due(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, RECORD, "a.service unit ran\ncard1 function " GPU "\ncard1 inode 1\n");
	told[0] = '\0';
	assert_int_equal(release_undo(&tree->host, "win11", false, tell), 0);
	assert_true(reads(tree, RECORD, "a.service unit ran\n"));
	assert_int_equal(release_undo(&tree->host, "win11", true, tell), 0);
	assert_string_equal(told, "a.service: started again\n");
	assert_false(is_there(tree, RECORD));
	assert_int_equal(release_undo(&tree->host, "win11", true, tell), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_cards_own_node_is_asked_for_and_announced_again),
		tree_test(a_node_that_went_and_came_is_not_announced),
		tree_test(without_a_word_in_the_guests_file_nobody_is_asked),
		tree_test(nobody_is_asked_for_a_card_that_no_host_driver_has),
		tree_test(without_a_record_nothing_is_asked),
		tree_test(units_stay_on_record_until_they_are_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
