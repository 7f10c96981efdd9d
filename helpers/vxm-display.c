/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns a guest's monitors to the input that the guest's card is cabled to, and back. */

/*
 * Theory of operation
 *
 * A monitor is switched once the guest is active: the unit is ordered after it, and ExecCondition=
 * asks again, because a unit that is merely wanted also starts after a start that failed. A start
 * ends early when the guest has: its stop and the next start's check wait for this one's lock.
 *
 * A monitor is a convenience: whatever goes wrong with one is a warning, and the others are still
 * switched; nothing here stops a guest. A bus may hang for ever in the kernel, so all DDC/CI is
 * done by a child with a deadline.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cmdline.h"
#include "deadline.h"
#include "edidshow.h"
#include "guest.h"
#include "log.h"
#include "monitor.h"
#include "monitorclaim.h"
#include "monitorshow.h"
#include "program.h"
#include "record.h"
#include "unitstate.h"

#define DISPLAY_TRIES	   3	 /* a monitor that wakes up misses a call or two */
#define DISPLAY_TIMEOUT_MS 45000 /* so often, it is below the unit's timeouts */
#define DISPLAY_HOLD_S	   30	 /* below that; a guest's card has a picture long before */

static const char *arg_root;
static bool arg_dry_run, arg_json;

struct display {
	const struct host *host;
	const char *name;      /* NULL for show without one */
	struct guest *guest;   /* NULL where the configuration is not asked */
	struct record *record; /* NULL: there is none */
	unsigned tries;	       /* left, this one included */
};

static void display_done(struct display *display)
{
	record_free(display->record);
	guest_free(display->guest);
}
#define _cleanup_display_ _cleanup_(display_done)

/* What a verb that asks monitors begins with; with the guest's configuration, or without. */
static int begin(struct display *display, bool has_guest)
{
	int r = has_guest ? program_load_guest(display->host, display->name, &display->guest) : 0;

	if (r < 0 || !display->host->recorded || arg_dry_run)
		return r;
	log_error("a recorded machine has no monitors to ask: add --dry-run");
	return -EINVAL;
}

static int load_record(struct display *display)
{
	int r = record_load(display->host, display->name, MONITORCLAIM_KIND, &display->record);

	if (r < 0 && r != -ENOENT)
		log_error("the record /run/vxm/%s/" MONITORCLAIM_KIND " cannot be read: %s",
			  display->name, strerror(-r));
	return r;
}

/* Tells what became of a monitor. */
static void tell(int r, const struct monitorclaim_story *story)
{
	if (r == 0)
		log_info("%s", story->text);
	else
		log_warning("%s", story->text);
}

static int scan(struct monitor_list *ret)
{
	int r = monitor_scan(ret);

	if (r < 0)
		log_error("the monitors cannot be listed: %s", monitor_strerror(r));
	return r;
}

/* Fails only when no monitor at all could be switched. */
static int start_job(void *data)
{
	struct display *display = data;
	size_t count = display->guest->display_count;
	_cleanup_free_ struct monitorclaim *claims = calloc(count, sizeof(*claims));
	struct monitor_list list;
	int r, result = -EIO;

	if (!claims)
		return -ENOMEM;
	/* Read here, not before: an earlier try has written to it. */
	r = load_record(display);
	if (r == -ENOENT)
		display->record = record_new(display->name, MONITORCLAIM_KIND);
	if (display->record)
		r = scan(&list);
	if (r >= 0)
		r = monitorclaim_switch_all(display->host, &list, display->guest, display->record,
					    DISPLAY_HOLD_S, display->tries > 1,
					    unitstate_guest_is_active, claims);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		tell(claims[i].result, &claims[i].story);
		result = claims[i].result >= 0 ? 0 : result;
	}
	return r < 0 ? r : result;
}

static int stop_job(void *data)
{
	struct display *display = data;
	struct monitorclaim_story story;
	struct monitor_list list = { .count = 0 };
	const char *object;
	int result = scan(&list);

	for (size_t i = 0; result >= 0 && (object = record_object(display->record, i)); i++) {
		int r = monitorclaim_restore(&list, display->record, object, &story);

		/* Another try, before anything is told. */
		if ((r == -ENXIO || r == -ENODEV) && display->tries > 1)
			return -EAGAIN;
		tell(r, &story);
		result = r < 0 ? r : result;
	}
	return result;
}

static int show_job(void *data)
{
	const struct display *display = data;
	struct monitor_list list;
	int r = scan(&list);

	if (r >= 0)
		r = monitorshow_print(stdout, display->host, &list, display->guest, arg_json);
	if (r == 0)
		log_info(MONITORSHOW_NONE, display->guest ? " of [Display]" : "",
			 program_remedy(geteuid() > 0 ? -EPERM : 0));
	return r < 0 ? r : 0;
}

