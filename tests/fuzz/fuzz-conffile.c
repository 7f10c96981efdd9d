/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes the reader of configuration files: what it takes, written out anew, is the same. */
#include "fuzz.h"

#include "conffile.h"

/* Letters, digits, and what is in MORE. */
static bool is_word(const char *text, const char *more)
{
	char allowed[80];

	snprintf(allowed, sizeof(allowed), "%s%s%s%s", "abcdefghijklmnopqrstuvwxyz",
		 "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", more);
	return *text && strspn(text, allowed) == strlen(text);
}

static void print_item(FILE *out, const struct conffile_item *item)
{
	if (item->section) {
		fprintf(out, "  [ %s%s%s ]\t\r\n", item->section, item->label ? "\t" : "",
			item->label ? item->label : "");
		return;
	}
	fprintf(out, "; a comment\n\n\t%s = \"", item->key);
	for (const char *p = item->value; *p; p++)
		fprintf(out, "%s%c", strchr("\"\\", *p) ? "\\" : "", *p);
	fputs("\" \n", out);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Reads ITEM, and SAME from what print_item() made of it. */
static void reread(const char *text, size_t size, struct conffile *first)
{
	_cleanup_conffile_ struct conffile second = { 0 };
	struct conffile_item item, same;
	char what[CONFFILE_WHAT_SIZE];

	demand(conffile_open_text(text, size, &second, what) == 0);
	while (conffile_next(first, &item, what) == 1) {
		int r = conffile_next(&second, &same, what);

		/* The escapes, and the blanks around, may make too long a line of it. */
		if (r == -EBADMSG && item.value && strlen(item.value) > CONFFILE_LINE_MAX / 2 - 80)
			return;
		demand(r == 1);
		demand(is_same_text(item.section, same.section));
		demand(is_same_text(item.label, same.label));
		demand(is_same_text(item.key, same.key));
		demand(is_same_text(item.value, same.value));
	}
}

static void check_item(const struct conffile *file, const struct conffile_item *item)
{
	demand(item->line == file->line && file->in_section);
	demand(!item->section == !!item->key && !item->key == !item->value);
	if (item->section) {
		demand(is_word(item->section, ""));
		demand(!item->label || is_word(item->label, "._-"));
	} else {
		demand(is_word(item->key, ""));
		demand(fuzz_is_line(item->value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_conffile_ struct conffile file = { 0 }, again = { 0 };
	_cleanup_free_ char *text = NULL;
	char what[CONFFILE_WHAT_SIZE];
	struct conffile_item item;
	unsigned last = 0;
	size_t length = 0;
	FILE *out;
	int r;

	r = conffile_open_text((const char *)data, size, &file, what);
	demand(r == (size > CONFFILE_SIZE_MAX ? -EBADMSG : 0));
	if (r < 0)
		return 0;
	out = open_memstream(&text, &length);
	demand(out);
	fuzz_mark(&item, sizeof(item));
	while ((r = conffile_next(&file, &item, what)) == 1) {
		check_item(&file, &item);
		demand(item.line > last);
		last = item.line;
		print_item(out, &item);
		fuzz_mark(&item, sizeof(item));
	}
	fclose(out);
	demand(fuzz_is_marked(&item, sizeof(item)));
	demand(r == 0 || r == -EBADMSG);
	if (r < 0) {
		demand(file.line > last);
		demand(*what && fuzz_is_line(what));
	}
	demand(conffile_open_text((const char *)data, size, &again, what) == 0);
	reread(text, length, &again);
	return 0;
}
