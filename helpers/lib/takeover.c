/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a guest's PCI functions to vfio-pci, with the record first. */
#include "takeover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "isolationrecord.h"
#include "record.h"
#include "vfionode.h"

int takeover_record(const struct host *host, const char *guest, const struct isolation *iso)
{
	_cleanup_record_ struct record *record = record_new(guest, "isolate");
	int r = record ? 0 : -ENOMEM;

	for (size_t i = 0; i < iso->count && r >= 0; i++)
		r = isolationrecord_note(record, &iso->functions[i]);
	return r < 0 ? r : record_save(host, record);
}

static int give_nodes(const struct host *host, const struct isolation *iso,
		      struct handover_failure *failure)
{
	for (size_t i = 0; i < iso->count; i++) {
		int group = iso->functions[i].dev.iommu_group, r;

		if (!isolation_is_first_of_group(iso, i))
			continue;
		r = vfionode_give(host, group);
		if (r >= 0)
			continue;
		if (r == -ESRCH)
			snprintf(failure->text, sizeof(failure->text),
				 "there is no user vxm to give /dev/vfio/%d to: run "
				 "systemd-sysusers",
				 group);
		else
			snprintf(failure->text, sizeof(failure->text),
				 "/dev/vfio/%d was not given to the user vxm: %s; is 71-vxm.rules "
				 "among udev's rules, and does systemd-udevd run?",
				 group, strerror(-r));
		return r;
	}
	return 0;
}

int takeover_run(const struct host *host, const char *guest, const struct isolation *iso,
		 const struct handover_plan *plan, int lock_fd,
		 struct handover_failure *ret_failure)
{
	int r = takeover_record(host, guest, iso);
	size_t used;

	if (r < 0) {
		snprintf(ret_failure->text, sizeof(ret_failure->text),
			 "the record in /run/vxm/%s cannot be written: %s; no device has moved, "
			 "and vxm-isolate stop %s puts back what was asked for, if anything was "
			 "(systemd does it by itself)",
			 guest, strerror(-r), guest);
		return r;
	}
	r = handover_apply(host, plan, lock_fd, ret_failure);
	if (r >= 0)
		r = give_nodes(host, iso, ret_failure);
	if (r >= 0)
		return 0;
	used = strlen(ret_failure->text);
	snprintf(ret_failure->text + used, sizeof(ret_failure->text) - used,
		 "; vxm-isolate stop %s puts back what has moved (systemd does it by itself)",
		 guest);
	return r;
}
