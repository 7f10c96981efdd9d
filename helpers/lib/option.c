/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of what may stand in a guest's configuration, and how each value is read. */
#include "option.h"

#include <errno.h>
#include <string.h>

#include "guestspec.h"
#include "spelling.h"

static const struct option_section sections[OPTION_SECTION_COUNT] = {
	[OPTION_GUEST] = { "Guest", false, sizeof(struct guest), 0 },
	[OPTION_GPU] = { "GPU", false, sizeof(struct guest_device), offsetof(struct guest, gpu) },
	[OPTION_PCI] = { "PCI", true, sizeof(struct guest_device), 0 },
	[OPTION_DISK] = { "Disk", true, sizeof(struct guest_disk), 0 },
	[OPTION_CDROM] = { "CDROM", true, sizeof(struct guest_disk), 0 },
	[OPTION_NETWORK] = { "Network", false, sizeof(struct guest), 0 },
	[OPTION_INPUT] = { "Input", true, sizeof(struct guest_input), 0 },
	[OPTION_DISPLAY] = { "Display", true, sizeof(struct guest_display), 0 },
	[OPTION_LOOKING_GLASS] = { "LookingGlass", false, sizeof(struct guest), 0 },
};

static const struct optionvalue_word page_words[] = {
	{ "2M", 2048 }, { "1G", 1048576 }, { "no", 0 }, { NULL, 0 }
};
static const struct optionvalue_word firmware_words[] = { { "secure", GUEST_FIRMWARE_SECURE },
							  { "uefi", GUEST_FIRMWARE_UEFI },
							  { NULL, 0 } };
static const struct optionvalue_word accel_words[] = { { "kvm", GUEST_ACCEL_KVM },
						       { "tcg", GUEST_ACCEL_TCG },
						       { NULL, 0 } };
static const struct optionvalue_word allow_words[] = { { "boot-display", GUEST_ALLOW_BOOT_DISPLAY },
						       { "removable", GUEST_ALLOW_REMOVABLE },
						       { NULL, 0 } };
static const struct optionvalue_word session_words[] = { { "keep", GUEST_SESSION_KEEP },
							 { "release", GUEST_SESSION_RELEASE },
							 { "hide", GUEST_SESSION_HIDE },
							 { NULL, 0 } };
static const struct optionvalue_word release_words[] = { { "auto", GUEST_RELEASE_AUTO },
							 { "host", GUEST_RELEASE_HOST },
							 { "keep", GUEST_RELEASE_KEEP },
							 { NULL, 0 } };
/* pci_reset_fn_methods[] of the kernel's drivers/pci/pci.c; each a bit. */
static const struct optionvalue_word reset_words[] = {
	{ "device_specific", 1 }, { "acpi", 2 }, { "flr", 4 },
	{ "af_flr", 8 },	  { "pm", 16 },	 { "bus", 32 },
	{ "cxl_bus", 64 },	  { NULL, 0 }
};
static const struct optionvalue_word power_words[] = { { "auto", GUEST_POWER_AUTO },
						       { "on", GUEST_POWER_ON },
						       { NULL, 0 } };
static const struct optionvalue_word format_words[] = { { "raw", GUEST_FORMAT_RAW },
							{ "qcow2", GUEST_FORMAT_QCOW2 },
							{ NULL, 0 } };
static const struct optionvalue_word bus_words[] = { { "virtio-scsi", GUEST_BUS_VIRTIO_SCSI },
						     { "virtio-blk", GUEST_BUS_VIRTIO_BLK },
						     { "nvme", GUEST_BUS_NVME },
						     { "sata", GUEST_BUS_SATA },
						     { NULL, 0 } };
static const struct optionvalue_word cache_words[] = { { "none", GUEST_CACHE_NONE },
						       { "writeback", GUEST_CACHE_WRITEBACK },
						       { "unsafe", GUEST_CACHE_UNSAFE },
						       { NULL, 0 } };
static const struct optionvalue_word network_words[] = { { "user", GUEST_NETWORK_USER },
							 { "none", GUEST_NETWORK_NONE },
							 { NULL, 0 } };
