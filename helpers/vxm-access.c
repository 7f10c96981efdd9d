/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives a guest's keyboard and mouse nodes to the user vxm, and back. */

/*
 * Theory of operation
 *
 * QEMU opens evdev nodes itself (input-linux takes no descriptor), so the unprivileged user needs
 * the node. Only the owner changes: group input and ACLs stay, so the host's session keeps its keys
 * until QEMU grabs them. How a node changes hands and back is nodeclaim.c's; here is which nodes,
 * who else has them, and what is told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cmdline.h"
#include "guest.h"
#include "inputmatch.h"
#include "inputshow.h"
#include "log.h"
#include "nodeclaim.h"
#include "program.h"
#include "record.h"
#include "udevnode.h"

static const char *arg_root;
static bool arg_dry_run, arg_json;

/* What a guest is to have, as the machine is now. */
struct access {
	const struct host *host;
	struct guest *guest;
	struct inputmatch_choices choices;
};

static void access_done(struct access *access)
{
	inputmatch_choices_done(&access->choices);
	guest_free(access->guest);
}
#define _cleanup_access_ _cleanup_(access_done)

/* Logs what is wrong. */
static int observe(const char *name, struct access *access)
{
	struct guest_error error = { "" };
	int r = program_load_guest(access->host, name, &access->guest);

	if (r < 0)
		return r;
	r = inputmatch_resolve(access->host, access->guest, &access->choices, &error);
	if (r < 0)
		log_error("%s", error.text[0] ? error.text : strerror(-r));
	return r;
}

static const char *kind_of(const struct inputmatch_choice *choice)
{
	return choice->is_keyboard ? "keyboard" : "mouse";
}

static int check(const struct access *access)
{
	struct guest_error error = { "" };
	int r = nodeclaim_check(access->host, access->guest, &access->choices, &error);

	if (r < 0)
		log_error("%s Nothing was changed.", error.text);
	return r;
}

/* Says why a node could not be had. */
static void log_give(const struct access *access, const struct inputdev *dev, int error)
{
	switch (error) {
	case -ENODEV:
		log_error("%s (%s) was unplugged just now: plug it in and start again", dev->path,
			  dev->name);
		return;
	case -ETIMEDOUT:
		log_error("udev did not get to %s within %d s: is systemd-udevd.service running?",
			  dev->path, UDEVNODE_TIMEOUT_MS / 1000);
		return;
	case -EPERM:
		log_error("%s (%s) is not the user vxm's after udev ran its rules: is 71-vxm.rules "
			  "installed, and does a later rule set OWNER? (udevadm test shows it)",
			  dev->path, dev->name);
		return;
	default:
		log_error("%s (%s) could not be recorded in /run/vxm/%s and marked: %s", dev->path,
			  dev->name, access->guest->name, strerror(-error));
	}
}

static int print_plan(const struct access *access)
{
	for (size_t i = 0; i < access->choices.count; i++) {
		const struct inputmatch_choice *choice = &access->choices.items[i];

		printf("give %s (%s, %s) to the user vxm\n", choice->dev.path, choice->dev.name,
		       kind_of(choice));
	}
	return check(access);
}

/* -ENOENT, which is no failure, is left to the caller. */
static int load(const struct host *host, const char *name, struct record **ret)
{
	int r = record_load(host, name, NODECLAIM_KIND, ret);

	if (r < 0 && r != -ENOENT)
		log_error("the record /run/vxm/%s/" NODECLAIM_KIND " cannot be read: %s", name,
			  strerror(-r));
	return r;
}

static int take_lock(const struct host *host)
{
	int lock = record_lock(host, NODECLAIM_KIND);

	if (lock < 0)
		log_error("the lock /run/vxm/.lock/" NODECLAIM_KIND " cannot be taken: %s%s",
			  strerror(-lock), program_remedy(lock));
	return lock;
}

static int give(const struct access *access)
{
	_cleanup_record_ struct record *record = NULL;
	_cleanup_close_ int lock = -1;
	int r;

	if (arg_dry_run)
		return print_plan(access);
	if (access->choices.count == 0)
		return 0;
	lock = take_lock(access->host);
	if (lock < 0)
		return lock;
	r = check(access);
	if (r >= 0)
		r = load(access->host, access->guest->name, &record);
	if (r == -ENOENT) {
		record = record_new(access->guest->name, NODECLAIM_KIND);
		r = record ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < access->choices.count && r >= 0; i++) {
		const struct inputdev *dev = &access->choices.items[i].dev;

		r = nodeclaim_give(access->host, dev, record);
		if (r < 0)
			log_give(access, dev, r);
		else
			log_info("/dev/input/%s (%s): now the user vxm's", dev->node, dev->name);
	}
	return r;
}

