/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns a guest's monitors to the input that the guest's card is cabled to, and back. */

/*
 * Theory of operation
 *
 * A monitor is switched once the guest is active: the unit is ordered after it, and ExecCondition=
 * asks again, because a unit that is merely wanted also starts after a start that failed.
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
#include "record.h"
#include "unitstate.h"

#define DISPLAY_TRIES	   3	 /* a monitor that wakes up misses a call or two */
#define DISPLAY_TIMEOUT_MS 40000 /* so often, it is below the unit's timeouts */

static const char *arg_root;
static bool arg_dry_run, arg_json;

struct display {
	struct host host;
	const char *name;      /* NULL for show without one */
	struct guest *guest;   /* NULL where the configuration is not asked */
	struct record *record; /* NULL: there is none */
	unsigned tries;	       /* left, this one included */
};

static void display_done(struct display *display)
{
	record_free(display->record);
	guest_free(display->guest);
	host_done(&display->host);
}

static int load_record(struct display *display)
{
	int r = record_load(&display->host, display->name, MONITORCLAIM_KIND, &display->record);

	if (r < 0 && r != -ENOENT)
		log_error("the record /run/vxm/%s/" MONITORCLAIM_KIND " cannot be read: %s",
			  display->name, strerror(-r));
	return r;
}

/* Tells what became of a monitor. False when another try is due before anything is told. */
static bool tell(const struct display *display, int r, const struct monitorclaim_story *story)
{
	if ((r == -ENXIO || r == -ENODEV) && display->tries > 1)
		return false;
	if (r == 0)
		log_info("%s", story->text);
	else
		log_warning("%s", story->text);
	return true;
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
	struct monitorclaim_story story;
	struct monitor_list list;
	int r = load_record(display), result = -EIO;

	/* Read here, not before: an earlier try has written to it. */
	if (r == -ENOENT)
		display->record = record_new(display->name, MONITORCLAIM_KIND);
	if (display->record)
		r = scan(&list);
	if (r < 0)
		return r;
	for (size_t i = 0; i < display->guest->display_count; i++) {
		r = monitorclaim_switch(&display->host, &list, display->guest->displays[i],
					display->name, display->record, &story);
		if (!tell(display, r, &story))
			return -EAGAIN;
		result = r >= 0 ? 0 : result;
	}
	return result;
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

		if (!tell(display, r, &story))
			return -EAGAIN;
		result = r < 0 ? r : result;
	}
	return result;
}

static int show_job(void *data)
{
	const struct display *display = data;
	struct monitor_list list;
	int r = scan(&list);

	return r < 0 ? r
		     : monitorshow_print(stdout, &display->host, &list, display->guest, arg_json);
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
	_cleanup_close_ int lock = record_lock(&display->host, MONITORCLAIM_KIND);

	if (lock >= 0)
		return run_job(display, job, lock);
	log_error("the lock /run/vxm/.lock/" MONITORCLAIM_KIND " cannot be taken: %s",
		  strerror(-lock));
	return lock;
}

static int start(struct display *display)
{
	const struct guest *guest = display->guest;
	char name[MONITORCLAIM_NAME_SIZE];

	for (size_t i = 0; arg_dry_run && i < guest->display_count; i++)
		printf("record the input of monitor %s, then set 0x%02x\n",
		       monitorclaim_name(guest->displays[i], name),
		       guest->displays[i]->guest_input);
	return arg_dry_run || guest->display_count == 0 ? 0 : run_locked(display, start_job);
}

/* From the record alone. */
static int stop(struct display *display)
{
	const char *object;
	int r = load_record(display);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; arg_dry_run && (object = record_object(display->record, i)); i++)
		printf("set input %s on monitor %s\n", record_get(display->record, object, "input"),
		       object);
	if (arg_dry_run)
		return 0;
	r = run_locked(display, stop_job);
	if (r < 0)
		return r;
	r = record_remove(&display->host, display->name, MONITORCLAIM_KIND);
	if (r < 0)
		log_error("the record /run/vxm/%s/" MONITORCLAIM_KIND " cannot be removed: %s",
			  display->name, strerror(-r));
	return r;
}

/* 0: the guest runs. ExecCondition= takes 1 to 254 as "skip this unit". */
static int condition(const char *name)
{
	char unit[64];
	int r;

	snprintf(unit, sizeof(unit), "vxm-guest@%s.service", name);
	r = unitstate_is_active(unit);
	if (r <= 0)
		log_info("the monitors stay as they are: %s %s", unit,
			 r < 0 ? strerror(-r) : "is not active");
	return r > 0 ? 0 : -ESRCH;
}

static int identify(const char *path)
{
	const struct host here = { .root_fd = AT_FDCWD };
	_cleanup_free_ char *data = NULL;
	struct edid edid;
	size_t size;
	int r = host_read_file(&here, path, (size_t)EDID_BLOCKS_MAX * EDID_BLOCK_SIZE, &data,
			       &size);

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

static const struct cmdline display_cmdline = {
	.program = "vxm-display",
	.summary = "Turns a guest's monitors to the guest's input, and back.",
	.verbs =
		(const struct cmdline_verb[]){
			{ "start", "NAME", "record what the monitors show, set the guest's input" },
			{ "stop", "NAME", "set the recorded inputs again" },
			{ "show", NULL, "list all monitors, and what to write into Monitor=" },
			{ "show", "NAME", "list the guest's monitors" },
			{ "condition", "NAME", "succeed when the guest is active" },
			{ "identify", "FILE", "decode an EDID" },
			{ NULL, NULL, NULL },
		},
	.options =
		(const struct cmdline_option[]){
			{ "root", "DIR", "start, stop: look at a recorded machine, with --dry-run",
			  NULL, &arg_root },
			{ "dry-run", NULL, "print what start or stop would do", &arg_dry_run,
			  NULL },
			{ "json", NULL, "show, identify: print JSON", &arg_json, NULL },
			{ NULL, NULL, NULL, NULL, NULL },
		},
};

static int run(const char *verb, struct display *display)
{
	bool is_stop = strcmp(verb, "stop") == 0;
	struct guest_error error = { "" };
	int r = host_open(arg_root, &display->host);

	if (r < 0)
		snprintf(error.text, sizeof(error.text), "%s cannot be opened: %s",
			 arg_root ? arg_root : "/", strerror(-r));
	else if (!is_stop && display->name)
		r = guest_load(&display->host, display->name, &display->guest, &error);
	if (r >= 0 && display->host.recorded && !arg_dry_run) {
		snprintf(error.text, sizeof(error.text),
			 "a recorded machine has no monitors to ask: add --dry-run");
		r = -EINVAL;
	}
	if (r < 0) {
		log_error("%s", error.text);
		return r;
	}
	if (strcmp(verb, "show") == 0)
		return run_job(display, show_job, -1);
	return is_stop ? stop(display) : start(display);
}

int main(int argc, char *argv[])
{
	_cleanup_(display_done) struct display display = { .host.root_fd = -1 };
	const struct cmdline_verb *verb;
	int r = cmdline_parse(&display_cmdline, argc, argv, &verb, &display.name);

	if (r <= 0)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	if (strcmp(verb->word, "identify") == 0)
		r = identify(display.name);
	else if (strcmp(verb->word, "condition") == 0)
		r = condition(display.name);
	else
		r = run(verb->word, &display);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
