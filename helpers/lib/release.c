/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks those who have a guest's card for the host to let go of it, and tells them that it is back.
 */
#include "release.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "deadline.h"
#include "parse.h"
#include "record.h"
#include "sysfs.h"
#include "unitjob.h"

#define RELEASE_KIND "release"
/* Of a unit: it ran. */
#define KEY_UNIT "unit"
/* Of a DRM node: the function, and which node of that name it was. */
#define KEY_FUNCTION "function"
#define KEY_INODE    "inode"

#define NODE_UEVENT "bus/pci/devices/%s/drm/%s/uevent"

/* The words of Services=. 0, -ENOMEM. */
static int list_units(const struct guest *guest, struct strlist *ret)
{
	const char *word = guest->gpu.services;

	while (word && *(word += strspn(word, " \t"))) {
		size_t length = strcspn(word, " \t");
		int r = strlist_addf(ret, "%.*s", (int)length, word);

		if (r < 0)
			return r;
		word += length;
	}
	return 0;
}

static bool is_hosts(const struct isolation_function *function)
{
	return function->now.driver[0] && strcmp(function->now.driver, ISOLATION_DRIVER) != 0;
}

static bool is_any_hosts(const struct isolation *iso)
{
	for (size_t i = 0; i < iso->count; i++)
		if (is_hosts(&iso->functions[i]))
			return true;
	return false;
}

static bool is_card(const char *name)
{
	unsigned number;

	return strncmp(name, "card", 4) == 0 && parse_uint(name + 4, &number) >= 0;
}