/* QEMU's GrabToggleKeys, qapi/common.json */
static const struct optionvalue_word toggle_words[] = {
	{ "ctrl-ctrl", 0 },  { "alt-alt", 0 },	       { "shift-shift", 0 }, { "meta-meta", 0 },
	{ "scrolllock", 0 }, { "ctrl-scrolllock", 0 }, { NULL, 0 }
};
static const struct optionvalue_word start_words[] = { { "host", GUEST_INPUT_HOST },
						       { "guest", GUEST_INPUT_GUEST },
						       { NULL, 0 } };
/* VESA MCCS 2.2a, VCP code 0x60 */
static const struct optionvalue_word input_words[] = { { "vga-1", 0x01 },  { "vga-2", 0x02 },
						       { "dvi-1", 0x03 },  { "dvi-2", 0x04 },
						       { "dp-1", 0x0f },   { "dp-2", 0x10 },
						       { "hdmi-1", 0x11 }, { "hdmi-2", 0x12 },
						       { NULL, 0 } };

#define ALLOWED_BOOL "yes or no"
#define ALLOWED_PATH \
	"an absolute path without . and .. in it, such as /var/lib/vxm/win11/system.qcow2"
#define ALLOWED_DEVICE "a PCI address with its domain, such as 0000:01:00.0 (lspci -D)"
#define ALLOWED_IDS                                                                          \
	"VENDOR:DEVICE or VENDOR:DEVICE:SUBVENDOR:SUBDEVICE, four hexadecimal digits each, " \
	"such as 10de:2684 (lspci -nn)"
#define ALLOWED_MATCH \
	"auto, or words of bus= vendor= product= name=\"...\" uniq=\"...\" phys=\"...\""
#define ALLOWED_INPUT                                                                        \
	"vga-1, vga-2, dvi-1, dvi-2, dp-1, dp-2, hdmi-1, hdmi-2, or a number from 1 to 255 " \
	"(0x0f)"

#define ALLOWED_BARS \
	"words of a number from 0 to 5, a colon and a power of two of at least 1M, such as 0:256M"
#define ALLOWED_RESET \
	"any of device_specific, acpi, flr, af_flr, pm, bus and cxl_bus, or none alone"

/* Of a key that fills one member. */
#define MEMBER(type, member)                                               \
	.offset = offsetof(type, member), .start = offsetof(type, member), \
	.span = sizeof(((type *)NULL)->member)
/* Of one whose parser is given the whole struct, and fills the members FIRST to LAST. */
#define MEMBERS(type, first, last)                   \
	.offset = 0, .start = offsetof(type, first), \
	.span = offsetof(type, last) + sizeof(((type *)NULL)->last) - offsetof(type, first)

#define KEY(id, key, type, member, default_text, allowed_text, doc_text, ...)               \
	{                                                                                   \
		.section = OPTION_##id, .name = (key), .parse = optionvalue_##type, member, \
		.fallback = (default_text), .allowed = (allowed_text), .doc = (doc_text),   \
		.rule = {                                                                   \
			__VA_ARGS__                                                         \
		}                                                                           \
	}
#define KEY_REMOVE(id)                                                            \
	{                                                                         \
		.section = OPTION_##id, .name = "Remove", .allowed = "yes",       \
		.doc = "drops the section of this label that an earlier file has" \
	}

/* Of both [GPU] and [PCI]. */
#define KEYS_TUNING(id)                                                                          \
	KEY(id, "BAR", bars, MEMBER(struct guest_device, bar_mib), "", ALLOWED_BARS,             \
	    "sizes of memory windows while the guest has it, by number"),                        \
		KEY(id, "Reset", reset, MEMBER(struct guest_device, reset), "", ALLOWED_RESET,   \
		    "the ways the kernel may reset it while the guest has it, the first first",  \
		    .words = reset_words),                                                       \
		KEY(id, "Power", word, MEMBER(struct guest_device, power), "auto", "auto or on", \
		    "whether it may sleep while the guest has it", .words = power_words)

