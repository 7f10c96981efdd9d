/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest's configuration says, as structs: one for each section that may repeat. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "barsize.h"
#include "parse.h"
#include "pciaddr.h"

/* Keys in the comments below are those of the file; option.c has the table of them, man page:
 * vxm-guest.conf(5). */

/* Where a value was set. file is the path as the machine knows it ("/etc/vxm/guests/win11.conf"),
 * NULL for a built-in default. */
struct guest_origin {
	const char *file;
	unsigned line;
};

enum guest_firmware {
	GUEST_FIRMWARE_SECURE, /* secure boot with enrolled keys; the default */
	GUEST_FIRMWARE_UEFI,   /* UEFI without secure boot */
};

enum guest_accel {
	GUEST_ACCEL_KVM, /* the default */
	GUEST_ACCEL_TCG,
};

enum guest_disk_bus {
	GUEST_BUS_VIRTIO_SCSI, /* the default */
	GUEST_BUS_VIRTIO_BLK,
	GUEST_BUS_NVME,
	GUEST_BUS_SATA,
};

enum guest_disk_format {
	GUEST_FORMAT_RAW, /* the default */
	GUEST_FORMAT_QCOW2,
};

enum guest_disk_cache {
	GUEST_CACHE_NONE, /* direct; the default */
	GUEST_CACHE_WRITEBACK,
	GUEST_CACHE_UNSAFE,
};

enum guest_network_mode {
	GUEST_NETWORK_USER, /* the default */
	GUEST_NETWORK_NONE,
};

enum guest_input_start {
	GUEST_INPUT_HOST, /* keys are the host's until both Ctrl keys; the default */
	GUEST_INPUT_GUEST,
};

/* What becomes of the card in the host's desktop sessions. */
enum guest_session {
	GUEST_SESSION_KEEP,    /* whatever they do; the default */
	GUEST_SESSION_RELEASE, /* they are asked to let go of it when the guest starts */
	GUEST_SESSION_HIDE,    /* they are not told of it */
};

enum guest_power {
	GUEST_POWER_AUTO, /* as vfio-pci has it: asleep while nobody uses it; the default */
	GUEST_POWER_ON,	  /* awake, and the port above as well */
};

/* Bits of Allow=. */
enum {
	GUEST_ALLOW_BOOT_DISPLAY = 1 << 0, /* "boot-display" */
	GUEST_ALLOW_REMOVABLE = 1 << 1,	   /* "removable" */
};

enum guest_release {
	GUEST_RELEASE_AUTO, /* to the host, but where that is known to go wrong; the default */
	GUEST_RELEASE_HOST,
	GUEST_RELEASE_KEEP, /* it stays on vfio-pci */
};

/* [GPU] (one), [PCI] (repeats) */
struct guest_device {
	const char *label; /* NULL when unlabelled */
	struct guest_origin section;
	bool has_device;
	struct pciaddr device; /* Device=0000:01:00.0 */
	bool has_identity;
	struct pciids identity;		 /* Identity=10de:2684[:SUBVENDOR:SUBDEVICE] */
	uint64_t bar_mib[BARSIZE_COUNT]; /* BAR=0:256M 2:8G; 0: left as it is */
	const char *reset;		 /* Reset=flr bus: as written, one blank between; "none";
					    NULL: left as it is */
	enum guest_power power;		 /* Power=auto or on */
	const char *rom;		 /* ROM=/absolute/path, or NULL. [GPU] only */
	unsigned allow;			 /* Allow=boot-display removable. [GPU] only */
	enum guest_session session;	 /* Session=. [GPU] only */
	enum guest_release release; /* Release=; what becomes of it after the guest. [GPU] only */
	const char *services;	    /* Services=; units between blanks, or NULL. [GPU] only */
};

/* [Disk], [CDROM] (repeat) */
struct guest_disk {
	const char *label;
	struct guest_origin section;
	const char *path; /* Path=/absolute */
	enum guest_disk_format format;
	enum guest_disk_bus bus;
	enum guest_disk_cache cache;
	bool discard; /* default yes */
};

/*
 * [Input] (repeats). A match on a node of /dev/input: "auto", or words KEY=VALUE of bus= (usb,
 * bluetooth, i8042, virtio, or a hexadecimal number), vendor=, product= (hexadecimal), name="...",
 * uniq="...", phys="..."; all of them must hold.
 */
struct guest_input {
	const char *label;
	struct guest_origin section;
	const char *keyboard; /* Keyboard=; NULL: this section has none */
	const char *mouse;    /* Mouse= */
	const char *toggle;   /* Toggle=ctrl-ctrl (default), alt-alt, shift-shift, meta-meta,
				 scrolllock, ctrl-scrolllock */
	enum guest_input_start start;
};

/* [Display] (repeats) */
struct guest_display {
	const char *label;
	struct guest_origin section;
	/* Monitor=MAKER:PRODUCT[:SERIAL]  e.g. "DEL:a0c4:H1234", the EDID's three letters, product
	 * code as four hexadecimal digits, and serial text or number; without the third part any
	 * serial. */
	char maker[4];
	uint16_t product;
	const char *serial;  /* NULL: any */
	uint8_t guest_input; /* GuestInput=0x0f, or dp-1 dp-2 hdmi-1 hdmi-2 dvi-1 dvi-2 vga-1 vga-2
				(MCCS 2.2) */
	bool has_host_input;
	uint8_t host_input; /* HostInput=; without it the value found at start is the one put back
			     */
};

struct guest {
	char name[GUEST_NAME_SIZE];
	/* [Guest] */
	const char *description; /* Description=; default the name */
	uint64_t memory_kib;	 /* Memory=16G; no default: an error when absent */
	unsigned cpus;		 /* CPUs=8; default 2 */
	uint64_t hugepage_kib;	 /* Hugepages=2M (default), 1G, no (0) */
	enum guest_firmware firmware;
	bool tpm; /* TPM=yes (default) */
	enum guest_accel accel;
	unsigned shutdown_s; /* Shutdown=: how long an orderly shutdown may take; default 120, at
				least 5 */

	struct guest_device gpu; /* [GPU] has to be there */
	struct guest_device **pci;
	size_t pci_count;
	struct guest_disk **disks;
	size_t disk_count;
	struct guest_disk **cdroms;
	size_t cdrom_count;
	enum guest_network_mode network; /* [Network] Mode=; without the section: user */
	struct guest_input **inputs;
	size_t input_count;
	struct guest_display **displays;
	size_t display_count;
	uint64_t looking_glass_kib; /* [LookingGlass] Size=64M; 0: none. A power of two of at least
				       1M */

	struct guest_store *store; /* private: texts and origins */
};

/* What is wrong with a configuration, in a form ready to be shown. */
struct guest_error {
	char text[1024]; /* "/etc/vxm/guests/win11.conf:7: Memroy=: no such key in [Guest]; did you
			    mean Memory=?" */
};
