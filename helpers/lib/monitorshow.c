/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of monitors, with the input that each shows, printed for people and for programs. */
#include "monitorshow.h"

#include <errno.h>

#include "jsontext.h"
#include "monitorclaim.h"
#include "record.h"

static bool is_meant(const struct guest *guest, const struct monitor *monitor)
{
	for (size_t i = 0; guest && i < guest->display_count; i++) {
		const struct guest_display *wanted = guest->displays[i];

		if (edid_is(&monitor->edid, wanted->maker, wanted->product, wanted->serial))
			return true;
	}
	return !guest;
}

static void print_text(FILE *out, const struct monitor *monitor, int status, uint8_t input,
		       const char *owner)
{
	const char *name = monitor_input_name(input);

	fprintf(out, "%-24s i2c-%-3d %-14s ", monitor->identity, monitor->bus,
		monitor->edid.model_name);
	if (status < 0)
		fputs(monitor_strerror(status), out);
	else
		fprintf(out, "input 0x%02x%s%s", input, name ? " " : "", name ? name : "");
	fprintf(out, "%s%s\n", owner ? ", guest " : "", owner ? owner : "");
}

static void print_json(FILE *out, const struct monitor *monitor, int status, uint8_t input,
		       const char *owner)
{
	fputs("\t{\"monitor\": ", out);
	jsontext_print(out, monitor->identity);
	fputs(", \"model\": ", out);
	jsontext_print(out, monitor->edid.model_name);
	fprintf(out, ", \"bus\": %d, \"input\": ", monitor->bus);
	if (status < 0)
		fputs("null", out);
	else
		fprintf(out, "%u", input);
	fputs(", \"guest\": ", out);
	jsontext_print(out, owner);
	fputc('}', out);
}

int monitorshow_print(FILE *out, const struct host *host, const struct monitor_list *list,
		      const struct guest *guest, bool json)
{
	bool first = true;

	if (json)
		fputs("[", out);
	for (size_t i = 0; i < list->count; i++) {
		const struct monitor *monitor = &list->items[i];
		char name[GUEST_NAME_SIZE];
		const char *owner = NULL;
		uint8_t input = 0;
		int status;

		if (!is_meant(guest, monitor))
			continue;
		if (record_owner(host, MONITORCLAIM_KIND, monitor->identity, "", name) > 0)
			owner = name;
		status = monitor_get_input(monitor, &input);
		if (json) {
			fputs(first ? "\n" : ",\n", out);
			print_json(out, monitor, status, input, owner);
		} else {
			print_text(out, monitor, status, input, owner);
		}
		first = false;
	}
	if (json)
		fputs("\n]\n", out);
	return fflush(out) != 0 || ferror(out) ? -EIO : !first;
}
