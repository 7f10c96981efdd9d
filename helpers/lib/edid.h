/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an EDID says about which monitor it is (VESA E-EDID 1.4, base block). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDID_BLOCK_SIZE 128
#define EDID_BLOCKS_MAX 256 /* the count of extensions is one byte */
#define EDID_TEXT_SIZE	14  /* 13 characters of a display descriptor, and an end */

struct edid {
	bool is_usable; /* a whole base block with an EDID's header; else all but the checksums is
			   blank */
	char manufacturer[4]; /* "DEL" */
	uint16_t product_code;
	uint32_t serial_number;		  /* 0 when the maker gave none */
	bool has_model_name;		  /* a descriptor 0xfc is there, may it be empty */
	char model_name[EDID_TEXT_SIZE];  /* without blanks at both ends */
	bool has_serial_text;		  /* a descriptor 0xff is there */
	char serial_text[EDID_TEXT_SIZE]; /* without blanks at both ends */
	size_t block_count; /* whole blocks in the data, whatever the base block declares */
	bool checksum_ok[EDID_BLOCKS_MAX];
};

/*
 * Decodes SIZE bytes, whatever they are. A wrong checksum is told, not refused: monitors with one
 * are in use. Bytes past EDID_BLOCKS_MAX blocks are not looked at.
 */
void edid_parse(const uint8_t *data, size_t size, struct edid *ret);

/* Whether SERIAL, as a configuration says it, is the text of the EDID's serial descriptor, or its
 * serial number in decimal or as 0x and hexadecimal. */
bool edid_has_serial(const struct edid *edid, const char *serial);
/* Whether it is a monitor of that maker and product, and of that serial (NULL: any). */
bool edid_is(const struct edid *edid, const char *maker, uint16_t product, const char *serial);
/* Whether both name one monitor: maker, product and a serial that means something (many makers
 * leave 0, 1 or 0x01010101 in every monitor, or a text of zeros). */
bool edid_is_same_monitor(const struct edid *a, const struct edid *b);

/* Room for what edid_format() writes. */
#define EDID_IDENTITY_SIZE 40
/* "DEL:a0c4:H1234": the form of [Display] Monitor=, with the serial text or else the number in
 * decimal; a blank in the text becomes '_', so it is one word of a record. Returns buf. */
const char *edid_format(const struct edid *edid, char buf[static EDID_IDENTITY_SIZE]);