/* A child for each try: the library looks for monitors once in a process. */
static int run_job(struct display *display, int (*job)(void *data), int lock)
{
	int r;

	display->tries = DISPLAY_TRIES;
	while ((r = deadline_run(job, display, DISPLAY_TIMEOUT_MS, lock, NULL)) == -EAGAIN)
		display->tries--;
	if (r == -ETIMEDOUT)
		log_error("the monitors did not answer within %d s: an I2C bus hangs in the kernel "
			  "(see dmesg)",
			  DISPLAY_TIMEOUT_MS / 1000);
	return r;
}

/* Runs what changes monitors, under the lock. */
static int run_locked(struct display *display, int (*job)(void *data))
{
	_cleanup_close_ int lock = record_lock(display->host, MONITORCLAIM_KIND);

	if (lock >= 0)
		return run_job(display, job, lock);
	log_error("the lock /run/vxm/.lock/" MONITORCLAIM_KIND " cannot be taken: %s%s",
		  strerror(-lock), program_remedy(lock));
	return lock;
}

static int verb_start(const struct host *host, const char *name)
{
	_cleanup_display_ struct display display = { .host = host, .name = name };
	char monitor[MONITORCLAIM_NAME_SIZE];
	int r = begin(&display, true);

	if (r < 0)
		return r;
	for (size_t i = 0; arg_dry_run && i < display.guest->display_count; i++)
		printf("record the input of monitor %s, then set 0x%02x\n",
		       monitorclaim_name(display.guest->displays[i], monitor),
		       display.guest->displays[i]->guest_input);
	return arg_dry_run || display.guest->display_count == 0 ? 0
								: run_locked(&display, start_job);
}

/* From the record alone. */
static int verb_stop(const struct host *host, const char *name)
{
	_cleanup_display_ struct display display = { .host = host, .name = name };
	const char *object;
	int r = begin(&display, false);

	if (r >= 0)
		r = load_record(&display);
	if (r == -ENOENT && !arg_dry_run) /* but for what a kill in the middle of saving left */
		return record_remove(host, name, MONITORCLAIM_KIND);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; arg_dry_run && (object = record_object(display.record, i)); i++)
		printf("set input %s on monitor %s\n", record_get(display.record, object, "input"),
		       object);
	if (arg_dry_run)
		return 0;
	r = run_locked(&display, stop_job);
	if (r < 0)
		return r;
	r = record_remove(host, name, MONITORCLAIM_KIND);
	if (r < 0)
		log_error("the record /run/vxm/%s/" MONITORCLAIM_KIND " cannot be removed: %s",
			  name, strerror(-r));
	return r;
}

static int verb_show(const struct host *host, const char *name)
{
	_cleanup_display_ struct display display = { .host = host, .name = name };
	int r = begin(&display, name != NULL);

	return r < 0 ? r : run_job(&display, show_job, -1);
}

/* 0: the guest runs. ExecCondition= takes 1 to 254 as "skip this unit". */
static int verb_condition(const struct host *host, const char *name)
{
	int r = unitstate_guest_is_active(name);

	(void)host;
	if (r <= 0)
		log_info("the monitors stay as they are: vxm-guest@%s.service %s", name,
			 r < 0 ? strerror(-r) : "is not active");
	return r > 0 ? 0 : -ESRCH;
}

/* FILE is a file of this machine's, whatever --root= says. */
static int verb_identify(const struct host *host, const char *path)
{
	const struct host here = { .root_fd = AT_FDCWD };
	_cleanup_free_ char *data = NULL;
	struct edid edid;
	size_t size;
	int r = host_read_file(&here, path, (size_t)EDID_BLOCKS_MAX * EDID_BLOCK_SIZE, &data,
			       &size);

	(void)host;
	if (r < 0) {
		log_error("%s cannot be read as an EDID: %s", path, strerror(-r));
		return r;
	}
	edid_parse((const uint8_t *)data, size, &edid);
	if (arg_json || edid.is_usable)
		(arg_json ? edidshow_json : edidshow_text)(stdout, &edid);
	if (edid.is_usable)
		return 0;
	log_error("%s is no EDID: %s", path,
		  size < EDID_BLOCK_SIZE ? "it is shorter than the 128 bytes of the first block"
					 : "it does not begin with 00 ff ff ff ff ff ff 00");
	return -EBADMSG;
}

static const struct cmdline_verb verbs[] = {
	{ "start", "NAME", "record what the monitors show, set the guest's input", verb_start },
	{ "stop", "NAME", "set the recorded inputs again", verb_stop },
	{ "show", NULL, "list all monitors, and what to write into Monitor=", verb_show },
	{ "show", "NAME", "list the guest's monitors", verb_show },
	{ "condition", "NAME", "succeed when the guest is active", verb_condition },
	{ "identify", "FILE", "decode an EDID", verb_identify },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline_option options[] = {
	{ "root", "DIR", "start, stop: look at a recorded machine, with --dry-run", NULL,
	  &arg_root },
	{ "dry-run", NULL, "print what start or stop would do", &arg_dry_run, NULL },
	{ "json", NULL, "show, identify: print JSON", &arg_json, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = {
	.program = "vxm-display",
	.summary = "Turns a guest's monitors to the guest's input, and back.",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	return program_run(&cmdline, &arg_root, argc, argv);
}
