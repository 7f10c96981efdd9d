/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running QEMU from its first answer to its end, over QMP. */
#include "guestlife.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>

/*
 * Theory of operation
 *
 * Start. connect() succeeds when the helper has bound the socket, the greeting comes from a thread
 * of the monitor before the devices are made; only the reply to a command comes from the main loop,
 * when all is there. query-status then says "running", for QEMU starts the guest before its loop.
 *
 * Stop. system_powerdown presses a button, and the event POWERDOWN says no more than that. A guest
 * may use the first press to wake its screen, and may be busy with an update: the button is pressed
 * again and again. The proof is SHUTDOWN, or the end of the connection. SIGTERM would be the plug.
 * Which of the two sockets is free does not matter here: a client that was left hanging on one (a
 * stopped debugger) must not make the guest lose its file systems.
 *
 * Nor must a QEMU whose main loop stands still for a while (a disk that does not answer, a machine
 * short of memory): no greeting and no reply mean "not yet", and Shutdown= says how long that may
 * go on. One moment bounds all of it, from the first connect() to the last press. Connections are
 * kept while they are mute: each new one would lie in QEMU's backlog as a client to be served.
 *
 * QEMU is gone when its process is: it unpins and gives back the guest's memory last, and the card
 * is no one's until then.
 */

#define PRESS_MS	 10000
#define FREE_MS		 5000
#define QUIT_MS		 15000
#define REST_MS		 55000 /* all of it beyond Shutdown=; vxm-generator gives the unit 60 s */
#define START_MS	 170000
#define START_MS_PER_GIB UINT64_C(4000)
#define GIB_IN_KIB	 (UINT64_C(1024) * 1024)

uint64_t guestlife_start_ms(const struct guest *guest)
{
	return START_MS + guest->memory_kib * START_MS_PER_GIB / GIB_IN_KIB;
}

static int connect_to(const struct host *host, const char *name, const char *socket_name,
		      struct qmp **ret)
{
	char path[96];

	snprintf(path, sizeof(path), "run/vxm/%s/qemu/%s", name, socket_name);
	return qmp_connect(host, path, ret);
}

static void explain_wait(int r, const char *name, const char *status, struct guest_error *ret_error)
{
	char *text = ret_error->text;
	size_t size = sizeof(ret_error->text);

	if (r == -EPIPE)
		snprintf(text, size,
			 "QEMU ended before the guest ran; its own words are the lines before this "
			 "one "
			 "(journalctl -u vxm-guest@%s.service)",
			 name);
	else if (r == -ECONNREFUSED || r == -ENOENT)
		snprintf(text, size,
			 "nobody listens on /run/vxm/%s/qemu/" GUESTLIFE_CONTROL
			 ": QEMU did not start (journalctl -u vxm-guest@%s.service)",
			 name, name);
	else if (r == -ETIMEDOUT)
		snprintf(text, size,
			 "QEMU did not answer in time: clearing the guest's memory may be slow "
			 "because the machine is short of it");
	else if (r == -ENOTRECOVERABLE)
		snprintf(text, size,
			 "QEMU answers, but the guest does not run: its state is \"%s\"", status);
	else
		snprintf(text, size,
			 "talking to QEMU over /run/vxm/%s/qemu/" GUESTLIFE_CONTROL " failed: %s",
			 name, strerror(-r));
}

int guestlife_wait(const struct host *host, const char *name, uint64_t until, struct qmp **ret,
		   struct guest_error *ret_error)
{
	_cleanup_qmp_ struct qmp *qmp = NULL;
	struct qmp_message reply = { 0 };
	int r = connect_to(host, name, GUESTLIFE_CONTROL, &qmp);

	if (r == 0)
		r = qmp_negotiate(qmp, until, NULL);
	if (r == 0)
		r = qmp_execute(qmp, until, &reply, "query-status", NULL);
	if (r == 0 && strcmp(reply.status, "running") != 0)
		r = -ENOTRECOVERABLE;
	if (r < 0) {
		explain_wait(r, name, reply.status, ret_error);
		return r;
	}
	*ret = take_ptr(qmp);
	return 0;
}

/* Reads events until SHUTDOWN (1; the reason is noted), UNTIL (0), or an error: -EPIPE is the end.
 */
static int watch(struct qmp *qmp, uint64_t until, struct guestlife_stopped *stopped)
{
	struct qmp_message event;

	for (;;) {
		int r = qmp_next_event(qmp, until, &event, NULL);

		if (r == -ETIMEDOUT)
			return 0;
		if (r < 0)
			return r;
		if (strcmp(event.name, "SHUTDOWN") == 0) {
			snprintf(stopped->reason, sizeof(stopped->reason), "%s", event.reason);
			return 1;
		}
	}
}

/*
 * 1 when the guest is on its way out, 0 at the deadline, else an error. A press without a reply is
 * one all the same: QEMU does it as soon as its main loop turns again.
 */
static int press_until(struct qmp *qmp, uint64_t until, void (*told)(unsigned presses),
		       struct guestlife_stopped *stopped)
{
	while (qmp_now() < until) {
		uint64_t next = qmp_after(PRESS_MS);
		int r;

		if (next > until)
			next = until;
		r = qmp_execute(qmp, next, NULL, "system_powerdown", NULL);
		/* QEMU may be on its way out already, by itself. */
		if (r < 0 && r != -EREMOTEIO && r != -ETIMEDOUT)
			return r == -EPIPE ? 1 : r;
		stopped->presses++;
		if (told)
			told(stopped->presses);
		r = watch(qmp, next, stopped);
		if (r != 0)
			return r == -EPIPE ? 1 : r;
	}
	return 0;
}

