/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugeshow: each sentence names the object, the reason and the way out. */
#include "tree.h"

#include "hugeshow.h"

static struct guest *load(const struct tree *tree, const char *memory, const char *size)
{
	struct guest_error error;
	struct guest *guest = NULL;
	char text[256];

	snprintf(text, sizeof(text),
		 "[Guest]\nMemory=%s\nHugepages=%s\n[GPU]\nDevice=0000:01:00.0\n"
		 "Identity=10de:2684\n",
		 memory, size);
	tree_write(tree, "etc/vxm/guests/demo.conf", text);
	assert_int_equal(guest_load(&tree->host, "demo", &guest, &error), 0);
	return guest;
}

static void a_shortage_says_how_many_where_why_and_what_to_do(void **state)
{
	_cleanup_guest_ struct guest *guest = load(*state, "16G", "1G");
	struct hugeobtain_shortage shortage = {
		.wanted = 16,
		.obtained = 3,
		.node = 1,
		.several = true,
		.compacted = true,
		.has_available = true,
		.available_kib = UINT64_C(20) * 1024 * 1024,
		.claimed = 8,
		.has_largest = true,
		.block_kib = 4096,
		.blocks = 1024,
	};
	char text[1024];

	assert_string_equal(
		hugeshow_shortage(guest, &shortage, text, sizeof(text)),
		"16 huge pages of 1 GiB wanted on node 1 and the others, 3 obtained, also after "
		"memory was compacted (20.0 GiB are available, 4.0 GiB of it in free blocks of 4 "
		"MiB, the largest there are, and a page takes 256 that adjoin, other guests have "
		"8): end programs, set a smaller "
		"Memory= "
		"or Hugepages=no in /etc/vxm/guests/demo.conf:2, or have them made while memory is "
		"whole: systemctl enable vxm-prepare@demo.target, and boot. The pools are as they "
		"were");
}

static void a_shortage_says_what_the_free_blocks_allow(void **state)
{
	_cleanup_guest_ struct guest *guest = load(*state, "16G", "2M");
	struct hugeobtain_shortage shortage = {
		.wanted = 8192, .node = 0, .has_pieces = true, .pieces = 17
	};
	char text[1024];

	hugeshow_shortage(guest, &shortage, text, sizeof(text));
	assert_non_null(strstr(text, "8192 huge pages of 2 MiB wanted on node 0, 0 obtained "
				     "(free blocks hold 17 such pages)"));
}

static void an_unknown_size_is_named_beside_those_that_there_are(void **state)
{
	const struct tree *tree = *state;
	_cleanup_guest_ struct guest *guest = load(tree, "16G", "1G");
	char text[1024];

	assert_string_equal(hugeshow_unknown_size(&tree->host, guest, text, sizeof(text)),
			    "this kernel has no huge pages at all (CONFIG_HUGETLBFS): set "
			    "Hugepages=no in /etc/vxm/guests/demo.conf:3, or boot another kernel");
	tree_mkdir(tree, "sys/kernel/mm/hugepages/hugepages-2048kB");
	tree_mkdir(tree, "sys/kernel/mm/hugepages/hugepages-64kB");
	assert_string_equal(hugeshow_unknown_size(&tree->host, guest, text, sizeof(text)),
			    "this machine has no huge pages of 1 GiB, but hugepages-2048kB, "
			    "hugepages-64kB: change Hugepages= in /etc/vxm/guests/demo.conf:3");
}

static void refuses_by_available_memory_to_the_page(void **state)
{
	const struct tree *tree = *state;
	_cleanup_guest_ struct guest *guest = load(tree, "1G", "2M");
	char text[1024];

	tree_mkdir(tree, "sys/kernel/mm/hugepages/hugepages-2048kB");
	assert_int_equal(hugeshow_refuse(&tree->host, guest, 1, text, sizeof(text)), -ENOENT);
	tree_write(tree, "proc/meminfo", "MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\n");
	assert_int_equal(hugeshow_refuse(&tree->host, guest, 512, text, sizeof(text)), 0);
	assert_int_equal(hugeshow_refuse(&tree->host, guest, 513, text, sizeof(text)), 1);
	assert_string_equal(
		text, "513 huge pages of 2 MiB are needed for Memory= in "
		      "/etc/vxm/guests/demo.conf:2, and at most 512 can be had: 1.0 GiB of the "
		      "machine's 2.0 GiB are available. End programs, or set a smaller "
		      "Memory=. Nothing was changed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_shortage_says_how_many_where_why_and_what_to_do),
		tree_test(a_shortage_says_what_the_free_blocks_allow),
		tree_test(an_unknown_size_is_named_beside_those_that_there_are),
		tree_test(refuses_by_available_memory_to_the_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
