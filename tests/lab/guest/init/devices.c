// SPDX-License-Identifier: GPL-2.0-or-later
/* What the lab guest finds in its machine: modules it loads, and the lines that name each device.
 */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PCI_DIR	 "/sys/bus/pci/devices"
#define EFIVARS	 "/sys/firmware/efi/efivars"
#define SECURITY "/sys/kernel/security"

static int module_load(const char *name)
{
	char path[PATH_MAX];
	int fd;
	int r;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = syscall(SYS_finit_module, fd, "", 0) < 0 ? -errno : 0;
	close(fd);
	return r == -EEXIST ? 0 : r;
}

void devices_load_modules(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *order = fopen("/modules/order", "re");

	if (!order) {
		line_print("module order missing");
		return;
	}
	while (getline(&line, &size, order) > 0) {
		int r;

		line[strcspn(line, "\n")] = '\0';
		r = module_load(line);
		if (r < 0)
			line_print("module %s failed: %s", line, strerror(-r));
	}
	free(line);
	fclose(order);
}

static void report_machine(void)
{
	struct sysinfo memory;
	struct utsname kernel;

	uname(&kernel);
	sysinfo(&memory);
	line_print("kernel %s", kernel.release);
	line_print("cpus %ld", sysconf(_SC_NPROCESSORS_ONLN));
	line_print("memory %llu MiB", (unsigned long long)memory.totalram * memory.mem_unit >> 20);
}

/* "secureboot 1" or "0" as the firmware says; "secureboot none" without UEFI. The value follows
 * four bytes of attributes. */
static void report_secureboot(void)
{
	uint8_t value[5];
	ssize_t n = -1;
	int fd;

	mount("efivarfs", EFIVARS, "efivarfs", MS_RDONLY, NULL);
	fd = open(EFIVARS "/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, value, sizeof(value));
		close(fd);
	}
	if (n == sizeof(value))
		line_print("secureboot %u", value[4]);
	else
		line_print("secureboot none");
}

/* The file reads "none [integrity] confidentiality": the one in brackets holds. */
static void report_lockdown(void)
{
	char text[128];
	char *start;

	mount("securityfs", SECURITY, "securityfs", 0, NULL);
	if (attr_read(SECURITY, "lockdown", text, sizeof(text)) < 0)
		return;
	start = strchr(text, '[');
	if (!start)
		return;
	start[strcspn(start, "]")] = '\0';
	line_print("lockdown %s", start + 1);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Calls report for each entry of a directory, in the order of their names. */
static void for_each_entry(const char *path, void (*report)(const char *dir, const char *name))
{
	struct dirent **entries;
	int n = scandir(path, &entries, not_hidden, alphasort);

	for (int i = 0; i < n; i++) {
		char dir[PATH_MAX];

		snprintf(dir, sizeof(dir), "%s/%.255s", path, entries[i]->d_name);
		report(dir, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void report_pci(const char *dir, const char *name)
{
	uint64_t vendor;
	uint64_t device;
	uint64_t class;
	char driver[64] = "none";

	if (attr_read_number(dir, "vendor", &vendor) < 0 ||
	    attr_read_number(dir, "device", &device) < 0 ||
	    attr_read_number(dir, "class", &class) < 0)
		return;
	attr_read_link(dir, "driver", driver, sizeof(driver));
	line_print("pci %s %04x:%04x class %04x driver %s", strchr(name, ':') + 1,
		   (unsigned int)vendor, (unsigned int)device, (unsigned int)(class >> 8), driver);
}

static void report_disk(const char *dir, const char *name)
{
	uint64_t sectors;

	if (attr_read_number(dir, "size", &sectors) == 0)
		line_print("disk %s %llu", name, (unsigned long long)sectors * 512);
}

static void report_net(const char *dir, const char *name)
{
	char address[32];

	if (strcmp(name, "lo") != 0 && attr_read(dir, "address", address, sizeof(address)) > 0)
		line_print("net %s %s", name, address);
}

/* A codec that answers shows that the audio function's DMA works: its commands go through a ring in
 * memory. */
static void report_sound(const char *dir, const char *name)
{
	char vendor[32];

	if (strncmp(name, "hdaudio", 7) == 0 &&
	    attr_read(dir, "vendor_id", vendor, sizeof(vendor)) > 0) {
		char codec[96];

		if (attr_read(dir, "chip_name", codec, sizeof(codec)) <= 0)
			snprintf(codec, sizeof(codec), "unnamed");
		line_print("sound codec %s %s", vendor, codec);
	}
}

void devices_report(void)
{
	report_machine();
	report_secureboot();
	report_lockdown();
	for_each_entry(PCI_DIR, report_pci);
	for_each_entry("/sys/class/block", report_disk);
	for_each_entry("/sys/class/net", report_net);
	for_each_entry("/sys/bus/hdaudio/devices", report_sound);
}
