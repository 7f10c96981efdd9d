/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the two files that VxM itself writes and has to trust after a crash: records of what was
 * changed, and the devices of a prepared guest. */
#include "fuzz.h"

#include "prepared.h"
#include "preparerule.h"
#include "record.h"

#define GUEST	      "demo"
#define KIND	      "isolate"
#define RECORD_FILE   "run/vxm/" GUEST "/" KIND
#define PREPARED_FILE PREPARED_DIRECTORY "/" GUEST
#define LIMIT	      ((size_t)1024 * 1024)

static struct host host;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	host = fuzz_root();
	return 0;
}

static char *contents(const char *path)
{
	char *text = NULL;

	demand(host_read_file(&host, path, LIMIT, &text, NULL) == 0);
	return text;
}

/* Each line of TEXT is on record with its value, unless a later line has set another. */
static void check_values(const struct record *record, char *text)
{
	const char *value_seen;

	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *key = strchr(line, ' '), *value = strchr(key + 1, ' '), whole[512];

		*end = *key++ = *value++ = '\0';
		value_seen = record_get(record, line, key);
		demand(value_seen);
		snprintf(whole, sizeof(whole), "%s %s ", line, key);
		demand(strcmp(value_seen, value) == 0 || strstr(end + 1, whole));
	}
}

static void records(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *saved = NULL, *again = NULL, *text = fuzz_text(data, size);
	_cleanup_record_ struct record *record = NULL, *same = NULL;
	char owner[GUEST_NAME_SIZE];
	const char *object;
	int r;

	fuzz_write(&host, RECORD_FILE, data, size);
	r = record_load(&host, GUEST, KIND, &record);
	demand(r == 0 || r == -EBADMSG || r == -EFBIG);
	if (r < 0) {
		demand(!record);
		/* Nobody's, and not for the taking: an unreadable claim is an error. */
		demand(record_owner(&host, KIND, "0000:01:00.0", "other", owner) == r);
		return;
	}
	/* What was cut, or goes on behind a NUL byte, is not taken for the whole. */
	demand(strlen(text) == size && (size == 0 || data[size - 1] == '\n'));
	check_values(record, text);
	demand(record_save(&host, record) == 0);
	saved = contents(RECORD_FILE);
	demand(record_load(&host, GUEST, KIND, &same) == 0);
	demand(record_save(&host, same) == 0);
	again = contents(RECORD_FILE);
	demand(strcmp(saved, again) == 0);
	for (size_t i = 0; (object = record_object(record, i)) && i < 16; i++) {
		demand(record_object(same, i) && strcmp(object, record_object(same, i)) == 0);
		demand(record_owner(&host, KIND, object, "other", owner) == 1);
		demand(strcmp(owner, GUEST) == 0);
		demand(record_owner(&host, KIND, object, GUEST, owner) == 0);
	}
}

/* Three texts of the input as they come: what the form cannot carry is refused, and the rest comes
 * back as it was. */
static void hostile(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *object = fuzz_text(data, size / 3);
	_cleanup_free_ char *key = fuzz_text(data + size / 3, size / 3);
	_cleanup_free_ char *value = fuzz_text(data + size / 3 * 2, size - size / 3 * 2);
	_cleanup_record_ struct record *record = record_new(GUEST, KIND), *same = NULL;
	int r;

	demand(record);
	r = record_set(record, object, key, value);
	demand(r == 0 || r == -EINVAL);
	if (r < 0) {
		demand(!record_get(record, object, key));
		return;
	}
	demand(record_save(&host, record) == 0);
	demand(record_load(&host, GUEST, KIND, &same) == 0);
	demand(record_get(same, object, key));
	demand(strcmp(record_get(same, object, key), value) == 0);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* Each function is one line more, with its address once, whatever the file had for it. */
static void check_rules(void (*print)(FILE *, const char *, const struct prepared *),
			const struct prepared *prepared)
{
	const struct prepared none = { NULL, 0 };
	_cleanup_free_ char *rules = NULL, *bare = NULL;
	size_t size;
	FILE *out = open_memstream(&rules, &size);

	demand(out);
	print(out, GUEST, prepared);
	demand(fclose(out) == 0);
	out = open_memstream(&bare, &size);
	demand(out);
	print(out, GUEST, &none);
	demand(fclose(out) == 0);
	demand(count(rules, "KERNEL==\"") == prepared->count);
	demand(count(rules, "\n") == count(bare, "\n") + prepared->count);
}

static void preparations(const uint8_t *data, size_t size)
{
	_cleanup_prepared_ struct prepared prepared = { NULL, 0 }, same = { NULL, 0 };
	int r;

	fuzz_write(&host, PREPARED_FILE, data, size);
	r = prepared_read(&host, GUEST, &prepared);
	demand(r == 0 || r == -EBADMSG || r == -EFBIG);
	if (r < 0) {
		demand(!prepared.items && prepared.count == 0);
		return;
	}
	demand(!memchr(data, '\0', size) && (size == 0 || data[size - 1] == '\n'));
	demand(prepared_write(&host, GUEST, &prepared) == 0);
	demand(prepared_read(&host, GUEST, &same) == 0);
	demand(same.count == prepared.count);
	for (size_t i = 0; i < prepared.count; i++) {
		const struct prepared_function *a = &prepared.items[i], *b = &same.items[i];

		demand(pciaddr_compare(&a->addr, &b->addr) == 0);
		demand(i == 0 || pciaddr_compare(&a[-1].addr, &a->addr) < 0);
		demand(prepared_find(&prepared, &a->addr) == a);
		demand(pciids_match(&a->ids, &b->ids) && a->ids.has_subsystem);
		demand(strcmp(a->driver, b->driver) == 0);
		demand(fuzz_is_line(a->driver));
	}
	check_rules(preparerule_print, &prepared);
	check_rules(preparerule_print_initramfs, &prepared);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	records(data, size);
	hostile(data, size);
	preparations(data, size);
	return 0;
}
