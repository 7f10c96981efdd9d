/* SPDX-License-Identifier: GPL-2.0-or-later */
/* preparerule: every condition stands before the act, and what an initramfs gets judges for itself.
 */
#include "tree.h"

#include "preparerule.h"

#define GPU_IDS(prefix)                                                            \
	"ATTR{" prefix "vendor}==\"0x10de\", ATTR{" prefix "device}==\"0x0004\", " \
	"ATTR{" prefix "subsystem_vendor}==\"0x0043\", "                           \
	"ATTR{" prefix "subsystem_device}==\"0x88e2\", "
#define AUDIO_IDS(prefix)                                                          \
	"ATTR{" prefix "vendor}==\"0x10de\", ATTR{" prefix "device}==\"0x22ba\", " \
	"ATTR{" prefix "subsystem_vendor}==\"0x0000\", "                           \
	"ATTR{" prefix "subsystem_device}==\"0x0000\", "
#define GPU   "[pci/10000:0a:0b.3]"
#define AUDIO "[pci/10000:0a:0b.4]"

static void add(struct prepared *prepared, const char *address, const char *ids)
{
	struct prepared_function f = { .driver = "nvidia" };

	assert_int_equal(pciaddr_parse(address, &f.addr), 0);
	assert_int_equal(pciids_parse(ids, &f.ids), 0);
	assert_int_equal(prepared_add(prepared, &f), 0);
}

static char *printed(void (*function)(FILE *, const char *, const struct prepared *))
{
	_cleanup_prepared_ struct prepared prepared = { NULL, 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	add(&prepared, "10000:0a:0b.3", "10de:0004:0043:88e2");
	add(&prepared, "10000:0a:0b.4", "10de:22ba:0000:0000");
	function(out, "demo", &prepared);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void what_is_on_record_is_marked_and_what_is_marked_is_taken(void **state)
{
	_cleanup_free_ char *text = printed(preparerule_print);
	char marks[2048];

	(void)state;
	snprintf(marks, sizeof(marks),
		 "\nKERNEL==\"10000:0a:0b.3\", %sENV{VXM_PREPARE}=\"demo\"\n"
		 "KERNEL==\"10000:0a:0b.4\", %sENV{VXM_PREPARE}=\"demo\"\n"
		 "ENV{VXM_PREPARE}!=\"demo\", GOTO=\"vxm_prepare_end\"\n",
		 GPU_IDS(""), AUDIO_IDS(""));
	assert_non_null(strstr(text, marks));
	assert_non_null(strstr(text, "\nDRIVER==\"\", ATTR{driver_override}=\"vfio-pci\", "
				     "RUN{builtin}+=\"kmod load vfio-pci\"\n"));
	/* A replay starts nothing. */
	assert_non_null(strstr(text, "\nENV{SYNTH_UUID}==\"\", TAG+=\"systemd\", "
				     "ENV{SYSTEMD_WANTS}+=\"vxm-appear@demo.service\"\n"));
}

static void in_an_initramfs_all_functions_are_taken_or_none(void **state)
{
	_cleanup_free_ char *text = printed(preparerule_print_initramfs);
	static const char acts[] = "ATTR{driver_override}=\"vfio-pci\", "
				   "ENV{VXM_INITRAMFS}=\"demo\", OPTIONS+=\"db_persist\"\n";
	static const char *const kernels[] = { "10000:0a:0b.3", "10000:0a:0b.4" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		char line[2048];

		snprintf(line, sizeof(line),
			 "\nACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", DRIVER==\"\", "
			 "%s%s%s",
			 kernels[i], GPU_IDS(GPU), AUDIO_IDS(AUDIO), acts);
		assert_non_null(strstr(text, line));
	}
	/* Nothing of the running system: neither its modules nor its units. */
	assert_null(strstr(text, "kmod"));
	assert_null(strstr(text, "SYSTEMD"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_on_record_is_marked_and_what_is_marked_is_taken),
		cmocka_unit_test(in_an_initramfs_all_functions_are_taken_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
