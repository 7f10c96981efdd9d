/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conffile: what a configuration file may look like, and where it is wrong. */
#include "tree.h"

#include "conffile.h"

/* Prints all items of TEXT as "LINE[section|label]" and "LINE{key|value}", one after the other, and
 * "LINE!what" for an error, which ends it. */
static const char *walk(const char *text, size_t size)
{
	static char out[16384];
	_cleanup_conffile_ struct conffile file = { 0 };
	char what[CONFFILE_WHAT_SIZE];
	struct conffile_item item;
	size_t used = 0;
	int r = conffile_open_text(text, size, &file, what);

	out[0] = '\0';
	while (r >= 0 && (r = conffile_next(&file, &item, what)) > 0)
		used += (size_t)snprintf(
			out + used, sizeof(out) - used, item.section ? "%u[%s|%s]" : "%u{%s|%s}",
			item.line, item.section ? item.section : item.key,
			item.section ? (item.label ? item.label : "") : item.value);
	if (r < 0)
		snprintf(out + used, sizeof(out) - used, "%u!%s", file.line, what);
	return out;
}

#define WALK(text) walk(text, sizeof(text) - 1)

static void sections_labels_keys_and_comments(void **state)
{
	(void)state;
	assert_string_equal(WALK(""), "");
	assert_string_equal(WALK("\n\n# a\n  ; b\n\t\n"), "");
	assert_string_equal(WALK("[Guest]\nMemory=4G\n"), "1[Guest|]2{Memory|4G}");
	assert_string_equal(WALK("[Guest]\nMemory=4G"), "1[Guest|]2{Memory|4G}");
	assert_string_equal(WALK(" [ Disk \t sys-1_a.b ] \n"), "1[Disk|sys-1_a.b]");
	assert_string_equal(WALK("[A]\n \tKey \t= \t value with  blanks\t \n"),
			    "1[A|]2{Key|value with  blanks}");
	assert_string_equal(WALK("[A]\nK=\nL= \n"), "1[A|]2{K|}3{L|}");
}

static void a_value_is_the_rest_of_its_line(void **state)
{
	(void)state;
	assert_string_equal(WALK("[A]\nK=a#b ; c, d=e [f] \"g\" 'h' $i %j `k`\n"),
			    "1[A|]2{K|a#b ; c, d=e [f] \"g\" 'h' $i %j `k`}");
	assert_string_equal(WALK("[A]\nK=C:\\x\\y\n"), "1[A|]2{K|C:\\x\\y}");
	assert_string_equal(WALK("[A]\nK=gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x96\xa5\n"),
			    "1[A|]2{K|gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x96\xa5}");
}

static void quotes_are_needed_only_at_the_ends(void **state)
{
	(void)state;
	assert_string_equal(WALK("[A]\nK=\"  a  \"\n"), "1[A|]2{K|  a  }");
	assert_string_equal(WALK("[A]\nK=\"\"\n"), "1[A|]2{K|}");
	assert_string_equal(WALK("[A]\nK=\"a\\\"b\\\\\"\n"), "1[A|]2{K|a\"b\\}");
	assert_string_equal(WALK("[A]\nK=name=\"a b\"\n"), "1[A|]2{K|name=\"a b\"}");
	assert_string_equal(WALK("[A]\nK=\"a\n"),
			    "1[A|]2!K=: the value begins with a double quote and has none at its "
			    "end");
	assert_string_equal(WALK("[A]\nK=\"a\" b\n"),
			    "1[A|]2!K=: something follows the closing quote; a value that begins "
			    "with a double quote ends with one");
	assert_string_equal(WALK("[A]\nK=\"a\\n\"\n"),
			    "1[A|]2!K=: in a quoted value \\\" and \\\\ are allowed, and no other "
			    "character after a backslash");
	assert_string_equal(WALK("[A]\nK=\"a\\\"\n"),
			    "1[A|]2!K=: the value begins with a double quote and has none at its "
			    "end");
	assert_string_equal(WALK("[A]\nK=\"\n"),
			    "1[A|]2!K=: the value begins with a double quote and has none at its "
			    "end");
	assert_string_equal(WALK("[A]\nK=a\\\n"),
			    "1[A|]2!K=: a line is not continued by a backslash; a value that ends "
			    "with one is written \"...\\\\\"");
}

static void files_from_windows_are_read(void **state)
{
	(void)state;
	assert_string_equal(WALK("\xef\xbb\xbf[A]\r\nK=v\r\n\r\n# c\r\n"), "1[A|]2{K|v}");
	assert_string_equal(WALK("\xef\xbb\xbf"), "");
	/* Only at the end of a line. */
	assert_string_equal(WALK("[A]\nK=a\rb\n"),
			    "1[A|]2!a control character (byte 0x0d); allowed is text in UTF-8");
	assert_string_equal(WALK("[A]\nK=a\r\r\n"),
			    "1[A|]2!a control character (byte 0x0d); allowed is text in UTF-8");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		unsigned told;
	} cases[] = {
		{ "\0", 1, 0 },
		{ "\x1b", 1, 0x1b },
		{ "\x7f", 1, 0x7f },
		{ "\x80", 1, 0x80 },		     /* follows nothing */
		{ "\xc0\xaf", 2, 0xc0 },	     /* "/" in two bytes */
		{ "\xc1\x81", 2, 0xc1 },	     /* "A" in two bytes */
		{ "\xe0\x80\xaf", 3, 0xe0 },	     /* "/" in three */
		{ "\xed\xa0\x80", 3, 0xed },	     /* a surrogate */
		{ "\xf0\x80\x80\xaf", 4, 0xf0 },     /* "/" in four */
		{ "\xf4\x90\x80\x80", 4, 0xf4 },     /* beyond U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", 5, 0xf8 }, /* five bytes */
		{ "\xff", 1, 0xff },
		{ "\xc3", 1, 0xc3 }, /* the line ends too early */
		{ "\xe2\x82", 2, 0xe2 },
		{ "\xe2\x82x", 3, 0xe2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64], wanted[128];
		bool control = cases[i].told < 0x80;

		memcpy(text, "[A]\n#", 5); /* in a comment as well */
		memcpy(text + 5, cases[i].bytes, cases[i].size);
		text[5 + cases[i].size] = '\n';
		snprintf(wanted, sizeof(wanted),
			 control ? "1[A|]2!a control character (byte 0x%02x); allowed is text in "
				   "UTF-8"
				 : "1[A|]2!byte 0x%02x is not UTF-8; allowed is text in UTF-8",
			 cases[i].told);
		assert_string_equal(walk(text, 6 + cases[i].size), wanted);
	}
}