/* Section, key, type, member, built-in default, what is allowed, what it is, bounds or words. */
static const struct option_key keys[] = {
	KEY(GUEST, "Description", text, MEMBER(struct guest, description), NULL, "one line of text",
	    "what people are shown for the guest; its name when left out"),
	KEY(GUEST, "Memory", kib, MEMBER(struct guest, memory_kib), NULL,
	    "a size of at least 64M with its unit K, M, G or T, such as 16G",
	    "how much memory the guest has", .min = 65536),
	KEY(GUEST, "CPUs", uint, MEMBER(struct guest, cpus), "2", "a number from 1 to 288",
	    "how many virtual CPUs the guest has", .min = 1, .max = 288),
	KEY(GUEST, "Hugepages", page, MEMBER(struct guest, hugepage_kib), "2M", "2M, 1G or no",
	    "the size of the huge pages that the guest's memory is made of", .words = page_words),
	KEY(GUEST, "Firmware", word, MEMBER(struct guest, firmware), "secure", "secure or uefi",
	    "UEFI with secure boot and enrolled keys, or without", .words = firmware_words),
	KEY(GUEST, "TPM", bool, MEMBER(struct guest, tpm), "yes", ALLOWED_BOOL,
	    "whether the guest has a TPM 2.0"),
	KEY(GUEST, "Accel", word, MEMBER(struct guest, accel), "kvm", "kvm or tcg",
	    "what runs the guest: KVM, or QEMU's translator (slow; for tests)",
	    .words = accel_words),
	KEY(GUEST, "Shutdown", seconds, MEMBER(struct guest, shutdown_s), "120",
	    "a time from 5 to 3600 seconds, such as 90, 90s or 5min",
	    "how long an orderly shutdown may take before the guest is switched off", .min = 5,
	    .max = 3600),
	KEY(GPU, "Device", device, MEMBERS(struct guest_device, has_device, device), NULL,
	    ALLOWED_DEVICE, "the address of the card; the functions of its slot come along"),
	KEY(GPU, "Identity", identity, MEMBERS(struct guest_device, has_identity, identity), NULL,
	    ALLOWED_IDS, "which card has to be at that address"),
	KEY(GPU, "ROM", path, MEMBER(struct guest_device, rom), NULL, ALLOWED_PATH,
	    "a file with the card's firmware, in the place of what the card shows"),
	KEY(GPU, "Allow", flags, MEMBER(struct guest_device, allow), "",
	    "any of boot-display and removable",
	    "what is refused unless it stands here: the card that the machine boots on, one that "
	    "can be pulled out",
	    .words = allow_words),
	KEY(GPU, "Session", word, MEMBER(struct guest_device, session), "keep",
	    "keep, release or hide",
	    "whether the host's desktop sessions may use the card while it is the host's, are "
	    "asked "
	    "to let go of it when the guest starts, or are not told of it",
	    .words = session_words),
	KEY(GPU, "Release", word, MEMBER(struct guest_device, release), "auto",
	    "auto, host or keep",
	    "whether the card goes back to the host after the guest; auto: unless that is known "
	    "to go wrong",
	    .words = release_words),
	KEY(GPU, "Services", units, MEMBER(struct guest_device, services), "",
	    "names of services, sockets, timers or paths of systemd with a blank between them, "
	    "such as "
	    "nvidia-persistenced.service",
	    "what systemd stops before the card moves, and starts again when it is back"),
	KEYS_TUNING(GPU),
	KEY(PCI, "Device", device, MEMBERS(struct guest_device, has_device, device), NULL,
	    ALLOWED_DEVICE,
	    "the address of one more function for the guest: a USB controller, an NVMe disk"),
	KEY(PCI, "Identity", identity, MEMBERS(struct guest_device, has_identity, identity), NULL,
	    ALLOWED_IDS, "which device has to be at that address"),
	KEYS_TUNING(PCI),
	KEY_REMOVE(PCI),
	KEY(DISK, "Path", path, MEMBER(struct guest_disk, path), NULL, ALLOWED_PATH,
	    "a disk image or a block device"),
	KEY(DISK, "Format", word, MEMBER(struct guest_disk, format), "raw", "raw or qcow2",
	    "the format of the image; it is never guessed", .words = format_words),
	KEY(DISK, "Bus", word, MEMBER(struct guest_disk, bus), "virtio-scsi",
	    "virtio-scsi, virtio-blk, nvme or sata",
	    "what the guest sees the disk on; nvme and sata need no driver during a Windows setup",
	    .words = bus_words),
	KEY(DISK, "Cache", word, MEMBER(struct guest_disk, cache), "none",
	    "none, writeback or unsafe",
	    "whether the host caches the disk; unsafe loses data when the host crashes",
	    .words = cache_words),
	KEY(DISK, "Discard", bool, MEMBER(struct guest_disk, discard), "yes", ALLOWED_BOOL,
	    "whether what the guest trims is given back to the host"),
	KEY_REMOVE(DISK),
	KEY(CDROM, "Path", path, MEMBER(struct guest_disk, path), NULL, ALLOWED_PATH,
	    "an ISO image"),
	KEY_REMOVE(CDROM),
	KEY(NETWORK, "Mode", word, MEMBER(struct guest, network), "user", "user or none",
	    "the guest's network: QEMU's own (out by the host's, nothing in), or none",
	    .words = network_words),
	KEY(INPUT, "Keyboard", text, MEMBER(struct guest_input, keyboard), NULL, ALLOWED_MATCH,
	    "which keyboard host and guest share"),
	KEY(INPUT, "Mouse", text, MEMBER(struct guest_input, mouse), NULL, ALLOWED_MATCH,
	    "which mouse host and guest share"),
	KEY(INPUT, "Toggle", name, MEMBER(struct guest_input, toggle), "ctrl-ctrl",
	    "ctrl-ctrl, alt-alt, shift-shift, meta-meta, scrolllock or ctrl-scrolllock",
	    "the keys that, pressed together, hand keyboard and mouse over", .words = toggle_words),
	KEY(INPUT, "Start", word, MEMBER(struct guest_input, start), "host", "host or guest",
	    "whose keyboard and mouse are when the guest starts", .words = start_words),
	KEY_REMOVE(INPUT),
	KEY(DISPLAY, "Monitor", monitor, MEMBERS(struct guest_display, maker, serial), NULL,
	    "MAKER:PRODUCT or MAKER:PRODUCT:SERIAL as the monitor's EDID has them: three capital "
	    "letters, four hexadecimal digits, text; such as DEL:a0c4:H1234",
	    "which monitor is switched"),
	KEY(DISPLAY, "GuestInput", input, MEMBER(struct guest_display, guest_input), NULL,
	    ALLOWED_INPUT, "the input of the monitor that the guest's card hangs on",
	    .words = input_words, .min = 1),
	KEY(DISPLAY, "HostInput", host_input,
	    MEMBERS(struct guest_display, has_host_input, host_input), NULL, ALLOWED_INPUT,
	    "the input to go back to; what was shown before when left out", .words = input_words,
	    .min = 1),
	KEY_REMOVE(DISPLAY),
	KEY(LOOKING_GLASS, "Size", shared, MEMBER(struct guest, looking_glass_kib), "no",
	    "no, or a size of 1M to 1G that is a power of two, such as 64M",
	    "the memory that Looking Glass shares with the guest", .min = 1024, .max = 1048576),
};

