/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints what `vxm check` found out. */
#include "checkupshow.h"

#include <string.h>

#include "gpushow.h"
#include "iommushow.h"
#include "jsontext.h"
#include "pciport.h"
#include "table.h"

static bool is_shown(const struct checkup *checkup, size_t i)
{
	return checkup->guest || i == checkup->best;
}

/* The devices whose reasons follow; a tree of all GPUs is above them when there are more. */
static int print_ports(FILE *out, const struct host *host, const struct checkup *checkup)
{
	static const struct table_column columns[] = { { .name = "PORTS ABOVE" },
						       { .name = "KIND" },
						       { .name = "ACS" } };
	_cleanup_table_ struct table *table = NULL;
	int r = table_new(out, columns, ARRAY_SIZE(columns), &table);
	bool any = false;

	for (size_t i = 0; i < checkup->count && r >= 0; i++) {
		const struct pcidev *dev = checkup->devices[i].set->device;
		struct pciport ports[PCIPORT_MAX];
		struct table_line *line;
		char bdf[PCIADDR_SIZE];
		size_t count;

		if (!is_shown(checkup, i) || pciport_path(host, &dev->addr, ports, &count) < 0 ||
		    count == 0)
			continue;
		any = true;
		r = table_add(table, NULL,
			      (const char *[]){ pciaddr_format(&dev->addr, bdf), "", "" }, &line);
		for (size_t n = count; n-- > 0 && r >= 0;)
			r = table_add(table, line,
				      (const char *[]){ pciaddr_format(&ports[n].addr, bdf),
							pciport_kind_word(ports[n].kind),
							pciport_acs_word(ports[n].acs) },
				      NULL);
	}
	if (r < 0 || !any)
		return r;
	fputc('\n', out);
	return table_print(table);
}

/* All else is said of a device that is not the one that was meant. */
static bool is_of_identity(const struct reason *reason)
{
	return strcmp(reason->code, "identity") == 0 || strcmp(reason->code, "absent") == 0;
}

static void print_each(FILE *out, const struct reason_list *list, enum reason_level level,
		       bool identity)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct reason *reason = &list->items[i];

		if (reason->level == level && is_of_identity(reason) == identity)
			fprintf(out, "  %s: %s\n      fix: %s\n", reason->code, reason->text,
				reason->fix);
	}
}

static size_t count_reasons(const struct checkup *checkup, enum reason_level level)
{
	size_t n = reason_count(&checkup->reasons, level);

	for (size_t i = 0; i < checkup->count; i++)
		if (is_shown(checkup, i))
			n += reason_count(&checkup->devices[i].reasons, level);
	return n;
}

/* Many are put right by one and the same line, which then stands there once. */
static void print_unseen(FILE *out, const struct reason_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct reason *reason = &list->items[i];
		bool last = true;

		if (reason->level != REASON_UNSEEN)
			continue;
		fprintf(out, "  %s: %s\n", reason->code, reason->text);
		for (size_t n = i + 1; n < list->count && last; n++)
			last = list->items[n].level != REASON_UNSEEN ||
			       strcmp(list->items[n].fix, reason->fix) != 0;
		if (last)
			fprintf(out, "      fix: %s\n", reason->fix);
	}
}

static void print(FILE *out, const struct reason_list *list, enum reason_level level)
{
	if (level == REASON_UNSEEN)
		print_unseen(out, list);
	else
		print_each(out, list, level, false);
}

static void print_level(FILE *out, const struct checkup *checkup, enum reason_level level,
			const char *title)
{
	if (count_reasons(checkup, level) == 0)
		return;
	fprintf(out, "\n%s\n", title);
	print_each(out, &checkup->reasons, level, true);
	for (size_t i = 0; i < checkup->count; i++)
		if (is_shown(checkup, i))
			print(out, &checkup->devices[i].reasons, level);
	print(out, &checkup->reasons, level);
}

