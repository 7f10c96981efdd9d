/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of QEMU's monitor protocol. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"
#include "host.h"

/* The longest line that is taken from a server; query-qmp-schema, QEMU's longest, has 200 KiB. */
#define QMP_LINE_MAX ((size_t)1024 * 1024)

enum qmp_kind {
	QMP_GREETING,
	QMP_RETURN,
	QMP_ERROR,
	QMP_EVENT,
};

/* What a message of the server says, as far as VxM asks. Texts are cut to fit. */
struct qmp_message {
	enum qmp_kind kind;
	bool has_id; /* a number: the only kind of id that this client sends */
	uint64_t id;
	char name[48];	 /* event: its name; error: its class */
	char reason[48]; /* event: member "reason" of its data, or "" */
	bool by_guest;	 /* event: member "guest" of its data: the guest itself did it */
	char status[48]; /* return: member "status" of an object (query-status), or "" */
	char text[512];	 /* error: its description; greeting: "7.2.22" */
};

/* One line without its end. 0; -EBADMSG: it is no message of the protocol; -ENOMEM. */
int qmp_parse(const char *line, size_t size, struct qmp_message *ret);

/* A moment of CLOCK_MONOTONIC, in milliseconds: every wait below ends at one. */
uint64_t qmp_now(void);
uint64_t qmp_after(uint64_t timeout_ms);

struct qmp;

/* Takes FD (a connected stream socket) over, also when it fails. NULL on lack of memory. */
struct qmp *qmp_new(int fd);
void qmp_free(struct qmp *qmp);
CLEANUP_DEFINE(struct qmp, qmp_free)
#define _cleanup_qmp_ _cleanup_(qmp_freep)

/* Connects to the socket at PATH (relative to the host's root). 0; -ENOENT, -ECONNREFUSED: no QEMU
 * is there; -EAGAIN: its backlog is full; -errno. */
int qmp_connect(const struct host *host, const char *path, struct qmp **ret);

/*
 * The next message, whichever. 0; -ETIMEDOUT; -EPIPE: the server is gone (EOF or reset); -EBADMSG:
 * it sent what is no message; -EMSGSIZE: a line longer than QMP_LINE_MAX. After the last three the
 * connection is of no more use.
 */
int qmp_receive(struct qmp *qmp, uint64_t until, struct qmp_message *ret);

/*
 * Sends COMMAND and waits for its reply; events that come in between are kept. FORMAT and what
 * follows are the arguments as jansson's json_pack() takes them ("{s:s, s:b}"), or NULL. 0 and *ret
 * (may be NULL); -EREMOTEIO: QEMU replied with an error, which is in *ret; else as qmp_receive().
 */
int qmp_execute(struct qmp *qmp, uint64_t until, struct qmp_message *ret, const char *command,
		const char *format, ...);

/* Waits for the greeting and for the reply to qmp_capabilities, which QEMU's main loop gives: it
 * runs then, with all its devices made. Errors as qmp_execute(). */
int qmp_negotiate(struct qmp *qmp, uint64_t until, struct qmp_message *ret);

/*
 * The next event, of those kept and then of those to come; *ret_count (may be NULL) is how many
 * times in a row it was kept: a guest that resets in a loop sends a thousand a second, so equal
 * ones that follow each other are kept as one. Errors as qmp_receive(), once no event is left.
 */
int qmp_next_event(struct qmp *qmp, uint64_t until, struct qmp_message *ret, unsigned *ret_count);