const struct option_key *option_keys(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(keys);
	return keys;
}

const struct option_section *option_section(enum option_section_id id)
{
	return &sections[id];
}

int option_find_section(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strcmp(sections[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

const struct option_key *option_find(enum option_section_id section, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].section == section && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* Of two, the one nearer to WORD; BEST may be NULL. */
static const char *nearer(const char *word, const char *best, const char *next)
{
	if (!spelling_is_near(word, next))
		return best;
	if (best && spelling_distance(word, best) <= spelling_distance(word, next))
		return best;
	return next;
}

const char *option_nearest_section(const char *name)
{
	const char *best = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		best = nearer(name, best, sections[i].name);
	return best;
}

const char *option_nearest(enum option_section_id section, const char *name)
{
	const char *best = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].section == section)
			best = nearer(name, best, keys[i].name);
	return best;
}

bool option_is_remove(const struct option_key *key)
{
	return !key->parse;
}

int option_set(const struct option_key *key, const char *value, void *section,
	       struct strlist *texts)
{
	if (!*value && key->fallback)
		value = key->fallback;
	return key->parse(&key->rule, value, (char *)section + key->offset, texts);
}

int option_set_defaults(enum option_section_id id, void *section, struct strlist *texts)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		int r;

		if (keys[i].section != id || !keys[i].fallback)
			continue;
		r = option_set(&keys[i], "", section, texts);
		if (r < 0)
			return r;
	}
	return 0;
}
