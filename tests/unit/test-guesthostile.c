/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest: what is hostile is, in each option, refused with its line or carried to the letter. */
#include "tree.h"

#include "guest.h"
#include "option.h"

#define FILE_PATH  "etc/vxm/guests/demo.conf"
#define LARGE_SIZE 65536

static char large[LARGE_SIZE + 1];

static const char *const hostile[] = {
	"a,readonly=off,file=/etc/shadow",
	"/a,b=c",
	"-drive",
	"{\"driver\": \"file\"}",
	"say \"yes\"",
	"\"",
	"'`reboot` $(reboot) ${HOME}'",
	"%n%n%s%i",
	"C:\\new\\",
	"../../etc/shadow",
	"/srv/../etc/shadow",
	"/srv/\n[Guest]\nMemory=1T",
	"a\rb",
	"a\tb",
	"\x1b[2J",
	"\xc3",
	"#; [x]",
	" ",
	large,
};

/* What a guest needs; of these, the key that is tried is left out. */
static const struct {
	enum option_section_id section;
	const char *key, *value;
} base[] = {
	{ OPTION_GUEST, "Memory", "4G" },	   { OPTION_GPU, "Device", "0000:01:00.0" },
	{ OPTION_GPU, "Identity", "10de:2684" },   { OPTION_PCI, "Device", "0000:02:00.0" },
	{ OPTION_PCI, "Identity", "1b21:2142" },   { OPTION_DISK, "Path", "/srv/a.img" },
	{ OPTION_CDROM, "Path", "/srv/a.iso" },	   { OPTION_INPUT, "Keyboard", "auto" },
	{ OPTION_DISPLAY, "Monitor", "DEL:a0c4" }, { OPTION_DISPLAY, "GuestInput", "dp-1" },
};

static void print_quoted(FILE *out, const char *value)
{
	fputc('"', out);
	for (; *value; value++)
		fprintf(out, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
	fputs("\"\n", out);
}

/* Writes the file; returns the line that KEY stands in. */
static unsigned write_guest(const struct tree *tree, const struct option_key *key,
			    const char *value)
{
	_cleanup_free_ char *text = NULL;
	unsigned line = 0, found = 0;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (int id = 0; id < OPTION_SECTION_COUNT; id++) {
		fprintf(out, "[%s]\n", option_section(id)->name);
		line++;
		for (size_t i = 0; i < ARRAY_SIZE(base); i++)
			if ((int)base[i].section == id &&
			    (id != (int)key->section || strcmp(base[i].key, key->name) != 0)) {
				fprintf(out, "%s=%s\n", base[i].key, base[i].value);
				line++;
			}
		if (id != (int)key->section)
			continue;
		found = ++line;
		fprintf(out, "%s=", key->name);
		print_quoted(out, value);
	}
	fclose(out);
	tree_write_bytes(tree, FILE_PATH, text, size);
	return found;
}

/* The struct that the section's keys fill. */
static const void *filled(const struct guest *guest, enum option_section_id id)
{
	switch (id) {
	case OPTION_GPU:
		return &guest->gpu;
	case OPTION_PCI:
		return guest->pci[0];
	case OPTION_DISK:
		return guest->disks[0];
	case OPTION_CDROM:
		return guest->cdroms[0];
	case OPTION_INPUT:
		return guest->inputs[0];
	case OPTION_DISPLAY:
		return guest->displays[0];
	default:
		return guest;
	}
}

static void check(const struct tree *tree, const struct option_key *key, const char *value)
{
	unsigned line = write_guest(tree, key, value);
	struct guest_error error = { "" };
	struct guest *guest = NULL;
	int r = guest_load(&tree->host, "demo", &guest, &error);
	const char *text;
	char place[64];

	if (r < 0) {
		snprintf(place, sizeof(place), "/" FILE_PATH ":%u: ", line);
		assert_int_equal(r, -EINVAL);
		assert_ptr_equal(strstr(error.text, place), error.text);
		assert_null(strpbrk(error.text, "\n\r\x1b"));
		return;
	}
	/* A blank is the one value here that words may be made of: none. */
	if (key->parse == optionvalue_flags) {
		assert_string_equal(value, " ");
	} else {
		assert_true(key->parse == optionvalue_text || key->parse == optionvalue_path);
		memcpy(&text, (const char *)filled(guest, key->section) + key->offset,
		       sizeof(text));
		assert_string_equal(text, value);
		assert_true(key->parse == optionvalue_text || !strstr(text, ".."));
	}
	/* Nothing else came with it. */
	assert_int_equal(guest->memory_kib, 4 * 1024 * 1024);
	assert_int_equal(guest->disk_count + guest->cdrom_count + guest->pci_count, 3);
	guest_free(guest);
}

static void each_option_refuses_or_carries_it_to_the_letter(void **state)
{
	size_t count;
	const struct option_key *keys = option_keys(&count);

	memset(large, 'A', LARGE_SIZE);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; !option_is_remove(&keys[i]) && k < ARRAY_SIZE(hostile); k++)
			check(*state, &keys[i], hostile[k]);
}

static void a_path_keeps_its_commas_and_quotes(void **state)
{
	const struct option_key *path = option_find(OPTION_DISK, "Path");
	struct guest_error error = { "" };
	struct guest *guest = NULL;

	write_guest(*state, path, "/srv/a,b=\"c\" 'd' \\ %i ");
	assert_int_equal(guest_load(&((struct tree *)*state)->host, "demo", &guest, &error), 0);
	assert_string_equal(guest->disks[0]->path, "/srv/a,b=\"c\" 'd' \\ %i ");
	guest_free(guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_option_refuses_or_carries_it_to_the_letter),
		tree_test(a_path_keeps_its_commas_and_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