static int give_back(const struct host *host, const char *name, const struct record *record,
		     const char *object)
{
	const char *node = record_get(record, object, "node");
	enum nodeclaim_end end;
	int r = nodeclaim_return(host, record, object, &end);

	if (r < 0)
		log_error("%s could not be given back to its owner: %s; the record "
			  "/run/vxm/%s/" NODECLAIM_KIND " stays, run vxm-access stop %s again",
			  node ? node : object, strerror(-r), name, name);
	else if (end == NODECLAIM_GONE)
		log_info("/dev/input/%s: not there any more, nothing to give back", node);
	else if (end == NODECLAIM_FORCED)
		log_warning(
			"/dev/input/%s: udev did not give it back, so its owner was set by hand: "
			"is systemd-udevd.service running, and 71-vxm.rules installed?",
			node);
	else
		log_info("/dev/input/%s: given back", node);
	return r;
}

/* From the record alone: the configuration may be gone. */
static int verb_stop(const struct host *host, const char *name)
{
	_cleanup_record_ struct record *record = NULL;
	_cleanup_close_ int lock = -1;
	const char *object;
	int r, first = 0;

	r = load(host, name, &record);
	if (r == -ENOENT && !arg_dry_run) /* but for what a kill in the middle of saving left */
		return record_remove(host, name, NODECLAIM_KIND);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	lock = arg_dry_run ? -1 : take_lock(host);
	if (lock < 0 && !arg_dry_run)
		return lock;
	for (size_t i = 0; (object = record_object(record, i)); i++) {
		if (arg_dry_run) {
			printf("give %s back to uid %s\n", record_get(record, object, "node"),
			       record_get(record, object, "owner"));
			continue;
		}
		r = give_back(host, name, record, object);
		if (r < 0)
			first = first < 0 ? first : r;
	}
	if (arg_dry_run || first < 0)
		return first;
	r = record_remove(host, name, NODECLAIM_KIND);
	if (r < 0)
		log_error("the record /run/vxm/%s/" NODECLAIM_KIND " cannot be removed: %s", name,
			  strerror(-r));
	return r;
}

static int list(const struct access *access)
{
	_cleanup_record_ struct record *record = NULL;
	int r = load(access->host, access->guest->name, &record);

	if (r < 0 && r != -ENOENT)
		return r;
	return inputshow_print_choices(stdout, &access->choices, record, arg_json);
}

static int verb_check(const struct host *host, const char *name)
{
	_cleanup_access_ struct access access = { .host = host };
	int r = observe(name, &access);

	return r < 0 ? r : check(&access);
}

static int verb_start(const struct host *host, const char *name)
{
	_cleanup_access_ struct access access = { .host = host };
	int r = observe(name, &access);

	return r < 0 ? r : give(&access);
}

static int verb_show(const struct host *host, const char *name)
{
	_cleanup_access_ struct access access = { .host = host };
	int r = observe(name, &access);

	return r < 0 ? r : list(&access);
}

static int verb_show_all(const struct host *host, const char *argument)
{
	int r = inputshow_print(stdout, host, arg_json);

	(void)argument;
	if (r < 0)
		log_error("the input devices cannot be read: %s", strerror(-r));
	else if (r == 0)
		log_info("no keyboard and no mouse is connected");
	return r;
}

static const struct cmdline_verb verbs[] = {
	{ "check", "NAME", "say whether start would succeed; change nothing", verb_check },
	{ "start", "NAME", "give the nodes to the user vxm", verb_start },
	{ "stop", "NAME", "give them back to the owners they had", verb_stop },
	{ "show", NULL, "list all keyboards and mice, and what to write into [Input]",
	  verb_show_all },
	{ "show", "NAME", "list the nodes that the guest has, or would get", verb_show },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline_option options[] = {
	{ "root", "DIR", "look at a recorded machine", NULL, &arg_root },
	{ "dry-run", NULL, "print what start or stop would do", &arg_dry_run, NULL },
	{ "json", NULL, "show: print JSON", &arg_json, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = {
	.program = "vxm-access",
	.summary = "Gives a guest's keyboard and mouse to the user vxm, and back.",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	return program_run(&cmdline, &arg_root, argc, argv);
}
