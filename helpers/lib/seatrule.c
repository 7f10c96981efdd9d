/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rule that keeps a guest's card out of the host's desktop sessions: Session=hide. */
#include "seatrule.h"

/*
 * Theory of operation
 *
 * A compositor asks logind for a card (TakeDevice), and logind knows those with the udev tag
 * "seat". Without it the answer is ENODEV for each compositor alike, whatever it would do with the
 * card, and without "master-of-seat" no seat is made that a display manager would put a greeter on.
 * "uaccess" is what gives the node to the user at the seat. Tags stick in udev's database since
 * systemd 247, but logind and 73-seat-late.rules ask for the current ones
 * (sd_device_has_current_tag()), which TAG-= takes away (src/login/logind-core.c).
 *
 * A compositor that finds cards in udev itself, and an X server that runs as root and needs no
 * logind, ask which seat a card is of (ID_SEAT) and leave those of another one alone. So it gets
 * one; nobody makes that seat, for logind makes one only of a card with "master-of-seat".
 *
 * A program that opens the node by itself (root, the group video) is not kept from it: that is the
 * gate's to see, before anything moves. Outputs keep their console, and render nodes their users.
 */

void seatrule_print(FILE *out, const struct guest *guest)
{
	const struct guest_device *gpu = &guest->gpu;
	char address[PCIADDR_SIZE];

	fprintf(out,
		"# By vxm-generator(8), for Session=hide in /etc/vxm/guests/%s.conf.\n"
		"ACTION!=\"remove\", SUBSYSTEM==\"drm\", KERNEL==\"card[0-9]*\", "
		"KERNELS==\"%s\", ATTRS{vendor}==\"0x%04x\", ATTRS{device}==\"0x%04x\", ",
		guest->name, pciaddr_format(&gpu->device, address), gpu->identity.vendor,
		gpu->identity.device);
	if (gpu->identity.has_subsystem)
		fprintf(out,
			"ATTRS{subsystem_vendor}==\"0x%04x\", "
			"ATTRS{subsystem_device}==\"0x%04x\", ",
			gpu->identity.subvendor, gpu->identity.subdevice);
	fputs("ENV{ID_SEAT}=\"seat-vxm\", TAG-=\"seat\", TAG-=\"master-of-seat\", "
	      "TAG-=\"uaccess\"\n",
	      out);
}