static void what_is_no_line_is_told(void **state)
{
	(void)state;
	assert_string_equal(WALK("K=v\n"), "1!K=: stands before the first section; a key belongs "
					   "below a line like [Guest]");
	assert_string_equal(WALK("[A]\nword\n"),
			    "1[A|]2!\"word\" is nothing known: allowed are [Section], Key=value, "
			    "and comments that begin with # or ;");
	/* 79 bytes, and a character of two that does not fit any more: the message is still text.
	 */
	assert_string_equal(WALK("[A]\n"
				 "0123456789012345678901234567890123456789"
				 "012345678901234567890123456789012345678\xc3\xa4\n"),
			    "1[A|]2!\"0123456789012345678901234567890123456789"
			    "012345678901234567890123456789012345678?\" is nothing known: allowed "
			    "are [Section], Key=value, and comments that begin with # or ;");
	assert_string_equal(WALK("[A]\n=v\n"),
			    "1[A|]2!\"\" is no key's name: allowed are letters and digits");
	assert_string_equal(WALK("[A]\nK-x=v\n"),
			    "1[A|]2!\"K-x\" is no key's name: allowed are letters and digits");
	assert_string_equal(WALK("[A] # c\n"),
			    "1!a section begins with [ and its line ends with ]; a comment has a "
			    "line of its own");
	assert_string_equal(WALK("[\n"), "1!a section begins with [ and its line ends with ]; a "
					 "comment has a line of its own");
	assert_string_equal(WALK("[]\n"),
			    "1!\"[]\" is no section's name: allowed are letters and digits");
	assert_string_equal(WALK("[../x]\n"),
			    "1!\"[../x]\" is no section's name: allowed are letters and digits");
	assert_string_equal(WALK("[A b c]\n"),
			    "1!\"b c\" is no label: allowed are letters, digits and . _ -, as in "
			    "[Disk system]");
	assert_string_equal(WALK("[A ]]\n"),
			    "1!\"]\" is no label: allowed are letters, digits and . _ -, as in "
			    "[Disk system]");
}

static void long_lines_and_large_files_are_refused(void **state)
{
	static char text[CONFFILE_SIZE_MAX + 2];
	_cleanup_conffile_ struct conffile file = { 0 };
	char what[CONFFILE_WHAT_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "[A]\nK=", 6);
	text[4 + CONFFILE_LINE_MAX] = '\n';
	assert_int_equal(strlen(walk(text, 5 + CONFFILE_LINE_MAX)),
			 strlen("1[A|]2{K|}") + CONFFILE_LINE_MAX - 2);
	text[4 + CONFFILE_LINE_MAX] = 'x';
	assert_string_equal(walk(text, 5 + CONFFILE_LINE_MAX),
			    "1[A|]2!the line has 4096 bytes, at most 4095 are allowed");
	assert_int_equal(conffile_open_text(text, CONFFILE_SIZE_MAX, &file, what), 0);
	conffile_done(&file);
	assert_int_equal(conffile_open_text(text, CONFFILE_SIZE_MAX + 1, &file, what), -EBADMSG);
	assert_string_equal(what, "the file has more than 256 KiB");
}

static void only_a_file_is_read(void **state)
{
	const struct tree *tree = *state;
	struct conffile file = { 0 };
	char what[CONFFILE_WHAT_SIZE], full[PATH_MAX];

	assert_int_equal(conffile_open(&tree->host, "absent", &file, what), -ENOENT);
	tree_mkdir(tree, "directory");
	assert_int_equal(conffile_open(&tree->host, "directory", &file, what), -EBADMSG);
	assert_string_equal(what, "it is not a regular file");
	/* Opening a FIFO would wait for a writer. */
	assert_int_equal(mkfifo(tree_full(tree, "fifo", full), 0600), 0);
	assert_int_equal(conffile_open(&tree->host, "fifo", &file, what), -EBADMSG);
	tree_link(tree, "null", "/dev/null");
	assert_int_equal(conffile_open(&tree->host, "null", &file, what), -EBADMSG);
	tree_write(tree, "file", "[A]\n");
	tree_link(tree, "link", "file");
	assert_int_equal(conffile_open(&tree->host, "link", &file, what), 0);
	conffile_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_labels_keys_and_comments),
		cmocka_unit_test(a_value_is_the_rest_of_its_line),
		cmocka_unit_test(quotes_are_needed_only_at_the_ends),
		cmocka_unit_test(files_from_windows_are_read),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(what_is_no_line_is_told),
		cmocka_unit_test(long_lines_and_large_files_are_refused),
		tree_test(only_a_file_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
