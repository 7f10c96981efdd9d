/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An EDID printed for people and for programs. */
#include "edidshow.h"

#include "jsontext.h"

void edidshow_json(FILE *out, const struct edid *edid)
{
	char product[8];

	snprintf(product, sizeof(product), "0x%04x", edid->product_code);
	fputs("{\n\t\"manufacturer\": ", out);
	jsontext_print(out, edid->is_usable ? edid->manufacturer : NULL);
	fputs(",\n\t\"product_code\": ", out);
	jsontext_print(out, edid->is_usable ? product : NULL);
	fprintf(out, ",\n\t\"serial_number\": %u,\n\t\"model_name\": ", edid->serial_number);
	jsontext_print(out, edid->has_model_name ? edid->model_name : NULL);
	fputs(",\n\t\"serial_text\": ", out);
	jsontext_print(out, edid->has_serial_text ? edid->serial_text : NULL);
	fputs(",\n\t\"checksum_ok\": [", out);
	for (size_t i = 0; i < edid->block_count; i++)
		fprintf(out, "%s%s", i ? ", " : "", edid->checksum_ok[i] ? "true" : "false");
	fputs("]\n}\n", out);
}

void edidshow_text(FILE *out, const struct edid *edid)
{
	char identity[EDID_IDENTITY_SIZE];

	fprintf(out, "manufacturer   %s\nproduct code   0x%04x\nserial number  %u\n",
		edid->manufacturer, edid->product_code, edid->serial_number);
	fprintf(out, "model name     %s\nserial text    %s\nchecksums      ", edid->model_name,
		edid->serial_text);
	for (size_t i = 0; i < edid->block_count; i++)
		fprintf(out, "%s%s", i ? " " : "", edid->checksum_ok[i] ? "ok" : "wrong");
	fprintf(out, "\nMonitor=%s\n", edid_format(edid, identity));
}
