/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port's config space with a PCI Express capability, and with ACS where asked for. */
#pragma once

#include <string.h>

#define CONFIGSPACE_SIZE 4096
#define CONFIGSPACE_ROOT 4
#define CONFIGSPACE_DOWN 6

/* TYPE as in the PCI Express capability; ACS below 0: none, else its control register. */
static inline void configspace_port(unsigned char config[static CONFIGSPACE_SIZE], unsigned type,
				    int acs)
{
	memset(config, 0, CONFIGSPACE_SIZE);
	config[0x06] = 0x10; /* has a list of capabilities */
	config[0x34] = 0x40;
	config[0x40] = 0x01; /* power management, and on to: */
	config[0x41] = 0x50;
	config[0x50] = 0x10; /* PCI Express */
	config[0x52] = (unsigned char)(type << 4 | 2);
	/* Advanced error reporting, and on to ACS at 0x140. */
	config[0x100] = 0x01;
	config[0x102] = 0x01;
	if (acs < 0)
		return;
	config[0x103] = 0x14;
	config[0x140] = 0x0d;
	config[0x142] = 0x01;
	config[0x144] = 0x1f; /* SV, TB, RR, CR, UF */
	config[0x146] = (unsigned char)acs;
}
