/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gueststore: sections by label, and where the bytes of a field were set. */
#include "tree.h"

#include "gueststore.h"

static const struct guest_origin here = { "/etc/vxm/guests/demo.conf", 7 };
static const struct guest_origin there = { "/etc/vxm/guest.conf", 3 };

static struct guest_store *store_with(struct guest *guest)
{
	struct guest_store *store = calloc(1, sizeof(*store));
	struct gueststore_section section = { .id = OPTION_GUEST,
					      .base = guest,
					      .size = sizeof(*guest) };

	assert_non_null(store);
	assert_int_equal(gueststore_add_section(store, &section), 0);
	section = (struct gueststore_section){
		.id = OPTION_GPU, .base = &guest->gpu, .size = sizeof(guest->gpu), .origin = there
	};
	assert_int_equal(gueststore_add_section(store, &section), 0);
	return store;
}

static struct guest_disk *add_disk(struct guest_store *store, const char *label)
{
	struct gueststore_section section = { .id = OPTION_DISK,
					      .base = calloc(1, sizeof(struct guest_disk)),
					      .size = sizeof(struct guest_disk),
					      .origin = there };

	assert_non_null(section.base);
	if (label)
		assert_int_equal(gueststore_text(store, label, &section.label), 0);
	assert_int_equal(gueststore_add_section(store, &section), 0);
	return section.base;
}

static void a_section_is_found_by_its_label_until_it_is_removed(void **state)
{
	struct guest guest = { 0 };
	struct guest_store *store = store_with(&guest);
	struct gueststore_section *found;

	(void)state;
	add_disk(store, NULL);
	add_disk(store, "a");
	add_disk(store, "b");
	found = gueststore_find_section(store, OPTION_DISK, "b");
	assert_non_null(found);
	assert_string_equal(found->label, "b");
	assert_null(gueststore_find_section(store, OPTION_CDROM, "b"));
	assert_null(gueststore_find_section(store, OPTION_DISK, "c"));
	/* One without a label is never found again. */
	assert_null(gueststore_find_section(store, OPTION_DISK, NULL));
	assert_ptr_equal(gueststore_find_section(store, OPTION_GUEST, NULL)->base, &guest);
	found->removed = true;
	assert_null(gueststore_find_section(store, OPTION_DISK, "b"));
	gueststore_free(store);
	gueststore_free(NULL);
}

static void a_fields_place_is_its_keys_or_its_sections(void **state)
{
	struct guest guest = { 0 };
	struct guest_store *store = store_with(&guest);
	struct guest_disk *disk = add_disk(store, NULL), *other = add_disk(store, NULL);
	int elsewhere = 0;

	(void)state;
	assert_int_equal(gueststore_set_origin(store, 0, option_find(OPTION_GUEST, "CPUs"), there),
			 0);
	assert_int_equal(gueststore_set_origin(store, 0, option_find(OPTION_GUEST, "CPUs"), here),
			 0);
	assert_int_equal(gueststore_set_origin(store, 1, option_find(OPTION_GPU, "Device"), here),
			 0);
	assert_int_equal(gueststore_set_origin(store, 2, option_find(OPTION_DISK, "Path"), here),
			 0);
	assert_int_equal(store->value_count, 3);
	assert_int_equal(gueststore_where(store, &guest.cpus).line, here.line);
	assert_null(gueststore_where(store, &guest.tpm).file);
	/* Both members that a key fills, and a byte inside. */
	assert_int_equal(gueststore_where(store, &guest.gpu.has_device).line, here.line);
	assert_int_equal(gueststore_where(store, &guest.gpu.device).line, here.line);
	assert_int_equal(gueststore_where(store, &guest.gpu.device.function).line, here.line);
	assert_int_equal(gueststore_where(store, &guest.gpu.identity).line, there.line);
	assert_int_equal(gueststore_where(store, &guest.gpu).line, there.line);
	assert_int_equal(gueststore_where(store, &disk->path).line, here.line);
	assert_int_equal(gueststore_where(store, &other->path).line, there.line);
	assert_int_equal(gueststore_where(store, disk).line, there.line);
	assert_null(gueststore_where(store, &elsewhere).file);
	assert_null(gueststore_where(store, &guest.network).file);
	gueststore_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_is_found_by_its_label_until_it_is_removed),
		cmocka_unit_test(a_fields_place_is_its_keys_or_its_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
