/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of known quirks: data, with the source of each. */
#include "quirk.h"

#include "cleanup.h"

#define AMD    0x1002
#define INTEL  0x8086
#define NVIDIA 0x10de

#define DEVICES(first, last) .device_first = (first), .device_last = (last)
#define DISPLAY		     .class = 0x03ff

#define DENYLIST "https://github.com/torvalds/linux/blob/v6.12/drivers/vfio/pci/vfio_pci.c"
#define DENIED(id)                                                                                \
	{                                                                                         \
		.action = QUIRK_REFUSES, .vendor = INTEL, DEVICES(id, id),                        \
		.unless_parameter = "disable_denylist",                                           \
		.text = "vfio-pci does not take this accelerator, for its errata let a guest "    \
			"harm the host",                                                          \
		.fix = "leave it to the host, or, where the guest is trusted like the host, set " \
		       "disable_denylist=1 for vfio-pci in modprobe.d",                           \
		.source = DENYLIST                                                                \
	}

/* vendor-reset's list of the cards that it is for. */
#define RESET_SOURCE "https://github.com/gnif/vendor-reset/issues/46"
#define NEEDS_VENDOR_RESET(first, last)                                                       \
	{                                                                                     \
		.action = QUIRK_WARNS, .vendor = AMD, DISPLAY, DEVICES(first, last),          \
		.unless_reset = "device_specific",                                            \
		.text = "this chip does not come back from a reset by the bus, and a second " \
			"start of a guest stays black",                                       \
		.fix = "install the kernel module vendor-reset, load it at boot, and say "    \
		       "Reset=device_specific in the guest's [GPU] (kernels from 5.15 on)",   \
		.source = RESET_SOURCE                                                        \
	}

#define RX9000_RESET(first, last)                                                                 \
	{                                                                                         \
		.action = QUIRK_WARNS, .vendor = AMD, DISPLAY, DEVICES(first, last),              \
		.text = "cards of this series have been seen not to come back from a reset, and " \
			"vendor-reset does not know them",                                        \
		.fix = "when a guest's second start stays black: suspend the machine and wake "   \
		       "it up, which resets the card",                                            \
		.source = "https://github.com/urbanyl/GPU-Passthrough-for-KVM-QEMU-on-Linux/"     \
			  "issues/4"                                                              \
	}

#define LARGE_BAR(first, last, url)                                                                \
	{                                                                                          \
		.action = QUIRK_WARNS, .vendor = AMD, DISPLAY, DEVICES(first, last),               \
		.bar_over_mib = 256,                                                               \
		.text = "guests have stayed black with a resizable BAR of this card at more than " \
			"256 MiB",                                                                 \
		.fix = "when that happens: BAR=0:256M in the guest's [GPU], or switch off "        \
		       "\"Resizable BAR\" (\"Smart Access Memory\") in the firmware's setup",      \
		.source = (url)                                                                    \
	}

#define RESET_REGRESSION(from, before)                                                            \
	{                                                                                         \
		.action = QUIRK_WARNS, DISPLAY, .kernel_from = (from), .kernel_before = (before), \
		.text = "with this kernel cards have not come back from the reset at a guest's "  \
			"end",                                                                    \
		.fix = "boot another kernel: the one before, or one of a later series",           \
		.source = "https://github.com/zen-kernel/zen-kernel/issues/380"                   \
	}