/* The nodes that compositors know the card by; none where no DRM driver has it. 0, -ENOMEM. */
static int list_cards(const struct host *host, const struct isolation_function *function,
		      struct strlist *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	char bdf[PCIADDR_SIZE];

	if (!is_hosts(function) || sysfs_list(host, &names, "bus/pci/devices/%s/drm",
					      pciaddr_format(&function->dev.addr, bdf)) < 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		int r = is_card(names.items[i]) ? strlist_add(ret, names.items[i]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* Of a guest whose record cannot be read nothing is known. */
static int load(const struct host *host, const char *name, struct record **ret)
{
	int r = record_load(host, name, RELEASE_KIND, ret);

	if (r != -ENOENT)
		return r;
	*ret = record_new(name, RELEASE_KIND);
	return *ret ? 0 : -ENOMEM;
}

static int save(const struct host *host, const char *name, const struct record *record, int r,
		struct release_failure *failure)
{
	if (r >= 0)
		r = record_save(host, record);
	if (r < 0)
		snprintf(failure->text, sizeof(failure->text),
			 "the record /run/vxm/%s/" RELEASE_KIND " cannot be written: %s", name,
			 strerror(-r));
	return r;
}

static int stop_unit(const struct host *host, const char *name, const char *unit, int64_t end_ms,
		     struct record *record, tell_function tell, struct release_failure *failure)
{
	struct unitjob_failure why;
	int r = unitjob_is_running(host, unit);

	if (r < 0)
		snprintf(failure->text, sizeof(failure->text),
			 "whether %s runs cannot be asked: %s; does dbus run?", unit, strerror(-r));
	if (r <= 0)
		return r;
	r = save(host, name, record, record_set(record, unit, KEY_UNIT, "ran"), failure);
	if (r < 0)
		return r;
	r = unitjob_stop(host, unit, end_ms, &why);
	if (r < 0)
		snprintf(failure->text, sizeof(failure->text), "%s", why.text);
	else
		tell_format(tell, TELL_CHANGE, "%s: stopped until %s is back (Services=)", unit,
			    name);
	return r < 0 ? r : 1;
}

static int note_node(struct record *record, const char *bdf, const char *node, uint64_t inode)
{
	char number[24];
	int r;

	snprintf(number, sizeof(number), "%" PRIu64, inode);
	r = record_set(record, node, KEY_FUNCTION, bdf);
	return r < 0 ? r : record_set(record, node, KEY_INODE, number);
}

static int ask_node(const struct host *host, const char *name, const char *bdf, const char *node,
		    struct record *record, tell_function tell, struct release_failure *failure)
{
	uint64_t inode;
	int r = sysfs_read_inode(host, &inode, "bus/pci/devices/%s/drm/%s", bdf, node);

	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = note_node(record, bdf, node, inode);
	r = save(host, name, record, r, failure);
	if (r < 0)
		return r;
	r = sysfs_write(host, "remove", NODE_UEVENT, bdf, node);
	if (r < 0) {
		snprintf(failure->text, sizeof(failure->text),
			 "%s: its session cannot be asked to let go of %s (Session=release): %s",
			 bdf, node, strerror(-r));
		return r;
	}
	tell_format(tell, TELL_CHANGE, "%s: who has %s is asked to let go of it (Session=release)",
		    bdf, node);
	return 1;
}

static int ask_nodes(const struct host *host, const char *name, const struct isolation *iso,
		     struct record *record, tell_function tell, struct release_failure *failure)
{
	int asked = 0;

	for (size_t i = 0; i < iso->count; i++) {
		_cleanup_strlist_ struct strlist nodes = STRLIST_EMPTY;
		char bdf[PCIADDR_SIZE];
		int r = list_cards(host, &iso->functions[i], &nodes);

		pciaddr_format(&iso->functions[i].dev.addr, bdf);
		for (size_t n = 0; n < nodes.count && r >= 0; n++) {
			r = ask_node(host, name, bdf, nodes.items[n], record, tell, failure);
			asked |= r > 0;
		}
		if (r < 0)
			return r;
	}
	return asked;
}

int release_ask(const struct host *host, const struct guest *guest, const struct isolation *iso,
		tell_function tell, struct release_failure *ret_failure)
{
	_cleanup_strlist_ struct strlist units = STRLIST_EMPTY;
	_cleanup_record_ struct record *record = NULL;
	int64_t end_ms = deadline_now_ms() + UNITJOB_TIMEOUT_MS;
	int asked = 0, r;

	if (!is_any_hosts(iso))
		return 0;
	snprintf(ret_failure->text, sizeof(ret_failure->text),
		 "who has the card cannot be asked to let go of it: /run/vxm/%s/" RELEASE_KIND
		 " cannot be read, or there is no memory",
		 guest->name);
	r = load(host, guest->name, &record);
	if (r >= 0)
		r = list_units(guest, &units);
	for (size_t i = 0; i < units.count && r >= 0; i++) {
		r = stop_unit(host, guest->name, units.items[i], end_ms, record, tell, ret_failure);
		asked |= r > 0;
	}
	if (r >= 0 && guest->gpu.session == GUEST_SESSION_RELEASE)
		r = ask_nodes(host, guest->name, iso, record, tell, ret_failure);
	return r < 0 ? r : asked || r > 0;
}

/* 1: that very node is there, and its users think that it is not; 0: it has gone. */
static int is_same_node(const struct host *host, const struct record *record, const char *node)
{
	const char *bdf = record_get(record, node, KEY_FUNCTION);
	const char *number = record_get(record, node, KEY_INODE);
	uint64_t was, is;

	if (!bdf || !number || parse_u64(number, &was) < 0 ||
	    sysfs_read_inode(host, &is, "bus/pci/devices/%s/drm/%s", bdf, node) < 0)
		return 0;
	return is == was;
}

static int give_node(const struct host *host, const struct record *record, const char *node,
		     tell_function tell)
{
	const char *bdf = record_get(record, node, KEY_FUNCTION);
	int r;

	if (!is_same_node(host, record, node))
		return 0;
	r = sysfs_write(host, "add", NODE_UEVENT, bdf, node);
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r < 0)
		tell_format(tell, TELL_FAILURE,
			    "%s: nobody can be told that %s is there again: %s; udevadm trigger "
			    "--action=add /sys/class/drm/%s does",
			    bdf, node, strerror(-r), node);
	else
		tell_format(tell, TELL_CHANGE, "%s: %s is announced again", bdf, node);
	return r;
}

static int start_unit(const struct host *host, const char *name, const char *unit, int64_t end_ms,
		      tell_function tell)
{
	struct unitjob_failure why;
	int r = unitjob_start(host, unit, end_ms, &why);

	if (r == -ECANCELED) {
		tell_format(tell, TELL_CHANGE,
			    "%s: not started again, for systemd is about to stop it", unit);
		return 0;
	}
	if (r < 0)
		tell_format(tell, TELL_FAILURE,
			    "%s; it was stopped for the guest %s: vxm-isolate stop %s tries again",
			    why.text, name, name);
	else
		tell_format(tell, TELL_CHANGE, "%s: started again", unit);
	return r;
}

/* What is on record of OBJECT goes over to REST as it is. 0, -ENOMEM. */
static int keep(const struct record *record, const char *object, struct record *rest)
{
	static const char *const keys[] = { KEY_UNIT, KEY_FUNCTION, KEY_INODE };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = record_get(record, object, keys[i]);
		int r = value ? record_set(rest, object, keys[i], value) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* The nodes first: a unit may look for the card by udev's word. */
static int put_back(const struct host *host, const char *name, const struct record *record,
		    bool units, tell_function tell, struct record *rest, size_t *ret_left)
{
	int64_t end_ms = deadline_now_ms() + UNITJOB_TIMEOUT_MS;
	const char *object;
	int error = 0, r;

	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; (object = record_object(record, i)); i++) {
			bool unit = record_get(record, object, KEY_UNIT) != NULL;

			if (unit != (pass == 1))
				continue;
			r = !unit    ? give_node(host, record, object, tell)
			    : !units ? 0
				     : start_unit(host, name, object, end_ms, tell);
			if (r < 0 && error == 0)
				error = r;
			if (r >= 0 && (!unit || units))
				continue;
			(*ret_left)++;
			r = keep(record, object, rest);
			if (r < 0)
				return r;
		}
	return error;
}

int release_undo(const struct host *host, const char *name, bool units, tell_function tell)
{
	_cleanup_record_ struct record *record = NULL, *rest = NULL;
	size_t left = 0;
	int r = load(host, name, &record), saved;

	if (r < 0) {
		tell_format(tell, TELL_FAILURE,
			    "the record /run/vxm/%s/" RELEASE_KIND
			    " cannot be read: %s; it says which "
			    "units were stopped for the guest, so it is not thrown away",
			    name, strerror(-r));
		return r;
	}
	rest = record_new(name, RELEASE_KIND);
	if (!rest)
		return -ENOMEM;
	r = put_back(host, name, record, units, tell, rest, &left);
	if (r == -ENOMEM)
		return r;
	/* Also without a line: a run that was killed while saving left a temporary file. */
	saved = left > 0 ? record_save(host, rest) : record_remove(host, name, RELEASE_KIND);
	if (saved < 0)
		tell_format(tell, TELL_FAILURE,
			    "the record /run/vxm/%s/" RELEASE_KIND
			    " cannot be brought up to date: %s",
			    name, strerror(-saved));
	return r < 0 ? r : saved;
}

int release_print(FILE *out, const struct host *host, const struct guest *guest,
		  const struct isolation *iso)
{
	_cleanup_strlist_ struct strlist units = STRLIST_EMPTY;
	int r = is_any_hosts(iso) ? list_units(guest, &units) : 0;

	for (size_t i = 0; i < units.count; i++)
		fprintf(out, "%s: stop, if it runs\n", units.items[i]);
	for (size_t i = 0; i < iso->count && r >= 0; i++) {
		_cleanup_strlist_ struct strlist nodes = STRLIST_EMPTY;
		char bdf[PCIADDR_SIZE];

		if (guest->gpu.session == GUEST_SESSION_RELEASE)
			r = list_cards(host, &iso->functions[i], &nodes);
		for (size_t n = 0; n < nodes.count; n++)
			fprintf(out, "%s: ask who has %s to let go of it\n",
				pciaddr_format(&iso->functions[i].dev.addr, bdf), nodes.items[n]);
	}
	return r;
}

int release_print_undo(FILE *out, const struct host *host, const char *name, bool units)
{
	_cleanup_record_ struct record *record = NULL;
	const char *object;
	int r = load(host, name, &record);

	if (r < 0)
		return r;
	for (size_t i = 0; (object = record_object(record, i)); i++) {
		if (!record_get(record, object, KEY_UNIT) && is_same_node(host, record, object))
			fprintf(out, "%s: announce %s again\n",
				record_get(record, object, KEY_FUNCTION), object);
		if (record_get(record, object, KEY_UNIT) && units)
			fprintf(out, "%s: start\n", object);
	}
	return 0;
}
