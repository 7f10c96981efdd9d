/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seatrule: the card at its address, with its identity, loses the tags that seats are made of. */
#include "tree.h"

#include "seatrule.h"

static char *printed(const char *identity)
{
	struct guest guest = { .name = "demo" };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(pciaddr_parse("0000:0a:00.0", &guest.gpu.device), 0);
	assert_int_equal(pciids_parse(identity, &guest.gpu.identity), 0);
	seatrule_print(out, &guest);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void the_rule_names_address_and_identity_before_it_acts(void **state)
{
	_cleanup_free_ char *text = printed("10de:0004");
	_cleanup_free_ char *full = printed("10de:0004:0043:88e2");

	(void)state;
	assert_non_null(strstr(text,
			       "\nACTION!=\"remove\", SUBSYSTEM==\"drm\", KERNEL==\"card[0-9]*\", "
			       "KERNELS==\"0000:0a:00.0\", ATTRS{vendor}==\"0x10de\", "
			       "ATTRS{device}==\"0x0004\", ENV{ID_SEAT}=\"seat-vxm\", "
			       "TAG-=\"seat\", TAG-=\"master-of-seat\", TAG-=\"uaccess\"\n"));
	assert_non_null(strstr(full, "ATTRS{device}==\"0x0004\", "
				     "ATTRS{subsystem_vendor}==\"0x0043\", "
				     "ATTRS{subsystem_device}==\"0x88e2\", ENV{ID_SEAT}="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_names_address_and_identity_before_it_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
