/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes out of a machine's own words what tells this one from others of its kind: serial numbers.
 */
#include "redact.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAC_LENGTH 17

/* linux/pci_regs.h */
#define CONFIG_EXTENDED 0x100
#define EXT_CAP_ID_DSN	0x0003
#define DSN_SIZE	8

/* VESA E-EDID 1.4, base block. */
#define EDID_SIZE	  128
#define EDID_SERIAL	  12
#define EDID_DESCRIPTORS  54
#define EDID_DESCRIPTOR	  18
#define EDID_EXTENSIONS	  126
#define EDID_CHECKSUM	  127
#define EDID_TAG_SERIAL	  0xff
#define EDID_TAG_FREETEXT 0xfe

void redact_done(struct redact *redact)
{
	strlist_done(&redact->seen);
}

/* The place of a serial among those seen, counted from 1; -ENOMEM. */
static int number_of(struct redact *redact, const char *serial)
{
	int r;

	for (size_t i = 0; i < redact->seen.count; i++)
		if (strcasecmp(redact->seen.items[i], serial) == 0)
			return (int)i + 1;
	r = strlist_add(&redact->seen, serial);
	return r < 0 ? r : (int)redact->seen.count;
}

/* Six pairs with one kind of separator between. */
static bool is_mac(const char *text)
{
	for (size_t i = 0; i < MAC_LENGTH; i++) {
		if (i % 3 == 2 ? text[i] != text[2] || !strchr(":-_", text[i])
			       : !isxdigit((unsigned char)text[i]))
			return false;
		if (text[i] == '\0')
			return false;
	}
	return !isxdigit((unsigned char)text[MAC_LENGTH]);
}

int redact_mac(struct redact *redact, char *text)
{
	for (char *p = text; *p; p++) {
		char mac[MAC_LENGTH + 1], made[MAC_LENGTH + 1], separator;
		int n;

		if ((p > text && isxdigit((unsigned char)p[-1])) ||
		    strnlen(p, MAC_LENGTH) < MAC_LENGTH || !is_mac(p))
			continue;
		separator = p[2];
		memcpy(mac, p, MAC_LENGTH);
		mac[MAC_LENGTH] = '\0';
		for (size_t i = 2; i < MAC_LENGTH; i += 3)
			mac[i] = ':';
		p += MAC_LENGTH - 1;
		if (strncmp(mac, "00:00:00:00:00:", 15) == 0)
			continue;
		n = number_of(redact, mac);
		if (n < 0)
			return n;
		snprintf(made, sizeof(made), "00:00:00:00:00:%02x", (unsigned)n & 0xff);
		for (size_t i = 2; i < MAC_LENGTH; i += 3)
			made[i] = separator;
		memcpy(p + 1 - MAC_LENGTH, made, MAC_LENGTH);
	}
	return 0;
}

int redact_serial(struct redact *redact, const char *text, char **ret)
{
	char *made = NULL;
	int n = 0;

	/* Nothing, or the word of a record that is recorded again. */
	if (text[strspn(text, " \t\n")] == '\0' || strncmp(text, "serial-", 7) == 0)
		made = strdup(text);
	else
		n = number_of(redact, text);
	if (n < 0)
		return n;
	if (n > 0 && asprintf(&made, "serial-%d\n", n) < 0)
		made = NULL;
	if (!made)
		return -ENOMEM;
	*ret = made;
	return 0;
}

/* Their values are switches and sizes; others may be UUIDs, paths, addresses, names. */
static bool is_kept(const char *key, size_t length)
{
	static const char *const kept[] = {
		"iommu",     "intel_iommu", "amd_iommu",    "vfio",	    "pci",
		"acpi",	     "hugepage",    "default_huge", "transparent_", "mem",
		"isolcpus",  "nohz",	    "rcu_nocbs",    "maxcpus",	    "nr_cpus",
		"video",     "nouveau",	    "nvidia",	    "amdgpu",	    "radeon",
		"i915",	     "xe.",	    "drm",	    "kvm",	    "module_blacklist",
		"modprobe.", "rd.driver.",  "initcall_",    "mitigations",  "intremap",
		"efi",	     "vga",	    "fbcon",	    "console",	    "split_lock",
		"snd_hda",   "xhci",	    "usbcore",	    "simpledrm",    "swiotlb",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (length >= strlen(kept[i]) && strncmp(key, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

void redact_cmdline(char *text)
{
	char *to = text;

	for (const char *p = text; *p;) {
		size_t word = strcspn(p, " \n"), key = strcspn(p, "= \n");
		size_t keep = key == word || is_kept(p, key) ? word : key + 1;
		size_t rest;

		memmove(to, p, keep);
		to += keep;
		p += word;
		rest = strspn(p, " \n");
		memmove(to, p, rest);
		to += rest;
		p += rest;
	}
	*to = '\0';
}

void redact_cpuinfo(char *text)
{
	char *to = text;

	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		size_t length = (size_t)(end - line) + (*end == '\n');

		if (strncmp(line, "Serial", strlen("Serial")) != 0) {
			memmove(to, line, length);
			to += length;
		}
		line += length;
	}
	*to = '\0';
}

void redact_addresses(char *text)
{
	for (char *p = text; (p = strstr(p, "0x"));)
		for (p += 2; isxdigit((unsigned char)*p); p++)
			*p = '0';
}

static uint8_t sum_of(const uint8_t *block)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < EDID_SIZE; i++)
		sum = (uint8_t)(sum + block[i]);
	return sum;
}

size_t redact_edid(uint8_t *data, size_t size)
{
	static const uint8_t header[8] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };
	uint8_t before;

	if (size < EDID_SIZE || memcmp(data, header, sizeof(header)) != 0)
		return 0;
	before = sum_of(data);
	memset(data + EDID_SERIAL, 0, 4);
	for (size_t at = EDID_DESCRIPTORS; at < EDID_EXTENSIONS; at += EDID_DESCRIPTOR) {
		uint8_t *p = data + at;

		if (p[0] || p[1] || (p[3] != EDID_TAG_SERIAL && p[3] != EDID_TAG_FREETEXT))
			continue;
		memset(p + 5, ' ', 13);
		p[5] = '\n';
	}
	data[EDID_EXTENSIONS] = 0;
	data[EDID_CHECKSUM] = (uint8_t)(data[EDID_CHECKSUM] + before - sum_of(data));
	return EDID_SIZE;
}

static unsigned get16(const uint8_t *config, size_t at)
{
	return config[at] | (unsigned)config[at + 1] << 8;
}

void redact_config(uint8_t *config, size_t size)
{
	size_t at = CONFIG_EXTENDED;

	/* The list may be a loop; 480 capabilities are all that fit. */
	for (unsigned left = 480; left > 0 && at >= CONFIG_EXTENDED && at + 4 <= size; left--) {
		size_t end = at + 4 + DSN_SIZE;

		if (get16(config, at) == EXT_CAP_ID_DSN)
			memset(config + at + 4, 0, (end < size ? end : size) - at - 4);
		at = get16(config, at + 2) >> 4 & ~3u;
	}
}
