/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one guest: makes QEMU's command line from its configuration, listens, and becomes QEMU. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "cmdline.h"
#include "efivars.h"
#include "firmwareshow.h"
#include "guest.h"
#include "guestkeys.h"
#include "guestlife.h"
#include "guestrun.h"
#include "host.h"
#include "log.h"
#include "preflight.h"
#include "program.h"
#include "qemuargs.h"
#include "ready.h"
#include "unixsock.h"

/*
 * Theory of operation
 *
 * The unit's main process is QEMU itself; there is nothing between it and systemd. What has to be
 * done around it are further runs of this helper: check before anything moves, wait until the guest
 * runs, stop, and clean once QEMU is gone. They know of each other by the sockets alone.
 *
 * A stop that comes while `wait` is still waiting needs no ladder: systemd then skips ExecStop= and
 * sends SIGTERM to both, and no system runs yet that could lose anything.
 */

static const char *arg_root;
static bool arg_print, arg_dry_run, arg_secure, arg_plain, arg_json;

/* Tells the failure R, whose story a module wrote down. */
static int report(int r, const struct guest_error *error)
{
	if (r < 0)
		log_error("%s", error->text);
	return r;
}

/* The numbers of the descriptors as they are when nothing else is open. */
static int print_command(const struct guest *guest, const struct qemuhost *observed)
{
	_cleanup_strlist_ struct strlist command = STRLIST_EMPTY;
	int r = qemuargs_build(guest, observed, 3, 4, &command);

	if (r < 0) {
		log_error("making QEMU's command line failed: %s", strerror(-r));
		return r;
	}
	for (size_t i = 0; i < command.count; i++)
		puts(command.items[i]);
	return 0;
}

static int become_qemu(const struct guest *guest, const struct qemuhost *observed,
		       const struct guestrun *run)
{
	_cleanup_strlist_ struct strlist command = STRLIST_EMPTY;
	int r = qemuargs_build(guest, observed, run->control_fd, run->events_fd, &command);

	if (r == 0)
		r = unixsock_keep(run->control_fd);
	if (r == 0)
		r = unixsock_keep(run->events_fd);
	if (r < 0) {
		log_error("preparing QEMU failed: %s", strerror(-r));
		return r;
	}
	ready_announce("QEMU is clearing the guest's memory and taking its devices.");
	execv(command.items[0], command.items);
	r = -errno;
	log_error("starting %s failed: %s", command.items[0], strerror(-r));
	return r;
}

static int run_guest(const struct host *host, const struct guest *guest,
		     const struct qemuhost *observed)
{
	_cleanup_guestrun_ struct guestrun run = GUESTRUN_NONE;
	struct guest_error error;
	int r;

	if (geteuid() == 0) {
		log_error("runs as the user vxm, never as root: systemctl start "
			  "vxm-guest@%s.service",
			  guest->name);
		return -EPERM;
	}
	r = guestrun_limit_memlock(qemuargs_memlock(guest), &error);
	if (r == 0)
		r = efivars_make(host, guest->name, &observed->firmware.nvram_template, &error);
	if (r > 0)
		log_info("made new UEFI variables in /var/lib/vxm/%s from %s", guest->name,
			 observed->firmware.nvram_template.filename);
	if (r >= 0)
		r = guestrun_prepare(host, guest, &run, &error);
	if (report(r, &error) < 0)
		return r;
	return become_qemu(guest, observed, &run);
}

static int verb_run(const struct host *host, const char *name)
{
	_cleanup_qemuhost_ struct qemuhost observed = { 0 };
	_cleanup_guest_ struct guest *guest = NULL;
	struct guest_error error;
	int r = program_load_guest(host, name, &guest);

	if (r < 0)
		return r;
	r = qemuhost_observe(host, guest, &observed, &error);
	if (report(r, &error) < 0)
		return r;
	return arg_print || arg_dry_run ? print_command(guest, &observed)
					: run_guest(host, guest, &observed);
}

static int verb_check(const struct host *host, const char *name)
{
	_cleanup_guest_ struct guest *guest = NULL;
	struct guest_error error;
	char file[256];
	int r = program_load_guest(host, name, &guest);

	if (r < 0)
		return r;
	r = guest_is_generated(host, name, file);
	if (r == 0) {
		log_error("%s was changed since systemd read it: systemctl daemon-reload", file);
		return -ESTALE;
	}
	if (r < 0) {
		log_error("comparing the guest's files with the unit's drop-in failed: %s",
			  strerror(-r));
		return r;
	}
	return report(preflight_run(host, guest, &error), &error);
}

static int verb_wait(const struct host *host, const char *name)
{
	_cleanup_guest_ struct guest *guest = NULL;
	_cleanup_qmp_ struct qmp *qmp = NULL;
	struct guestkeys keys = { 0 };
	char text[GUESTKEYS_TEXT_SIZE];
	struct guest_error error = { "" };
	int r = program_load_guest(host, name, &guest);

	if (r < 0)
		return r;
	if (arg_dry_run) {
		printf("wait until QEMU answers, then give %s its keyboards and mice\n", name);
		return 0;
	}
	r = guestlife_wait(host, name, qmp_after(guestlife_start_ms(guest)), &qmp, &error);
	if (r == 0)
		r = guestkeys_give(host, guest, qmp, &keys, &error);
	if (report(r, &error) < 0)
		return r;
	(keys.outcome == GUESTKEYS_STUCK ? log_warning : log_info)("the guest runs; %s",
								   guestkeys_format(&keys, text));
	ready_status("Running.");
	return 0;
}

