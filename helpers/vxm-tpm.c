/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the TPM 2.0 of one guest: makes its state once, listens, and becomes swtpm. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "cmdline.h"
#include "guest.h"
#include "host.h"
#include "log.h"
#include "program.h"
#include "ready.h"
#include "rundir.h"
#include "strlist.h"
#include "tpmstate.h"
#include "unixsock.h"

/*
 * Theory of operation
 *
 * QEMU ends at once when swtpm's control socket is not there, so the socket listens before READY=1
 * is said (unixsock.c), and swtpm gets it as a descriptor.
 *
 * swtpm lives for one run of QEMU. QEMU tells it to end (CMD_SHUTDOWN) when it quits, whatever
 * --terminate says, and swtpm then exits with 0; a QEMU that was killed only closes the connection,
 * and swtpm serves the next one. The unit takes both: PartOf= the guest's unit starts it anew with
 * a restart, StopWhenUnneeded= ends it after a kill. --terminate would add nothing but a death on
 * each lost connection.
 *
 * swtpm locks its state directory and waits up to three seconds for a former one that is ending.
 */

static const char *arg_root;
static bool arg_print, arg_dry_run;

/* "FILE:LINE" of TPM=, or where it would be set. */
static const char *where_tpm(const struct guest *guest, char buf[static PATH_MAX])
{
	struct guest_origin origin = guest_where(guest, &guest->tpm);

	if (origin.file)
		snprintf(buf, PATH_MAX, "%s:%u", origin.file, origin.line);
	else
		snprintf(buf, PATH_MAX, "/etc/vxm/guests/%s.conf", guest->name);
	return buf;
}

static int check_programs(const struct host *host, const struct guest *guest)
{
	static const char *const programs[] = { TPMSTATE_SWTPM, TPMSTATE_SWTPM_SETUP };
	char where[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (faccessat(host->root_fd, programs[i] + 1, X_OK, 0) == 0)
			continue;
		log_error("TPM=yes needs %s (%s): install swtpm and its tools (Debian: swtpm "
			  "swtpm-tools), or set TPM=no in %s",
			  programs[i], strerror(errno), where_tpm(guest, where));
		return -ENOENT;
	}
	return 0;
}

/* systemd sets the owner of the directory, but looks no deeper when that is right. */
static int check_state(const struct host *host, const struct guest *guest)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "var/lib/vxm/%s/tpm/" TPMSTATE_FILE, guest->name);
	if (faccessat(host->root_fd, path, R_OK | W_OK, AT_EACCESS) == 0 || errno != EACCES)
		return 0;
	if (faccessat(host->root_fd, path, F_OK, AT_EACCESS) < 0)
		return 0; /* the directory is what is closed: its owner is put right at the start */
	log_error("the TPM's state /%s is not the user vxm's to read and write: chown "
		  "vxm:vxm-qemu it",
		  path);
	return -EACCES;
}

static int verb_check(const struct host *host, const char *name)
{
	_cleanup_guest_ struct guest *guest = NULL;
	int r = program_load_guest(host, name, &guest);

	if (r < 0)
		return r;
	if (!guest->tpm)
		return 0;
	r = check_programs(host, guest);
	return r < 0 ? r : check_state(host, guest);
}