static void print_verdict(FILE *out, const struct checkup *checkup)
{
	size_t n = count_reasons(checkup, REASON_BLOCKS);
	char bdf[PCIADDR_SIZE] = "", what[64];

	if (checkup->gpus.count == 0 && checkup->count == 0 && !checkup->guest) {
		fprintf(out, "verdict: no: this machine has no GPU\n");
		return;
	}
	if (checkup->guest)
		snprintf(what, sizeof(what), "the guest %s", checkup->guest->name);
	else if (checkup->best < checkup->count)
		snprintf(what, sizeof(what), "giving %s to a guest",
			 pciaddr_format(&checkup->devices[checkup->best].set->device->addr, bdf));
	if (n == 0 && checkup->count > 0)
		fprintf(out, "verdict: yes: nothing stands against %s%s\n", what,
			count_reasons(checkup, REASON_UNSEEN) > 0 ? ", as far as could be seen"
								  : "");
	else
		fprintf(out, "verdict: not yet: %zu thing%s against %s\n", n,
			n == 1 ? " stands" : "s stand", what);
}

/* What a person with a good verdict does next. */
static void print_next(FILE *out, const struct checkup *checkup)
{
	const struct pcidev *dev = checkup->devices[checkup->best].set->device;
	char bdf[PCIADDR_SIZE], id[PCIIDS_SIZE];
	struct pciids ids = dev->ids;

	ids.has_subsystem = false;
	if (pcidev_is_display(dev))
		fprintf(out,
			"\nnext: a file /etc/vxm/guests/NAME.conf (vxm-guest.conf(5)) with\n"
			"      [GPU]\n      Device=%s\n      Identity=%s\n"
			"      then vxm check NAME\n",
			pciaddr_format(&dev->addr, bdf), pciids_format(&ids, id));
}

int checkupshow_print(FILE *out, const struct host *host, const struct checkup *checkup,
		      struct hwname *names)
{
	int r = 0;

	if (!checkup->guest && checkup->count == checkup->gpus.count)
		r = gpushow_print(out, checkup->gpus.items, checkup->gpus.count, names);
	else
		for (size_t i = 0; i < checkup->count && r >= 0; i++)
			r = gpushow_print(out, checkup->devices[i].set, 1, names);
	if (r >= 0)
		r = print_ports(out, host, checkup);
	if (r < 0)
		return r;
	if (checkup->count > 0)
		fputc('\n', out);
	print_verdict(out, checkup);
	print_level(out, checkup, REASON_BLOCKS, "to put right first:");
	print_level(out, checkup, REASON_WARNS, "to know:");
	print_level(out, checkup, REASON_UNSEEN, "not seen:");
	if (!checkup->guest && checkup_is_good(checkup))
		print_next(out, checkup);
	return 0;
}

static void print_list(FILE *out, const struct reason_list *list, size_t *n)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct reason *reason = &list->items[i];

		fprintf(out, "%s\n    {\"code\": \"%s\", \"level\": \"%s\", \"text\": ",
			(*n)++ > 0 ? "," : "", reason->code, reason_word(reason->level));
		jsontext_print(out, reason->text);
		fprintf(out, ", \"fix\": ");
		jsontext_print(out, reason->fix);
		fprintf(out, "}");
	}
}

/* What is known of a guest's GPU that is not there: where it should be, and the reasons. */
static void print_absent(FILE *out, const struct checkup *checkup)
{
	char bdf[PCIADDR_SIZE];
	size_t n = 0;

	fprintf(out,
		"\n  {\"bdf\": \"%s\", \"id\": null, \"class\": null, \"driver\": null, "
		"\"group\": null, \"boot_display\": false, \"verdict\": null, \"own\": [], "
		"\"bridges\": [], \"foreign\": [], \"own_other_groups\": [], \"reasons\": [",
		pciaddr_format(&checkup->guest->gpu.device, bdf));
	print_list(out, &checkup->reasons, &n);
	fprintf(out, "]}\n");
}

void checkupshow_print_json(FILE *out, const struct checkup *checkup)
{
	fprintf(out, "[");
	if (checkup->guest && checkup->count == 0)
		print_absent(out, checkup);
	for (size_t i = 0; i < checkup->count; i++) {
		size_t n = 0;

		fprintf(out, "%s\n  ", i > 0 ? "," : "");
		iommushow_device(out, checkup->devices[i].set);
		fprintf(out, ", \"reasons\": [");
		print_list(out, &checkup->devices[i].reasons, &n);
		print_list(out, &checkup->reasons, &n);
		fprintf(out, "]}");
	}
	fprintf(out, "%s]\n", checkup->count > 0 ? "\n" : "");
}
