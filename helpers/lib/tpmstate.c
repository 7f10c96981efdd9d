/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lasting state of a guest's TPM: made once, whole or not at all, and never overwritten. */
#include "tpmstate.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "host.h"
#include "strlist.h"

/*
 * Theory of operation
 *
 * Losing this state is losing what BitLocker sealed to it, so nothing here can replace a state that
 * is there: it is looked for first, swtpm_setup gets --not-overwrite, and what it made gets its
 * name by a rename that fails when the name is taken.
 *
 * swtpm_setup writes the file several times while it works: the TPM's seeds, then the choice of PCR
 * banks. Killed in between it leaves a file that looks finished. So it works in the sub-directory
 * ".setup", and only a file it has finished, synced to the disk, gets its name. A ".setup" that is
 * there was left by a kill and is emptied.
 *
 * No EK certificate is made: it would be signed by a CA of this machine that no verifier trusts,
 * and the guest that moves would take a foreign machine's name along.
 */

#define SETUP_DIRECTORY ".setup"

/* swtpm's "dir" backend makes plain files only. */
static int empty_directory(int fd)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	struct host here = { .root_fd = fd };
	int r = host_list(&here, ".", &names);

	if (r < 0)
		return r;
	r = strlist_add(&names, ".lock"); /* host_list() leaves dot files out */
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++)
		if (unlinkat(fd, names.items[i], 0) < 0 && errno != ENOENT)
			return -errno;
	return 0;
}

static int open_setup(int state_fd)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (mkdirat(state_fd, SETUP_DIRECTORY, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state_fd, SETUP_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = empty_directory(fd);
	return r < 0 ? r : take_fd(&fd);
}

/* The tail of what was said, with blanks in the place of newlines. */
static void read_tail(int fd, struct tpmstate_error *ret)
{
	size_t room = sizeof(ret->text) - 1;
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, ret->text, room, size > (off_t)room ? size - (off_t)room : 0);

	n = n < 0 ? 0 : n;
	while (n > 0 && isspace((unsigned char)ret->text[n - 1]))
		n--;
	ret->text[n] = '\0';
	for (char *p = ret->text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = ' ';
}

static int build_setup(const char *directory, struct strlist *ret)
{
	int r = 0;

	r |= strlist_add(ret, TPMSTATE_SWTPM_SETUP);
	r |= strlist_add(ret, "--tpm2");
	r |= strlist_add(ret, "--tpmstate");
	r |= strlist_add(ret, directory);
	r |= strlist_add(ret, "--not-overwrite");
	r |= strlist_add(ret, "--pcr-banks");
	r |= strlist_add(ret, "sha256");
	return r < 0 ? -ENOMEM : 0;
}

/* What it says goes to SAID_FD. */
static int spawn_setup(const struct strlist *command, int said_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r > 0)
		return -r;
	r = posix_spawn_file_actions_adddup2(&actions, said_fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, said_fd, STDERR_FILENO);
	if (r == 0)
		r = posix_spawn(ret_pid, command->items[0], &actions, NULL, command->items,
				environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int run_setup(const char *directory, struct tpmstate_error *ret_error)
{
	_cleanup_close_ int said_fd = memfd_create("swtpm_setup", MFD_CLOEXEC);
	_cleanup_strlist_ struct strlist command = STRLIST_EMPTY;
	int status = 0, r;
	pid_t pid = -1;

	if (said_fd < 0)
		return -errno;
	r = build_setup(directory, &command);
	if (r >= 0)
		r = spawn_setup(&command, said_fd, &pid);
	if (r < 0)
		return r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	read_tail(said_fd, ret_error);
	return -EPROTO;
}

/* Gives the finished file its name, for good. */
static int publish(int setup_fd, int state_fd)
{
	_cleanup_close_ int fd = openat(setup_fd, TPMSTATE_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0600) < 0 || fsync(fd) < 0)
		return -errno;
	if (renameat2(setup_fd, TPMSTATE_FILE, state_fd, TPMSTATE_FILE, RENAME_NOREPLACE) < 0)
		return -errno;
	return fsync(state_fd) < 0 ? -errno : 0;
}

int tpmstate_make(const char *directory, struct tpmstate_error *ret_error)
{
	_cleanup_close_ int state_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int setup_fd = -1;
	char setup[PATH_MAX];
	struct stat st;
	int r;

	ret_error->text[0] = '\0';
	if (state_fd < 0)
		return -errno;
	if (fstatat(state_fd, TPMSTATE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	setup_fd = open_setup(state_fd);
	if (setup_fd < 0)
		return setup_fd;
	if (snprintf(setup, sizeof(setup), "%s/" SETUP_DIRECTORY, directory) >= (int)sizeof(setup))
		return -ENAMETOOLONG;
	r = run_setup(setup, ret_error);
	if (r >= 0)
		r = publish(setup_fd, state_fd);
	if (r < 0)
		return r;
	r = empty_directory(setup_fd);
	if (r >= 0 && unlinkat(state_fd, SETUP_DIRECTORY, AT_REMOVEDIR) < 0)
		r = -errno;
	return r < 0 ? r : 1;
}