static int verb_clean(const struct host *host, const char *name)
{
	char path[PATH_MAX];
	int r;

	if (arg_dry_run) {
		snprintf(path, sizeof(path), "run/vxm/%s/tpm", name);
		if (faccessat(host->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			printf("remove /%s\n", path);
		return 0;
	}
	r = rundir_remove(host, name, "tpm");
	if (r < 0)
		log_error("removing /run/vxm/%s/tpm failed: %s; remove it by hand once "
			  "vxm-tpm@%s.service is stopped",
			  name, strerror(-r), name);
	return r;
}

/* The descriptor's number where it has to stand, FD where nobody has one yet. */
static int build_command(const char *directory, int fd, struct strlist *ret)
{
	int r = 0;

	r |= strlist_add(ret, TPMSTATE_SWTPM);
	r |= strlist_add(ret, "socket");
	r |= strlist_add(ret, "--tpm2");
	r |= strlist_add(ret, "--tpmstate");
	r |= strlist_addf(ret, "dir=%s,mode=0600", directory);
	r |= strlist_add(ret, "--ctrl");
	if (fd < 0)
		r |= strlist_add(ret, "type=unixio,fd=FD");
	else
		r |= strlist_addf(ret, "type=unixio,fd=%d", fd);
	return r < 0 ? -ENOMEM : 0;
}

static int print_command(const char *directory)
{
	_cleanup_strlist_ struct strlist command = STRLIST_EMPTY;
	int r = build_command(directory, -1, &command);

	for (size_t i = 0; i < command.count; i++)
		puts(command.items[i]);
	return r;
}

static int make_state(const char *directory)
{
	struct tpmstate_error error;
	int r = tpmstate_make(directory, &error);

	if (r > 0)
		log_info("made a new TPM 2.0 in %s", directory);
	else if (r == -EPROTO)
		log_error("making a TPM in %s failed: swtpm_setup says: %s", directory, error.text);
	else if (r < 0)
		log_error("making a TPM in %s failed: %s; the directory has to be there and the "
			  "user vxm's, as vxm-tpm@.service makes it",
			  directory, strerror(-r));
	return r;
}

static int listen_on(const struct host *host, const char *name, int *ret_fd)
{
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "run/vxm/%s/tpm/swtpm.sock", name);
	r = unixsock_listen(host, path, 0600, ret_fd);
	if (r == -EADDRINUSE)
		log_error("another swtpm listens on /%s already: systemctl stop vxm-tpm@%s.service",
			  path, name);
	else if (r < 0)
		log_error("listening on /%s failed: %s; its directory has to be the user vxm's, as "
			  "vxm-tpm@.service makes it",
			  path, strerror(-r));
	return r;
}

static int become_swtpm(const char *directory, int fd)
{
	_cleanup_strlist_ struct strlist command = STRLIST_EMPTY;
	int r = build_command(directory, fd, &command);

	if (r >= 0)
		r = unixsock_keep(fd);
	if (r < 0) {
		log_error("preparing swtpm failed: %s", strerror(-r));
		return r;
	}
	ready_announce("Listening for QEMU.");
	execv(command.items[0], command.items);
	r = -errno;
	log_error("starting %s failed: %s", command.items[0], strerror(-r));
	return r;
}

static int verb_run(const struct host *host, const char *name)
{
	_cleanup_guest_ struct guest *guest = NULL;
	_cleanup_close_ int fd = -1;
	char directory[PATH_MAX], where[PATH_MAX];
	int r = program_load_guest(host, name, &guest);

	if (r < 0)
		return r;
	if (!guest->tpm) {
		log_error("TPM=no in %s: there is no TPM to run", where_tpm(guest, where));
		return -EINVAL;
	}
	snprintf(directory, sizeof(directory), "%s/var/lib/vxm/%s/tpm", arg_root ? arg_root : "",
		 name);
	if (arg_print || arg_dry_run)
		return print_command(directory);
	if (geteuid() == 0) {
		log_error(
			"runs as the user vxm, never as root: systemctl start vxm-guest@%s.service",
			name);
		return -EPERM;
	}
	r = check_programs(host, guest);
	if (r >= 0)
		r = make_state(directory);
	if (r >= 0)
		r = listen_on(host, name, &fd);
	return r < 0 ? r : become_swtpm(directory, fd);
}

static const struct cmdline_verb verbs[] = {
	{ "run", "NAME", "run the guest's TPM (the unit vxm-tpm@NAME.service does)", verb_run },
	{ NULL, "NAME", "the same", verb_run },
	{ "check", "NAME", "say whether it could run", verb_check },
	{ "clean", "NAME", "remove its run-time directory (the unit does, when it stops)",
	  verb_clean },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline_option options[] = {
	{ "root", "DIR", "take DIR for / (programs are the machine's own)", NULL, &arg_root },
	{ "print", NULL, "print swtpm's command, one argument a line, and change nothing",
	  &arg_print, NULL },
	{ "dry-run", NULL, "clean: print what it would remove; else the same as --print",
	  &arg_dry_run, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = {
	.program = "vxm-tpm",
	.summary = "vxm-tpm: the TPM 2.0 of a VxM guest, by swtpm",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	return program_run(&cmdline, &arg_root, argc, argv);
}