static void tell_press(unsigned presses)
{
	ready_status("Shutting down: the power button was pressed (%u).", presses);
}

/* systemd's word for QEMU's process; by hand there is none, and the end of the connection has to
 * do. */
static pid_t main_pid(void)
{
	const char *text = getenv("MAINPID");
	unsigned pid;

	return text && parse_uint(text, &pid) == 0 ? (pid_t)pid : 0;
}

/*
 * What the guest was started with: a file that was changed, broken or removed since must not cost
 * it its file systems. One that was started by hand has no such note.
 */
static unsigned find_shutdown(const struct host *host, const char *name)
{
	_cleanup_guest_ struct guest *guest = NULL;
	struct guest_error error;
	unsigned shutdown_s;

	if (guestrun_read_shutdown(host, name, &shutdown_s) == 0)
		return shutdown_s;
	return guest_load(host, name, &guest, &error) == 0 ? guest->shutdown_s : 120;
}

static int verb_stop(const struct host *host, const char *name)
{
	unsigned shutdown_s = find_shutdown(host, name);
	struct guestlife_stopped stopped;
	struct guest_error error = { "" };
	char text[GUESTLIFE_TEXT_SIZE];
	int r;

	if (arg_dry_run) {
		printf("press the power button of %s until it is off, for %u s at most, then tell "
		       "QEMU to quit\n",
		       name, shutdown_s);
		return 0;
	}
	/* The drop-in with TimeoutStopSec= follows the file. */
	ready_extend(guestlife_stop_ms(shutdown_s));
	r = guestlife_stop(host, name, shutdown_s, main_pid(), tell_press, &stopped, &error);
	if (report(r, &error) < 0)
		return r;
	if (stopped.end != GUESTLIFE_GONE)
		(stopped.end == GUESTLIFE_QUIT ? log_warning : log_info)(
			"the guest %s", guestlife_format(&stopped, text));
	return 0;
}

static int verb_clean(const struct host *host, const char *name)
{
	struct guestrun_left left = { false, false };
	int r = arg_dry_run ? guestrun_observe_left(host, name, &left) : guestrun_clean(host, name);

	if (r == 0 && arg_dry_run && left.shared)
		printf("remove /dev/shm/looking-glass-%s\n", name);
	if (r == 0 && arg_dry_run && left.directory)
		printf("remove /run/vxm/%s/qemu\n", name);
	if (r < 0)
		log_error("removing /run/vxm/%s/qemu and /dev/shm/looking-glass-%s failed: %s; "
			  "remove them by hand once vxm-guest@%s.service is stopped",
			  name, name, strerror(-r), name);
	return r;
}

static int verb_firmware(const struct host *host, const char *argument)
{
	_cleanup_firmware_ struct firmware found = { 0 };
	int r;

	(void)argument;
	if (arg_secure == arg_plain) {
		log_error("firmware needs one of --secure and --plain");
		return -EINVAL;
	}
	r = firmware_find(host, arg_secure ? FIRMWARE_SECURE : FIRMWARE_PLAIN, &found);
	if (r == 0 || (r == -ENOENT && arg_json)) {
		(arg_json ? firmwareshow_json : firmwareshow_text)(stdout, r == 0 ? &found : NULL);
		return 0;
	}
	log_error("finding firmware in /etc/qemu/firmware and /usr/share/qemu/firmware failed: %s",
		  r == -ENOENT ? "no descriptor is of that kind" : strerror(-r));
	return r;
}

static const struct cmdline_verb verbs[] = {
	{ "check", "NAME", "say whether QEMU would find what the guest needs", verb_check },
	{ "wait", "NAME", "wait until QEMU answers and the guest runs, then give it its keys",
	  verb_wait },
	{ "stop", "NAME", "press the guest's power button until it is off, or its time is over",
	  verb_stop },
	{ "clean", "NAME", "remove what a run left (the unit does, when it stops)", verb_clean },
	{ "firmware", NULL, "print the firmware that --secure or --plain means", verb_firmware },
	{ "run", "NAME", "run the guest (the unit vxm-guest@NAME.service does)", verb_run },
	{ NULL, "NAME", "the same, unless the guest is called firmware", verb_run },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline_option options[] = {
	{ "root", "DIR", "take DIR for / (QEMU is the machine's own)", NULL, &arg_root },
	{ "print", NULL, "print QEMU's command, one argument a line, and change nothing",
	  &arg_print, NULL },
	{ "dry-run", NULL, "print what the verb would do, and do nothing", &arg_dry_run, NULL },
	{ "secure", NULL, "firmware: with secure boot and enrolled keys", &arg_secure, NULL },
	{ "plain", NULL, "firmware: UEFI without secure boot", &arg_plain, NULL },
	{ "json", NULL, "firmware: as JSON; null when there is none", &arg_json, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = {
	.program = "vxm-guest",
	.summary = "vxm-guest: a VxM guest, by QEMU",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	return program_run(&cmdline, &arg_root, argc, argv);
}
