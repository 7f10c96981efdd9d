/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine itself uses of PCI functions, without a process that has a node open. */
#include "usescan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "diskuse.h"
#include "inputdev.h"
#include "kerneltable.h"
#include "screenuse.h"
#include "sysfs.h"

/* The function among DEVS that class/CLASS/NAME lies below, or NULL: the last PCI address counts.
 */
static const struct pcidev *find_function(const struct host *host, const char *class,
					  const char *name, const struct pcidev *const *devs,
					  size_t count)
{
	struct pciaddr addr, last = { 0 };
	char place[PATH_MAX], *save;
	bool found = false;

	if (sysfs_read_target(host, place, sizeof(place), "class/%s/%s", class, name) < 0)
		return NULL;
	for (char *part = strtok_r(place, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (pciaddr_parse(part, &addr) < 0)
			continue;
		last = addr;
		found = true;
	}
	for (size_t i = 0; i < count && found; i++)
		if (pciaddr_compare(&devs[i]->addr, &last) == 0)
			return devs[i];
	return NULL;
}

/* "eth0\t0000000A\t..." of route, from its second line on. 1 when there is one, 0, -errno. */
static int has_route(const struct host *host, const char *interface)
{
	_cleanup_free_ char *text = NULL;
	size_t length = strlen(interface);
	char *save;
	int r = kerneltable_read(host, "net/route", &text);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, interface, length) == 0 && line[length] == '\t')
			return 1;
	return 0;
}

/* "ADDRESS INDEX PREFIX SCOPE FLAGS NAME" of if_inet6; scope 20 is the link's own (net/ipv6.h).
 * 1 when there is one, 0, -errno. */
static int has_address(const struct host *host, const char *interface)
{
	_cleanup_free_ char *text = NULL;
	char *save;
	int r = kerneltable_read(host, "net/if_inet6", &text);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *name = strrchr(line, ' '), *word = line;

		for (int i = 0; i < 3 && word; i++) {
			word = strchr(word, ' ');
			word += word != NULL;
		}
		if (name && word && strcmp(name + 1, interface) == 0 &&
		    strncmp(word, "20 ", 3) != 0)
			return 1;
	}
	return 0;
}

/* The first interface that is made of INTERFACE, or has it as a port: the kernel links each as
 * upper_NAME (netdev_adjacent_sysfs_add() in net/core/dev.c). "" for none. */
static void find_upper(const struct host *host, const char *interface, char *buf, size_t size)
{
	static const char prefix[] = "upper_";
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;

	buf[0] = '\0';
	if (sysfs_list(host, &names, "class/net/%s", interface) < 0)
		return;
	for (size_t i = 0; i < names.count && !buf[0]; i++)
		if (strncmp(names.items[i], prefix, sizeof(prefix) - 1) == 0)
			snprintf(buf, size, "%s", names.items[i] + sizeof(prefix) - 1);
}

/* What the machine does with the interface NAME of DEV. */
static int look_at_interface(const struct host *host, const struct pcidev *dev, const char *name,
			     struct hostuse_list *uses)
{
	char master[64], upper[64], remedy[192];
	int route, address;

	snprintf(remedy, sizeof(remedy),
		 "take it out of the network's configuration and set it down (ip link set %s down)",
		 name);
	if (sysfs_read_link(host, master, sizeof(master), "class/net/%s/master", name) >= 0)
		return hostuse_add(uses, &dev->addr, remedy,
				   "its network interface %s is part of %s", name, master);
	route = has_route(host, name);
	if (route != 0)
		return route < 0 ? route
				 : hostuse_add(uses, &dev->addr, remedy,
					       "a route goes over its network interface %s", name);
	address = has_address(host, name);
	if (address != 0)
		return address < 0 ? address
				   : hostuse_add(uses, &dev->addr, remedy,
						 "its network interface %s has an address", name);
	find_upper(host, name, upper, sizeof(upper));
	if (!upper[0])
		return 0;
	snprintf(remedy, sizeof(remedy),
		 "take that out of the network's configuration and delete it (ip link delete %s)",
		 upper);
	return hostuse_add(uses, &dev->addr, remedy, "its network interface %s carries %s", name,
			   upper);
}

static int scan_interfaces(const struct host *host, const struct pcidev *const *devs, size_t count,
			   struct hostuse_list *uses)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r = sysfs_list(host, &names, "class/net");

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < names.count && r >= 0; i++) {
		const struct pcidev *dev = find_function(host, "net", names.items[i], devs, count);

		if (dev)
			r = look_at_interface(host, dev, names.items[i], uses);
	}
	return r < 0 ? r : 0;
}

static int scan_keyboards(const struct host *host, const struct pcidev *const *devs, size_t count,
			  struct hostuse_list *uses)
{
	_cleanup_inputdev_list_ struct inputdev_list list = { 0 };
	const struct pcidev *last = NULL;
	const char *name = NULL;

	if (inputdev_scan(host, &list) < 0)
		return 0;
	for (size_t i = 0; i < list.count; i++) {
		const struct inputdev *dev = &list.items[i];
		const struct pcidev *function;

		if (inputdev_classify(&list, dev) != INPUTDEV_KEYBOARD)
			continue;
		function = find_function(host, "input", dev->node, devs, count);
		if (!function)
			return 0;
		last = function;
		name = dev->name;
	}
	return last ? hostuse_add(uses, &last->addr,
				  "plug a keyboard into a port of another USB controller",
				  "the machine's only keyboard (%.100s) is behind it", name)
		    : 0;
}

int usescan_run(const struct host *host, const struct pcidev *const *devs, size_t count,
		const struct holder_list *holders, struct hostuse_list *ret)
{
	_cleanup_hostuse_list_ struct hostuse_list uses = { 0 };
	int r = count > 0 ? diskuse_scan(host, devs, count, &uses) : 0;

	if (r >= 0)
		r = scan_interfaces(host, devs, count, &uses);
	if (r >= 0)
		r = scan_keyboards(host, devs, count, &uses);
	for (size_t i = 0; i < count && r >= 0; i++)
		r = screenuse_scan(host, devs[i], holders, &uses);
	if (r < 0)
		return r;
	*ret = uses;
	uses = (struct hostuse_list){ 0 };
	return 0;
}
