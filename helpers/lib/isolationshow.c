/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints what would move, or has moved, for a guest. */
#include "isolationshow.h"

#include <string.h>

#include "iommushow.h"
#include "jsontext.h"

static const char *format_id(const struct pcidev *dev, char buf[static PCIIDS_SIZE])
{
	struct pciids ids = dev->ids;

	ids.has_subsystem = false;
	return pciids_format(&ids, buf);
}

static void print_function(FILE *out, const struct pcidev *dev, const char *what)
{
	char bdf[PCIADDR_SIZE], id[PCIIDS_SIZE];

	fprintf(out, "  %-12s  %s  class %04x  ", pciaddr_format(&dev->addr, bdf),
		format_id(dev, id), dev->class >> 8);
	if (dev->iommu_group >= 0)
		fprintf(out, "group %-3d", dev->iommu_group);
	else
		fprintf(out, "no group ");
	fprintf(out, "  %s%s\n", dev->driver[0] ? dev->driver : "no driver", what);
}

static bool is_moving(const struct isolation *iso, const struct pcidev *dev)
{
	for (size_t i = 0; i < iso->count; i++)
		if (pciaddr_compare(&iso->functions[i].dev.addr, &dev->addr) == 0)
			return true;
	return false;
}

/* Those of DEVS that stay with the host. */
static void print_members(FILE *out, const char *title, const struct isolation *iso,
			  const struct pcidev *const *devs, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_moving(iso, devs[i]))
			continue;
		if (n++ == 0)
			fprintf(out, "%s\n", title);
		print_function(out, devs[i], "");
	}
}

void isolationshow_print(FILE *out, const struct isolation *iso, const struct refusal *refusal)
{
	if (iso->count > 0)
		fprintf(out, "moves\n");
	for (size_t i = iso->count; i-- > 0;) {
		const struct isolation_function *function = &iso->functions[i];
		char note[2 * PCIDEV_DRIVER_SIZE] = "";

		if (function->recorded)
			snprintf(note, sizeof(note), ", isolated; %s %s",
				 function->keep ? "stays; home is" : "goes back to",
				 strcmp(function->home, ISOLATION_ANY) == 0
					 ? "the driver of its kind"
				 : function->home[0] ? function->home
						     : "no driver");
		print_function(out, &function->dev, note);
	}
	for (size_t i = 0; i < iso->device_count; i++) {
		const struct iommu_set *set = &iso->devices[i].set;

		print_members(out, "bridges in the same groups, left where they are", iso,
			      set->bridges, set->bridge_count);
		print_members(out, "others in the same groups, in the way", iso, set->foreign,
			      set->foreign_count);
	}
	if (refusal->code == REFUSAL_NONE)
		fprintf(out, "can be handed over\n");
	else
		fprintf(out, "cannot be handed over: %s\n", refusal->text);
}

static void print_holder(FILE *out, const struct holder *holder)
{
	char bdf[PCIADDR_SIZE];

	fprintf(out, "{\"pid\": %d, \"command\": ", (int)holder->pid);
	jsontext_print(out, holder->comm);
	fprintf(out, ", \"unit\": ");
	jsontext_print(out, holder->unit[0] ? holder->unit : NULL);
	fprintf(out, ", \"node\": ");
	jsontext_print(out, holder->path);
	fprintf(out, ", \"mapped\": %s, \"bdf\": \"%s\"}", holder->mapped ? "true" : "false",
		pciaddr_format(&holder->addr, bdf));
}

static void print_use(FILE *out, const struct hostuse *use)
{
	char bdf[PCIADDR_SIZE];

	fprintf(out, "{\"bdf\": \"%s\", \"text\": ", pciaddr_format(&use->addr, bdf));
	jsontext_print(out, use->what);
	fprintf(out, ", \"fix\": ");
	jsontext_print(out, use->remedy);
	fprintf(out, "}");
}

void isolationshow_print_json(FILE *out, const char *name, const struct isolation *iso,
			      const struct refusal *refusal)
{
	size_t n = 0;

	fprintf(out, "{\"guest\": \"%s\", \"devices\": [", name);
	for (size_t i = 0; i < iso->device_count; i++) {
		if (!iso->devices[i].dev)
			continue;
		fprintf(out, "%s\n  ", n++ > 0 ? "," : "");
		iommushow_device(out, &iso->devices[i].set);
		fprintf(out, "}");
	}
	fprintf(out, "],\n \"functions\": [");
	for (size_t i = iso->count; i-- > 0;) {
		const struct isolation_function *function = &iso->functions[i];

		fprintf(out, "%s\n  ", i + 1 < iso->count ? "," : "");
		iommushow_open(out, &function->dev);
		fprintf(out, ", \"home\": ");
		jsontext_print(out, function->home[0] ? function->home : NULL);
		fprintf(out, ", \"isolated\": %s}", function->recorded ? "true" : "false");
	}
	fprintf(out, "],\n \"holders\": [");
	for (size_t i = 0; i < iso->holders.count; i++) {
		fprintf(out, "%s\n  ", i > 0 ? "," : "");
		print_holder(out, &iso->holders.items[i]);
	}
	fprintf(out, "],\n \"uses\": [");
	for (size_t i = 0; i < iso->uses.count; i++) {
		fprintf(out, "%s\n  ", i > 0 ? "," : "");
		print_use(out, &iso->uses.items[i]);
	}
	fprintf(out, "],\n \"refusal\": ");
	if (refusal->code == REFUSAL_NONE) {
		fprintf(out, "null}\n");
		return;
	}
	fprintf(out, "{\"code\": \"%s\", \"text\": ", refusal_word(refusal->code));
	jsontext_print(out, refusal->text);
	fprintf(out, "}}\n");
}
