/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lasting state of a guest's TPM: made once, whole or not at all, and never overwritten. */
#pragma once

/* Where Debian, Fedora, Arch and openSUSE install them; no search path decides what is run. */
#define TPMSTATE_SWTPM	     "/usr/bin/swtpm"
#define TPMSTATE_SWTPM_SETUP "/usr/bin/swtpm_setup"

/* What swtpm's "dir" backend calls a TPM 2.0's permanent state. */
#define TPMSTATE_FILE "tpm2-00.permall"

/* The last words of swtpm_setup, in one line; empty when the failure is not its. */
struct tpmstate_error {
	char text[512];
};

/*
 * Makes the state in DIRECTORY (absolute; there, and the caller's own) unless there is one. Returns
 * 1 when it was made, 0 when it was there and has not been touched. -EPROTO: swtpm_setup failed,
 * ret_error says why; -ENOENT: no directory, or no swtpm_setup; -errno. After a failure, a kill or
 * a power cut in the middle the directory has no state, and the next call makes it.
 *
 * Runs swtpm_setup and waits for it. Not as root: swtpm_setup would become another user.
 */
int tpmstate_make(const char *directory, struct tpmstate_error *ret_error);
