/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option: each row of the table is sound, and the man page, the vendor's file and the table agree.
 */
#include "tree.h"

#include "guestspec.h"
#include "option.h"

/* The whole of a file of the source tree, which the Makefile names. */
static char *source(const char *path)
{
	const char *root = getenv("VXM_SOURCE");
	struct host host;
	char *text = NULL;

	assert_non_null(root);
	assert_int_equal(host_open(root, &host), 0);
	assert_int_equal(host_read_file(&host, path, 1 << 20, &text, NULL), 0);
	host_done(&host);
	return text;
}

/* A struct that is large enough for each section. */
union any {
	struct guest guest;
	struct guest_device device;
	struct guest_disk disk;
	struct guest_input input;
	struct guest_display display;
};

static void each_row_names_its_key_once_and_says_what_is_allowed(void **state)
{
	size_t count;
	const struct option_key *keys = option_keys(&count);

	(void)state;
	assert_true(count > 30);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(option_find(keys[i].section, keys[i].name), &keys[i]);
		assert_true(strlen(keys[i].allowed) > 0);
		assert_true(strlen(keys[i].doc) > 10);
		assert_null(strchr(keys[i].doc, '\n'));
		if (option_is_remove(&keys[i]))
			continue;
		assert_true(keys[i].span > 0);
		assert_true(keys[i].start + keys[i].span <= option_section(keys[i].section)->size);
	}
	for (int id = 0; id < OPTION_SECTION_COUNT; id++) {
		assert_int_equal(option_find_section(option_section(id)->name), id);
		assert_int_equal(!!option_find(id, "Remove"), option_section(id)->repeats);
		assert_true(option_section(id)->size <= sizeof(union any));
	}
	assert_int_equal(option_find_section("guest"), -ENOENT);
	assert_null(option_find(OPTION_GUEST, "Path"));
}

static void each_default_is_a_value_that_its_parser_takes(void **state)
{
	size_t count;
	const struct option_key *keys = option_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct strlist texts = STRLIST_EMPTY;
		union any section = { 0 };

		if (!keys[i].fallback)
			continue;
		assert_int_equal(option_set(&keys[i], keys[i].fallback, &section, &texts), 0);
		assert_int_equal(option_set(&keys[i], "", &section, &texts), 0);
		strlist_done(&texts);
	}
}

static void each_word_is_taken_and_told_as_allowed(void **state)
{
	size_t count;
	const struct option_key *keys = option_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct strlist texts = STRLIST_EMPTY;
		union any section = { 0 };

		for (const struct optionvalue_word *w = keys[i].rule.words; w && w->word; w++) {
			if (!strstr(keys[i].allowed, w->word))
				fail_msg("%s= takes %s and does not say so", keys[i].name, w->word);
			assert_int_equal(option_set(&keys[i], w->word, &section, &texts), 0);
		}
		strlist_done(&texts);
	}
}

static void the_nearest_is_what_was_meant(void **state)
{
	(void)state;
	assert_string_equal(option_nearest(OPTION_GUEST, "Memroy"), "Memory");
	assert_string_equal(option_nearest(OPTION_GUEST, "Hugepage"), "Hugepages");
	assert_string_equal(option_nearest(OPTION_DISK, "path"), "Path");
	assert_string_equal(option_nearest(OPTION_DISPLAY, "GuestInptu"), "GuestInput");
	assert_null(option_nearest(OPTION_GUEST, "Session"));
	assert_null(option_nearest(OPTION_GUEST, ""));
	assert_string_equal(option_nearest_section("Lookingglass"), "LookingGlass");
	assert_string_equal(option_nearest_section("Disks"), "Disk");
	assert_null(option_nearest_section("Filesystem"));
}

/* Calls SEEN for each key that TEXT documents: a line "# SECTION [Name]" or "[Name]" begins a
 * section, one that begins with BEFORE, a key and "=" has a key. */
