/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestdropin: paths come out as systemd will read them back, and only what a value asks for. */
#include "tree.h"

#include "guestdropin.h"

static struct guest_disk disk;
static struct guest_disk *disks[] = { &disk };

static struct guest minimal(void)
{
	struct guest guest = { .name = "demo", .memory_kib = 4 << 20, .shutdown_s = 120 };

	disk = (struct guest_disk){ 0 };
	return guest;
}

/* The drop-in's text; "" when the unit needs none. */
static const char *print(const struct guest *guest, enum guestdropin_unit unit, bool is_prepared)
{
	static char text[8192];
	const struct guestdropin_now now = { .is_prepared = is_prepared };
	FILE *out = fmemopen(text, sizeof(text), "w");
	int needed;

	assert_non_null(out);
	text[0] = '\0';
	needed = guestdropin_print(out, guest, unit, &now);
	assert_false(ferror(out));
	assert_int_equal(needed, ftell(out) > 0);
	fclose(out);
	return text;
}

static void each_dependency_has_its_value(void **state)
{
	static const char *const words[] = { "Requires=vxm-hugepages@demo.service\n",
					     "BindsTo=vxm-tpm@demo.service\n",
					     "DeviceAllow=char-input rw\n" };
	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(words); i++) {
		struct guest guest = minimal();
		const char *text;

		guest.hugepage_kib = i == 0 ? 2048 : 0;
		guest.tpm = i == 1;
		guest.input_count = i == 2;
		text = print(&guest, GUESTDROPIN_GUEST, false);
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			assert_int_equal(!!strstr(text, words[k]), i == k);
		assert_non_null(strstr(text, "RequiresMountsFor=/var/lib/vxm/demo\n"));
	}
}

static void times_follow_memory_and_shutdown(void **state)
{
	struct guest guest = minimal();

	(void)state;
	guest.memory_kib = 64ULL << 20;
	guest.shutdown_s = 5;
	guest.hugepage_kib = 2048;
	assert_non_null(strstr(print(&guest, GUESTDROPIN_GUEST, false),
			       "TimeoutStartSec=436\nTimeoutStopSec=65\n"));
	assert_string_equal(print(&guest, GUESTDROPIN_HUGEPAGES, false),
			    "\n[Service]\nTimeoutStartSec=556\n");
	/* No overflow, whatever the file says. */
	guest.memory_kib = UINT64_MAX >> 10;
	guest.shutdown_s = UINT32_MAX;
	assert_non_null(
		strstr(print(&guest, GUESTDROPIN_GUEST, false), "TimeoutStopSec=4294967355\n"));
}

static void each_path_is_one_word(void **state)
{
	static const struct {
		const char *path, *line;
	} cases[] = {
		{ "/srv/a", "ReadWritePaths=-\"/srv/a\"\n" },
		{ "/srv/a b", "ReadWritePaths=-\"/srv/a b\"\n" },
		{ "/srv/%i\\\"", "ReadWritePaths=-\"/srv/%%i\\\\\\\"\"\n" },
		{ "/home/a:b", "BindPaths=-\"/home/a\\:b\"\n" },
		{ "/home/a\"b", "BindPaths=-'/home/a\\\"b'\n" },
		{ "/home/%u", "BindPaths=-\"/home/%%u\"\n" },
		{ "/tmp/a", "BindPaths=-\"/tmp/a\"\n" },
		{ "/homes/a", "ReadWritePaths=-\"/homes/a\"\n" },
		{ "/dev/vg/a b", "DeviceAllow=\"/dev/vg/a b\" rw\n" },
		{ "/devices/a", "ReadWritePaths=-\"/devices/a\"\n" },
		{ "/var/lib/vxm/demo2/a", "ReadWritePaths=-\"/var/lib/vxm/demo2/a\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest guest = minimal();

		disk.path = cases[i].path;
		guest.disks = disks;
		guest.disk_count = 1;
		assert_non_null(strstr(print(&guest, GUESTDROPIN_GUEST, false), cases[i].line));
		assert_non_null(strstr(print(&guest, GUESTDROPIN_CHECK, false), cases[i].line));
	}
}

static void what_needs_nothing_gets_nothing(void **state)
{
	struct guest guest = minimal();

	(void)state;
	disk.path = "/var/lib/vxm/demo/a";
	guest.disks = disks;
	guest.disk_count = 1;
	assert_null(strstr(print(&guest, GUESTDROPIN_GUEST, false), "Paths="));
	assert_string_equal(print(&guest, GUESTDROPIN_HUGEPAGES, false), "");
	assert_string_equal(print(&guest, GUESTDROPIN_ISOLATE, false), "");
	assert_string_equal(print(&guest, GUESTDROPIN_ISOLATE, true),
			    "Requires=vxm-prepare@demo.service\n"
			    "After=vxm-prepare@demo.service\n");
	assert_string_equal(print(&guest, GUESTDROPIN_TPM, false), "");
	assert_string_equal(print(&guest, GUESTDROPIN_DISPLAY, false), "");
	for (int unit = 0; unit < GUESTDROPIN_UNIT_COUNT; unit++)
		assert_non_null(guestdropin_name(unit));
}

/* The templates have ConditionPathExists= on these drop-ins. */
static void what_the_guest_has_may_start(void **state)
{
	struct guest guest = minimal();

	(void)state;
	guest.tpm = true;
	assert_non_null(strstr(print(&guest, GUESTDROPIN_TPM, false), "# The unit starts"));
	assert_string_equal(print(&guest, GUESTDROPIN_DISPLAY, false), "");
	guest.display_count = 1;
	assert_non_null(strstr(print(&guest, GUESTDROPIN_DISPLAY, false),
			       "\nWants=modprobe@i2c_dev.service\n"));
	assert_null(strstr(print(&guest, GUESTDROPIN_GUEST, false), "display"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_dependency_has_its_value),
		cmocka_unit_test(times_follow_memory_and_shutdown),
		cmocka_unit_test(each_path_is_one_word),
		cmocka_unit_test(what_needs_nothing_gets_nothing),
		cmocka_unit_test(what_the_guest_has_may_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