static int wait_gone(int pidfd, uint64_t until)
{
	struct pollfd pollfd = { .fd = pidfd, .events = POLLIN };
	int r;

	if (pidfd < 0)
		return 0;
	do {
		uint64_t now = qmp_now();

		r = poll(&pollfd, 1, until > now ? (int)(until - now) : 0);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

/* Reads the connection to its end: QEMU closes it when it exits. */
static void drain(struct qmp *qmp, uint64_t until, struct guestlife_stopped *stopped)
{
	while (watch(qmp, until, stopped) > 0)
		;
}

static int end(struct qmp *qmp, uint64_t shutdown, void (*told)(unsigned presses),
	       struct guestlife_stopped *stopped)
{
	int r = press_until(qmp, shutdown, told, stopped);
	uint64_t until = qmp_after(QUIT_MS);

	stopped->end = GUESTLIFE_SHUTDOWN;
	if (r == 0) {
		stopped->end = GUESTLIFE_QUIT;
		r = qmp_execute(qmp, until, NULL, "quit", NULL);
	}
	if (r < 0 && r != -EPIPE)
		return r;
	drain(qmp, until, stopped);
	return 0;
}

/* The greeting on that socket, connected to first when *TRIED is none yet. */
static int greeted(const struct host *host, const char *name, const char *socket_name,
		   uint64_t until, struct qmp **tried)
{
	struct qmp_message message;
	int r = *tried ? 0 : connect_to(host, name, socket_name, tried);

	if (r == 0)
		r = qmp_receive(*tried, until, &message);
	return r == 0 && message.kind != QMP_GREETING ? -EBADMSG : r;
}

/* The first of the two sockets that greets, by turns until UNTIL, ready for commands. */
static int attach_any(const struct host *host, const char *name, uint64_t until, struct qmp **ret)
{
	static const char *const sockets[] = { GUESTLIFE_CONTROL, GUESTLIFE_EVENTS };
	struct qmp *tried[] = { NULL, NULL };
	size_t i = 1;
	int r;

	do {
		uint64_t turn = qmp_after(FREE_MS);

		i = !i;
		r = greeted(host, name, sockets[i], turn < until ? turn : until, &tried[i]);
	} while (qmp_now() < until && (r == -ETIMEDOUT || (r == -EAGAIN && i == 0)));
	if (r == 0)
		r = qmp_execute(tried[i], until, NULL, "qmp_capabilities", NULL);
	if (r == 0)
		*ret = take_ptr(tried[i]);
	qmp_free(tried[0]);
	qmp_free(tried[1]);
	return r;
}

static int explain_stop(int r, const char *name, const char *what, struct guest_error *ret_error)
{
	snprintf(ret_error->text, sizeof(ret_error->text),
		 "%s: %s; systemd now ends QEMU as if the plug were pulled (journalctl -u "
		 "vxm-guest@%s.service)",
		 what, strerror(-r), name);
	return r;
}

uint64_t guestlife_stop_ms(unsigned shutdown_s)
{
	return (uint64_t)shutdown_s * 1000 + REST_MS + FREE_MS;
}

int guestlife_stop(const struct host *host, const char *name, unsigned shutdown_s, pid_t main_pid,
		   void (*told)(unsigned presses), struct guestlife_stopped *ret,
		   struct guest_error *ret_error)
{
	_cleanup_close_ int pidfd = main_pid > 0 ? pidfd_open(main_pid, 0) : -1;
	struct guestlife_stopped stopped = { .end = GUESTLIFE_GONE };
	_cleanup_qmp_ struct qmp *qmp = NULL;
	uint64_t before = qmp_now();
	uint64_t shutdown = before + (uint64_t)shutdown_s * 1000;
	int r = attach_any(host, name, shutdown, &qmp);

	if (r < 0 && r != -ENOENT && r != -ECONNREFUSED && r != -EPIPE)
		return explain_stop(r, name, "asking QEMU to shut the guest down failed",
				    ret_error);
	if (r == 0)
		r = end(qmp, shutdown, told, &stopped);
	else
		r = 0; /* nobody listens: QEMU is gone, or about to be */
	if (r < 0)
		return explain_stop(r, name, "telling QEMU to quit failed", ret_error);
	r = wait_gone(pidfd, shutdown + REST_MS);
	if (r < 0)
		return explain_stop(r, name, "waiting for the end of QEMU's process failed",
				    ret_error);
	stopped.ms = qmp_now() - before;
	*ret = stopped;
	return 0;
}

const char *guestlife_format(const struct guestlife_stopped *stopped,
			     char buf[static GUESTLIFE_TEXT_SIZE])
{
	const char *reason = stopped->reason[0] ? stopped->reason : "QEMU ended";
	double seconds = (double)stopped->ms / 1000;

	if (stopped->end == GUESTLIFE_QUIT)
		snprintf(buf, GUESTLIFE_TEXT_SIZE,
			 "did not shut down within its time (Shutdown=) and was switched off after "
			 "%.1f s; the power button was pressed %u time%s",
			 seconds, stopped->presses, stopped->presses == 1 ? "" : "s");
	else
		snprintf(buf, GUESTLIFE_TEXT_SIZE,
			 "shut down after %.1f s (%s; the power button was pressed %u time%s)",
			 seconds, reason, stopped->presses, stopped->presses == 1 ? "" : "s");
	return buf;
}
