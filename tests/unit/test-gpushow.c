/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushow and iommushow: a GPU as people and as programs see it. */
#include "pcitree.h"

#include "gpushow.h"

/* A card whose USB-C sits in a group with another's network card. */
static void make_machine(const struct tree *tree)
{
	pcitree_make(tree, "0000:00:01.0", "0x8086", "0x1901", "0x060400", "1", "pcieport");
	pcitree_make(tree, "0000:01:00.0", "0x10de", "0x2684", "0x030000", "1", "nouveau");
	pcitree_make(tree, "0000:01:00.2", "0x10de", "0x1ad8", "0x0c0330", "2", NULL);
	pcitree_make(tree, "0000:05:00.0", "0x8086", "0x10d3", "0x020000", "2", "e1000e");
	pcitree_attribute(tree, "0000:01:00.0", "boot_vga", "1");
}

static char *show(const struct gpu_list *gpus, bool json)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (json)
		gpushow_print_json(out, gpus);
	else
		assert_int_equal(gpushow_print(out, gpus->items, gpus->count, NULL), 0);
	fclose(out);
	return text;
}

static void json_has_every_key_of_the_contract(void **state)
{
	struct tree *tree = *state;
	struct gpu_list gpus;
	char *text;

	make_machine(tree);
	assert_int_equal(gpu_scan(&tree->host, &gpus), 0);
	text = show(&gpus, true);
	assert_string_equal(
		text,
		"[\n  {\"bdf\": \"0000:01:00.0\", \"id\": \"10de:2684\", \"class\": \"0300\", "
		"\"driver\": \"nouveau\", \"group\": 1, \"boot_display\": true, \"verdict\": "
		"\"clean\", \"own\": [\"0000:01:00.0\"], \"bridges\": [\"0000:00:01.0\"], "
		"\"foreign\": [], \"own_other_groups\": [{\"bdf\": \"0000:01:00.2\", \"class\": "
		"\"0c03\", \"group\": 2, \"foreign\": [\"0000:05:00.0\"]}]}\n]\n");
	free(text);
	gpu_list_done(&gpus);
}

static void people_see_who_is_in_the_way(void **state)
{
	struct tree *tree = *state;
	struct gpu_list gpus;
	char *text;

	make_machine(tree);
	assert_int_equal(gpu_scan(&tree->host, &gpus), 0);
	text = show(&gpus, false);
	assert_non_null(strstr(text, "clean, boot display"));
	assert_non_null(
		strstr(text, "|-0000:01:00.2 10de:1ad8 0c03      2 -        moves with it"));
	assert_non_null(
		strstr(text, "|-0000:00:01.0 8086:1901 0604      1 pcieport bridge, stays"));
	assert_non_null(strstr(text, "`-0000:05:00.0 8086:10d3 0200      2 e1000e   in the way"));
	free(text);
	gpu_list_done(&gpus);
}

static void no_gpu_is_an_empty_array(void **state)
{
	struct gpu_list gpus = { 0 };
	char *text = show(&gpus, true);

	(void)state;
	assert_string_equal(text, "[]\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(json_has_every_key_of_the_contract),
		tree_test(people_see_who_is_in_the_way),
		cmocka_unit_test(no_gpu_is_an_empty_array),
	};

	return cmocka_run_group_tests_name("gpushow", tests, NULL, NULL);
}
