/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people call a PCI function, from udev's hardware database. */
#include "hwname.h"

#include <errno.h>
#include <libudev.h>
#include <stdio.h>
#include <string.h>

struct hwname {
	struct udev *udev;
	struct udev_hwdb *hwdb;
};

int hwname_open(struct hwname **ret)
{
	_cleanup_hwname_ struct hwname *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->udev = udev_new();
	if (!names->udev)
		return -ENOMEM;
	names->hwdb = udev_hwdb_new(names->udev);
	if (!names->hwdb)
		return -ENOENT;
	*ret = take_ptr(names);
	return 0;
}

void hwname_close(struct hwname *names)
{
	if (!names)
		return;
	if (names->hwdb)
		udev_hwdb_unref(names->hwdb);
	if (names->udev)
		udev_unref(names->udev);
	free(names);
}

const char *hwname_device(struct hwname *names, const struct pcidev *dev, char *buf, size_t size)
{
	struct udev_list_entry *entry, *properties;
	const char *vendor = "", *model = "";
	char modalias[80];

	buf[0] = '\0';
	if (!names)
		return buf;
	/* The form of the kernel's modalias (drivers/pci/pci-sysfs.c), which hwdb.d/20-pci-* match.
	 */
	snprintf(modalias, sizeof(modalias), "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
		 dev->ids.vendor, dev->ids.device, dev->ids.subvendor, dev->ids.subdevice,
		 dev->class >> 16 & 0xff, dev->class >> 8 & 0xff, dev->class & 0xff);
	properties = udev_hwdb_get_properties_list_entry(names->hwdb, modalias, 0);
	udev_list_entry_foreach (entry, properties) {
		const char *key = udev_list_entry_get_name(entry);

		if (strcmp(key, "ID_VENDOR_FROM_DATABASE") == 0)
			vendor = udev_list_entry_get_value(entry);
		else if (strcmp(key, "ID_MODEL_FROM_DATABASE") == 0)
			model = udev_list_entry_get_value(entry);
	}
	snprintf(buf, size, "%s%s%s", vendor, vendor[0] && model[0] ? " " : "", model);
	return buf;
}