static const struct quirk table[] = {
	/* The return itself crashes the kernel. */
	{ .action = QUIRK_KEEPS,
	  .vendor = AMD,
	  DISPLAY,
	  DEVICES(0x7550, 0x7550),
	  .kernel_from = "7.2",
	  .text = "with this kernel the unbind of a Navi 48 from vfio-pci ends in a crash of the "
		  "kernel (vfio_pci_core_sriov_configure)",
	  .fix = "boot another kernel; with this one the card stays on vfio-pci after the guest, "
		 "unless Release=host in [GPU] says otherwise",
	  .source = "https://github.com/CachyOS/linux-cachyos/issues/1023" },

	DENIED(0x0435), /* QAT DH895xCC, and its virtual function */
	DENIED(0x0443),
	DENIED(0x19e2), /* QAT C3xxx */
	DENIED(0x19e3),
	DENIED(0x37c8), /* QAT C62x */
	DENIED(0x37c9),
	DENIED(0x0b25), /* DSA of Sapphire Rapids */
	DENIED(0x0cfe), /* IAX of Sapphire Rapids */

	NEEDS_VENDOR_RESET(0x67c0, 0x67ff), /* Polaris 10, 11 */
	NEEDS_VENDOR_RESET(0x6fdf, 0x6fdf),
	NEEDS_VENDOR_RESET(0x6980, 0x699f), /* Polaris 12 */
	NEEDS_VENDOR_RESET(0x6860, 0x687f), /* Vega 10 */
	NEEDS_VENDOR_RESET(0x66a0, 0x66af), /* Vega 20 */
	NEEDS_VENDOR_RESET(0x7310, 0x731f), /* Navi 10 */
	NEEDS_VENDOR_RESET(0x7340, 0x734f), /* Navi 14 */
	NEEDS_VENDOR_RESET(0x7360, 0x7362), /* Navi 12 */
	RX9000_RESET(0x7550, 0x7551),	    /* Navi 48 */
	RX9000_RESET(0x7590, 0x7590),	    /* Navi 44 */
	RESET_REGRESSION("6.12.23", "6.12.24"),
	RESET_REGRESSION("6.14.2", "6.14.3"),

	LARGE_BAR(0x67c0, 0x67df,
		  "https://github.com/Coopydood/ultimate-macOS-KVM/issues/114"), /* Polaris 10 */
	LARGE_BAR(0x73c0, 0x73df,
		  "https://github.com/QaidVoid/Complete-Single-GPU-Passthrough/issues/10"),

	{ .action = QUIRK_WARNS,
	  .vendor = AMD,
	  DISPLAY,
	  DEVICES(0x7550, 0x7550),
	  .unless_parameter = "disable_idle_d3",
	  .text = "idle on vfio-pci this card has been seen to go to D3cold and not to wake up "
		  "(\"stuck in D3\")",
	  .fix = "when that happens: Power=on in the guest's [GPU], or options vfio-pci "
		 "disable_idle_d3=1 in modprobe.d",
	  .source = "https://github.com/mroboff/vm-curator/issues/60" },
	{ .action = QUIRK_WARNS,
	  .vendor = NVIDIA,
	  .class = 0x0302,
	  .unless_parameter = "disable_idle_d3",
	  .text = "idle on vfio-pci such cards have been seen to go to D3cold and not to wake up",
	  .fix = "when that happens: Power=on in the guest's [GPU], or options vfio-pci "
		 "disable_idle_d3=1 in modprobe.d",
	  .source = "https://github.com/kata-containers/kata-containers/issues/11708" },

	{ .action = QUIRK_WARNS,
	  .vendor = NVIDIA,
	  DISPLAY,
	  .driver = "nvidia",
	  .driver_from = "595",
	  .driver_before = "610.58",
	  .text = "with this driver an unbind that begins while the card is in use never ends, "
		  "not even once nobody uses it any more; VxM looks for users before it writes, "
		  "and a program that opens the card right then is not seen",
	  .fix = "stop what polls the card (nvidia-smi, status bars) before the guest is started",
	  .source = "https://github.com/NVIDIA/open-gpu-kernel-modules/issues/1119" },
	{ .action = QUIRK_WARNS,
	  .vendor = NVIDIA,
	  DISPLAY,
	  .driver = "nvidia",
	  .driver_from = "535.86",
	  .driver_before = "536",
	  .text = "with this driver a card that sleeps while it is unbound has crashed the kernel "
		  "(\"not ready after resume\")",
	  .fix = "use a later driver, or write on to the card's power/control before the guest "
		 "is started",
	  .source = "https://github.com/NVIDIA/open-gpu-kernel-modules/issues/535" },
	{ .action = QUIRK_WARNS,
	  .vendor = AMD,
	  DISPLAY,
	  DEVICES(0x67c0, 0x67df),
	  .driver = "amdgpu",
	  .kernel_from = "4.19",
	  .kernel_before = "4.20",
	  .text = "with this kernel amdgpu crashes on a card that has come back from a guest",
	  .fix = "boot a later kernel",
	  .source = "https://github.com/ROCm/legacy-rocm-build/issues/629" },

	/* The boot display, which goes to a guest only with Allow=boot-display. */
	{ .action = QUIRK_WARNS,
	  DISPLAY,
	  .kernel_before = "6.0",
	  .boot_display = true,
	  .text = "kernels before 6.0 leave the firmware's framebuffer in the card's memory "
		  "(\"BAR: can't reserve\")",
	  .fix = "boot a later kernel, or with video=efifb:off",
	  .source = "https://www.mail-archive.com/qemu-devel@nongnu.org/msg385330.html" },
	{ .action = QUIRK_WARNS,
	  DISPLAY,
	  .kernel_from = "5.19",
	  .kernel_before = "6.1",
	  .boot_display = true,
	  .text = "with kernels of that time the console has crashed when the boot display left",
	  .fix = "boot a later kernel",
	  .source = "https://bugzilla.kernel.org/show_bug.cgi?id=216475" },
	{ .action = QUIRK_WARNS,
	  DISPLAY,
	  .kernel_from = "6.18",
	  .boot_display = true,
	  .text = "where simpledrm is built into such a kernel, it has been seen to keep the boot "
		  "display's memory (\"BAR 0: can't reserve\"), also with "
		  "initcall_blacklist=sysfb_init",
	  .fix = "choose the other GPU as the primary one in the firmware's setup",
	  .source = "https://github.com/siderolabs/talos/issues/14356" },
};

const struct quirk *quirk_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(table);
	return table;
}