static void walk_document(char *text, const char *heading, const char *before,
			  void (*seen)(int section, const char *key))
{
	int section = -1;
	char *rest = text;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char *name = strncmp(line, heading, strlen(heading)) == 0 ? line + strlen(heading)
									  : NULL;
		char *end = name ? strchr(name, ']') : NULL;

		if (end) {
			*end = '\0';
			section = option_find_section(name);
			if (section < 0)
				fail_msg("a section [%s] is documented that is not in the table",
					 name);
			continue;
		}
		if (section < 0 || strncmp(line, before, strlen(before)) != 0)
			continue;
		name = line + strlen(before);
		end = strchr(name, '=');
		if (!end || strcspn(name, " =") != (size_t)(end - name))
			continue;
		*end = '\0';
		seen(section, name);
	}
}

static unsigned documented[OPTION_SECTION_COUNT];

static void count_key(int section, const char *key)
{
	const struct option_key *known = option_find(section, key);

	if (!known)
		fail_msg("%s= of [%s] is documented and not in the table", key,
			 option_section(section)->name);
	documented[section]++;
}

static void the_man_page_and_the_table_have_the_same_keys(void **state)
{
	char *text = source("helpers/man/vxm-guest.conf.5.scd");
	size_t count;
	const struct option_key *keys = option_keys(&count);

	(void)state;
	memset(documented, 0, sizeof(documented));
	walk_document(text, "# SECTION [", "*", count_key);
	for (int id = 0; id < OPTION_SECTION_COUNT; id++) {
		unsigned wanted = 0;

		for (size_t i = 0; i < count; i++)
			wanted += keys[i].section == (enum option_section_id)id;
		if (documented[id] != wanted)
			fail_msg("[%s] has %u keys in the man page and %u in the table",
				 option_section(id)->name, documented[id], wanted);
	}
	free(text);
}

static void the_man_page_tells_each_default_and_word(void **state)
{
	char *text = source("helpers/man/vxm-guest.conf.5.scd");
	size_t count;
	const struct option_key *keys = option_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char wanted[128], *section, *entry, *end;

		snprintf(wanted, sizeof(wanted), "# SECTION [%s]\n",
			 option_section(keys[i].section)->name);
		section = strstr(text, wanted);
		assert_non_null(section);
		snprintf(wanted, sizeof(wanted), "\n*%s=*", keys[i].name);
		entry = strstr(section, wanted);
		assert_non_null(entry);
		end = strstr(entry + 1, "\n\n");
		assert_non_null(end);
		*end = '\0';
		for (const struct optionvalue_word *w = keys[i].rule.words; w && w->word; w++)
			if (!strstr(entry, w->word))
				fail_msg("the man page's %s= does not tell %s", keys[i].name,
					 w->word);
		if (keys[i].fallback && *keys[i].fallback) {
			snprintf(wanted, sizeof(wanted), "Default: %s.", keys[i].fallback);
			if (!strstr(entry, wanted))
				fail_msg("the man page's %s= does not tell \"%s\"", keys[i].name,
					 wanted);
		}
		*end = '\n';
	}
	free(text);
}

static void the_vendor_file_shows_every_key_with_its_default(void **state)
{
	char *text = source("helpers/guest.conf");
	size_t count;
	const struct option_key *keys = option_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char wanted[128], *section, *end, *entry;

		if (option_is_remove(&keys[i]))
			continue;
		snprintf(wanted, sizeof(wanted), "[%s]\n", option_section(keys[i].section)->name);
		section = strstr(text, wanted);
		assert_non_null(section);
		end = strstr(section, "\n\n");
		if (end)
			*end = '\0';
		snprintf(wanted, sizeof(wanted), "\n# %s=%s", keys[i].name,
			 keys[i].fallback ? keys[i].fallback : " (");
		entry = strstr(section, wanted);
		if (!entry)
			fail_msg("the vendor's file has no line \"%s\" in [%s]", wanted + 1,
				 option_section(keys[i].section)->name);
		if (end)
			*end = '\n';
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_names_its_key_once_and_says_what_is_allowed),
		cmocka_unit_test(each_default_is_a_value_that_its_parser_takes),
		cmocka_unit_test(each_word_is_taken_and_told_as_allowed),
		cmocka_unit_test(the_nearest_is_what_was_meant),
		cmocka_unit_test(the_man_page_and_the_table_have_the_same_keys),
		cmocka_unit_test(the_man_page_tells_each_default_and_word),
		cmocka_unit_test(the_vendor_file_shows_every_key_with_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
