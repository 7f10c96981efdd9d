/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One input node that is given to the user vxm and returned, with the record that makes it safe. */

/*
 * Theory of operation
 *
 * The old owner is in the record before the mark is made. The return works from the record alone.
 * udev is asked first; should it not have set the recorded owner (it does not run, or a rule of the
 * machine gives the node to somebody whom our rule then overrode), the owner is set here: a node
 * left to vxm would be the worse end.
 *
 * The object is the mark's name, node and parent: a parent's number is not used twice in a boot, so
 * an event3 that is another device by now is not touched.
 */
#include "nodeclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"
#include "sysfs.h"
#include "udevnode.h"

#define COMPLAIN(error, ...) snprintf((error)->text, sizeof((error)->text), __VA_ARGS__)

/* A keyboard of several interfaces will do when one of them has the combination. */
static int check_toggle(const struct guest *guest, const struct guest_input *section,
			const struct inputmatch_choices *choices, struct guest_error *error)
{
	struct guest_origin origin = guest_where(guest, &section->keyboard);
	const struct inputdev *keyboard = NULL;

	for (size_t i = 0; i < choices->count; i++) {
		const struct inputmatch_choice *choice = &choices->items[i];

		if (choice->section != section || !choice->is_keyboard)
			continue;
		if (choice->has_toggle)
			return 0;
		keyboard = &choice->dev;
	}
	if (!keyboard)
		return 0;
	COMPLAIN(error,
		 "%s:%u: Keyboard=: %s (%s) lacks a key of Toggle=%s, so the guest would never let "
		 "go "
		 "of it: choose another toggle or another keyboard.",
		 origin.file ? origin.file : "(built in)", origin.line, keyboard->path,
		 keyboard->name, section->toggle);
	return -EINVAL;
}

static int check_owner(const struct host *host, const struct guest *guest,
		       const struct inputdev *dev, struct guest_error *error)
{
	char mark[INPUTDEV_MARK_SIZE], owner[GUEST_NAME_SIZE];
	int r = record_owner(host, NODECLAIM_KIND, inputdev_mark(dev, mark), guest->name, owner);

	if (r < 0)
		COMPLAIN(
			error,
			"the records below /run/vxm cannot be read, so it is not known who has %s: "
			"%s.",
			dev->path, strerror(-r));
	if (r <= 0)
		return r;
	COMPLAIN(error,
		 "%s (%s) is held by the guest %s: stop that one (systemctl stop vxm-guest@%s), or "
		 "choose another device.",
		 dev->path, dev->name, owner, owner);
	return -EBUSY;
}

int nodeclaim_check(const struct host *host, const struct guest *guest,
		    const struct inputmatch_choices *choices, struct guest_error *ret_error)
{
	uid_t uid;
	int r = 0;

	for (size_t i = 0; i < guest->input_count && r >= 0; i++)
		r = check_toggle(guest, guest->inputs[i], choices, ret_error);
	for (size_t i = 0; i < choices->count && r >= 0; i++)
		r = check_owner(host, guest, &choices->items[i].dev, ret_error);
	if (r < 0 || choices->count == 0 || host->recorded)
		return r;
	r = udevnode_vxm_uid(&uid);
	if (r < 0)
		COMPLAIN(ret_error, "there is no user vxm to give %s to: run systemd-sysusers.",
			 choices->items[0].dev.path);
	return r;
}

static int note_owner(const struct host *host, const struct inputdev *dev, const char *mark,
		      struct record *record)
{
	char owner[16], bits[16];
	uid_t uid = 0;
	mode_t mode = 0;
	int r;

	if (record_get(record, mark, "owner"))
		return 0;
	r = udevnode_owner(host, dev->path + 1, &uid, &mode);
	if (r < 0 && !(r == -ENOENT && host->recorded))
		return r == -ENOENT ? -ENODEV : r;
	snprintf(owner, sizeof(owner), "%u", uid);
	snprintf(bits, sizeof(bits), "%04o", mode);
	r = record_set(record, mark, "node", dev->node);
	if (r >= 0)
		r = record_set(record, mark, "mode", bits);
	if (r >= 0)
		r = record_set(record, mark, "owner", owner);
	return r < 0 ? r : record_save(host, record);
}

int nodeclaim_give(const struct host *host, const struct inputdev *dev, struct record *record)
{
	char mark[INPUTDEV_MARK_SIZE];
	uid_t wanted, found;
	int r = note_owner(host, dev, inputdev_mark(dev, mark), record);

	if (r >= 0)
		r = udevnode_mark(host, "input", dev->node, mark);
	if (r < 0 || host->recorded)
		return r;
	r = udevnode_vxm_uid(&wanted);
	if (r >= 0)
		r = udevnode_owner(host, dev->path + 1, &found, NULL);
	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	return found == wanted ? 0 : -EPERM;
}

/* Whether the node is still the device that the object names. */
static bool is_there(const struct host *host, const char *node, const char *object)
{
	char parent[24], mark[INPUTDEV_MARK_SIZE];

	if (sysfs_read_link(host, parent, sizeof(parent), "class/input/%s/device", node) < 0)
		return false;
	snprintf(mark, sizeof(mark), "%s-%s", node, parent);
	return strcmp(mark, object) == 0;
}

int nodeclaim_return(const struct host *host, const struct record *record, const char *object,
		     enum nodeclaim_end *ret)
{
	const char *node = record_get(record, object, "node");
	const char *owner = record_get(record, object, "owner");
	char path[48];
	unsigned uid;
	uid_t found;
	int unmarked, r;

	if (!node || strchr(node, '/') || !owner || parse_uint(owner, &uid) < 0)
		return -EBADMSG;
	unmarked = udevnode_unmark(host, "input", node, object);
	*ret = NODECLAIM_GONE;
	if (!is_there(host, node, object))
		return unmarked == -ETIMEDOUT ? 0 : unmarked;
	*ret = NODECLAIM_BACK;
	if (host->recorded)
		return unmarked;
	snprintf(path, sizeof(path), "dev/input/%s", node);
	r = udevnode_owner(host, path, &found, NULL);
	if (r >= 0 && found != uid) {
		*ret = NODECLAIM_FORCED;
		r = fchownat(host->root_fd, path, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 ? -errno
											   : 0;
	}
	if (r == -ENOENT) {
		*ret = NODECLAIM_GONE;
		r = 0;
	}
	if (r >= 0 && unmarked != -ETIMEDOUT)
		r = unmarked;
	return r;
}
