/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address (BDF) and the identity of a PCI function. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pciaddr {
	uint32_t domain; /* 16 bits on most machines; Intel VMD makes 10000 and up */
	uint8_t bus;
	uint8_t slot;	  /* 0..31 */
	uint8_t function; /* 0..7 */
};

/* Room for "10000:ff:1f.7" and its end. */
#define PCIADDR_SIZE 16

/* "0000:01:00.0", hexadecimal, the domain four or five digits and not left out. 0, -EINVAL. */
int pciaddr_parse(const char *text, struct pciaddr *ret);
/* Writes what sysfs calls it into buf, and returns buf. */
const char *pciaddr_format(const struct pciaddr *addr, char buf[static PCIADDR_SIZE]);
/* strcmp()'s way: by domain, bus, slot, function. */
int pciaddr_compare(const struct pciaddr *a, const struct pciaddr *b);
bool pciaddr_is_same_slot(const struct pciaddr *a, const struct pciaddr *b);

struct pciids {
	uint16_t vendor;
	uint16_t device;
	uint16_t subvendor;
	uint16_t subdevice;
	bool has_subsystem; /* in a wanted identity: whether the subsystem was given */
};

/* Room for "10de:2684:1043:88e2" and its end. */
#define PCIIDS_SIZE 20

/* "10de:2684" or "10de:2684:1043:88e2". 0, -EINVAL. */
int pciids_parse(const char *text, struct pciids *ret);
/* Two or four numbers, by has_subsystem. Returns buf. */
const char *pciids_format(const struct pciids *ids, char buf[static PCIIDS_SIZE]);
/* Whether FOUND is what WANTED says; a subsystem that WANTED does not name is not compared. */
bool pciids_match(const struct pciids *wanted, const struct pciids *found);
