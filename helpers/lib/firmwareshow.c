/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a firmware that was chosen, for `vxm-guest firmware`. */
#include "firmwareshow.h"

#include "jsontext.h"

void firmwareshow_text(FILE *out, const struct firmware *firmware)
{
	fprintf(out, "%s\n%s\n%s\n", firmware->descriptor, firmware->executable.filename,
		firmware->nvram_template.filename);
}

static void print_file(FILE *out, const char *key, const struct firmware_file *file)
{
	fprintf(out, "  \"%s\": {\"filename\": ", key);
	jsontext_print(out, file->filename);
	fprintf(out, ", \"format\": \"%s\"},\n", firmware_format_word(file->format));
}

void firmwareshow_json(FILE *out, const struct firmware *firmware)
{
	if (!firmware) {
		fputs("null\n", out);
		return;
	}
	fputs("{\n  \"descriptor\": ", out);
	jsontext_print(out, firmware->descriptor);
	fputs(",\n", out);
	print_file(out, "executable", &firmware->executable);
	print_file(out, "nvram_template", &firmware->nvram_template);
	fprintf(out, "  \"requires_smm\": %s\n}\n", firmware->requires_smm ? "true" : "false");
}
