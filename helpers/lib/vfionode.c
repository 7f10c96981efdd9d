/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node of a vfio group, /dev/vfio/N: to the user vxm and back to root. */
#include "vfionode.h"

#include <errno.h>
#include <stdio.h>

#include "udevnode.h"

struct names {
	char number[16];
	char mark[24];
	char path[32];
};

static void make_names(int group, struct names *ret)
{
	snprintf(ret->number, sizeof(ret->number), "%d", group);
	snprintf(ret->mark, sizeof(ret->mark), "vfio-%d", group);
	snprintf(ret->path, sizeof(ret->path), "dev/vfio/%d", group);
}

int vfionode_give(const struct host *host, int group)
{
	struct names names = { 0 };
	uid_t vxm = 0, uid;
	int r = host->recorded ? 0 : udevnode_vxm_uid(&vxm);

	if (r < 0)
		return r;
	make_names(group, &names);
	r = udevnode_mark(host, "vfio", names.number, names.mark);
	if (r < 0 || host->recorded)
		return r;
	r = udevnode_owner(host, names.path, &uid, NULL);
	if (r < 0)
		return r;
	return uid == vxm ? 0 : -EPERM;
}

int vfionode_take_back(const struct host *host, int group)
{
	struct names names = { 0 };
	uid_t uid;
	int r;

	make_names(group, &names);
	r = udevnode_unmark(host, "vfio", names.number, names.mark);
	if (r < 0 || host->recorded)
		return r;
	r = udevnode_owner(host, names.path, &uid, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	return uid == 0 ? 0 : -EPERM;
}
