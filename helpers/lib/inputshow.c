/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints keyboards and mice, with the words that [Input] takes for each. */
#include "inputshow.h"

#include <errno.h>
#include <string.h>

#include "inputdev.h"
#include "jsontext.h"

/* A match has no way to say a quote. */
static bool can_say(const char *name)
{
	return name[0] && !strchr(name, '"');
}

static void print_text(FILE *out, const struct inputdev *dev, bool keyboard)
{
	fprintf(out, "%-20s %-9s %s=vendor=%04x product=%04x", dev->path,
		keyboard ? "keyboard" : "mouse", keyboard ? "Keyboard" : "Mouse", dev->vendor,
		dev->product);
	if (can_say(dev->name))
		fprintf(out, " name=\"%s\"", dev->name);
	fputc('\n', out);
}

static void print_json(FILE *out, const struct inputdev *dev, bool keyboard)
{
	fprintf(out,
		"\n\t{\"node\": \"%s\", \"kind\": \"%s\", \"vendor\": \"%04x\", \"product\": "
		"\"%04x\", \"name\": ",
		dev->path, keyboard ? "keyboard" : "mouse", dev->vendor, dev->product);
	jsontext_print(out, dev->name);
	fputc('}', out);
}

int inputshow_print(FILE *out, const struct host *host, bool json)
{
	_cleanup_inputdev_list_ struct inputdev_list list = { 0 };
	int r = inputdev_scan(host, &list), count = 0;

	if (r < 0)
		return r;
	if (json)
		fputc('[', out);
	for (size_t i = 0; i < list.count; i++) {
		enum inputdev_class class = inputdev_classify(&list, &list.items[i]);

		if (class == INPUTDEV_NEITHER)
			continue;
		if (json && count > 0)
			fputc(',', out);
		(json ? print_json : print_text)(out, &list.items[i], class == INPUTDEV_KEYBOARD);
		count++;
	}
	if (json)
		fputs("\n]\n", out);
	return ferror(out) ? -EIO : count;
}

int inputshow_print_choices(FILE *out, const struct inputmatch_choices *choices,
			    const struct record *record, bool json)
{
	if (json)
		fputc('[', out);
	for (size_t i = 0; i < choices->count; i++) {
		const struct inputmatch_choice *choice = &choices->items[i];
		const char *kind = choice->is_keyboard ? "keyboard" : "mouse";
		char mark[INPUTDEV_MARK_SIZE];
		bool given =
			record && record_get(record, inputdev_mark(&choice->dev, mark), "owner");

		if (!json) {
			fprintf(out, "%-20s %-9s %-6s %s\n", choice->dev.path, kind,
				given ? "guest" : "host", choice->dev.name);
			continue;
		}
		fprintf(out, "%s\n\t{\"node\": \"%s\", \"kind\": \"%s\", \"given\": %s, \"name\": ",
			i > 0 ? "," : "", choice->dev.path, kind, given ? "true" : "false");
		jsontext_print(out, choice->dev.name);
		fputc('}', out);
	}
	if (json)
		fputs("\n]\n", out);
	return ferror(out) ? -EIO : 0;
}
