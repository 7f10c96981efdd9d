// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settle SECONDS [UNIT STATE]...: returns once systemd has come to rest and udev's queue is empty.
 *
 * At rest means: no job is queued, and no unit of VxM is changing its state. With pairs of UNIT and
 * STATE, each of these units has to be in that state as well ("vxm-guest@demo.service inactive",
 * "... failed"; "gone" is either). Whatever systemd says about a unit or a job makes it look again,
 * so it waits on events and on nothing else. Exit 0, or 1 with what was still moving at the end.
 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define PATH	"/org/freedesktop/systemd1"

extern char **environ;

/* What was moving at the last look. */
static char moving[4096];

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t used = strlen(moving);
	va_list ap;

	va_start(ap, format);
	vsnprintf(moving + used, sizeof(moving) - used, format, ap);
	va_end(ap);
}

/* 1 when a job is queued, 0, -errno. */
static int has_jobs(sd_bus *bus)
{
	sd_bus_message *reply = NULL;
	const char *unit, *kind, *state, *job, *object;
	int r, found = 0;
	uint32_t id;

	r = sd_bus_call_method(bus, SYSTEMD, PATH, MANAGER, "ListJobs", NULL, &reply, NULL);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "(usssoo)");
	while (r >= 0) {
		r = sd_bus_message_read(reply, "(usssoo)", &id, &unit, &kind, &state, &job,
					&object);
		if (r <= 0)
			break;
		note(" job %s %s;", kind, unit);
		found = 1;
	}
	sd_bus_message_unref(reply);
	return r < 0 ? r : found;
}

/* 1 when a unit of VxM is between two states, 0, -errno. */
static int has_changing(sd_bus *bus)
{
	sd_bus_message *message = NULL, *reply = NULL;
	const char *name, *active, *sub;
	int r, found = 0;

	r = sd_bus_message_new_method_call(bus, &message, SYSTEMD, PATH, MANAGER,
					   "ListUnitsByPatterns");
	if (r >= 0)
		r = sd_bus_message_append(message, "asas", 3, "activating", "deactivating",
					  "reloading", 1, "vxm-*");
	if (r >= 0)
		r = sd_bus_call(bus, message, 0, NULL, &reply);
	if (r >= 0)
		r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
	while (r >= 0) {
		r = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, NULL, &active, &sub,
					NULL, NULL, NULL, NULL, NULL);
		if (r <= 0)
			break;
		note(" %s is %s (%s);", name, active, sub);
		found = 1;
	}
	sd_bus_message_unref(message);
	sd_bus_message_unref(reply);
	return r < 0 ? r : found;
}

/* Whether UNIT is in STATE: 1, 0, -errno. A unit that systemd has not loaded is inactive. */
static int is_in_state(sd_bus *bus, const char *unit, const char *state)
{
	sd_bus_message *reply = NULL;
	char *active = NULL;
	const char *object;
	int r;

	r = sd_bus_call_method(bus, SYSTEMD, PATH, MANAGER, "LoadUnit", NULL, &reply, "s", unit);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &object);
	if (r >= 0)
		r = sd_bus_get_property_string(bus, SYSTEMD, object, SYSTEMD ".Unit", "ActiveState",
					       NULL, &active);
	if (r >= 0) {
		r = strcmp(active, state) == 0 ||
		    (strcmp(state, "gone") == 0 &&
		     (strcmp(active, "inactive") == 0 || strcmp(active, "failed") == 0));
		if (!r)
			note(" %s is %s, not %s;", unit, active, state);
	}
	free(active);
	sd_bus_message_unref(reply);
	return r;
}

/* 1: at rest, 0: not yet, -errno. */
static int is_at_rest(sd_bus *bus, char **pairs)
{
	int jobs, changing, r;

	moving[0] = '\0';
	jobs = has_jobs(bus);
	changing = has_changing(bus);
	if (jobs < 0 || changing < 0)
		return jobs < 0 ? jobs : changing;
	for (; pairs[0] && pairs[1]; pairs += 2) {
		r = is_in_state(bus, pairs[0], pairs[1]);
		if (r <= 0)
			return r;
	}
	return !jobs && !changing;
}

/* Waits until systemd is at rest. 0, -ETIMEDOUT or -errno. */
static int wait_rest(sd_bus *bus, char **pairs, uint64_t end)
{
	for (;;) {
		uint64_t now;
		int r = is_at_rest(bus, pairs);

		if (r != 0)
			return r < 0 ? r : 0;
		now = now_us();
		if (now >= end)
			return -ETIMEDOUT;
		r = sd_bus_wait(bus, end - now);
		if (r < 0 && r != -EINTR)
			return r;
		do
			r = sd_bus_process(bus, NULL);
		while (r > 0);
		if (r < 0)
			return r;
	}
}

static int wait_udev(void)
{
	char *argv[] = { (char *)"udevadm", (char *)"settle", (char *)"--timeout=60", NULL };
	int status;
	pid_t pid;
	int r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

	if (r != 0)
		return -r;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		note(" udev's queue;");
		return -ETIMEDOUT;
	}
	return 0;
}

static int ignore(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m;
	(void)userdata;
	(void)ret_error;
	return 0;
}

int main(int argc, char *argv[])
{
	sd_bus *bus = NULL;
	uint64_t end;
	int r;

	if (argc < 2 || argc % 2 != 0) {
		fprintf(stderr, "usage: settle SECONDS [UNIT STATE]...\n");
		return 2;
	}
	end = now_us() + strtoull(argv[1], NULL, 10) * 1000000;
	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, SYSTEMD, NULL, NULL, NULL, ignore, NULL);
	if (r >= 0)
		r = sd_bus_call_method(bus, SYSTEMD, PATH, MANAGER, "Subscribe", NULL, NULL, NULL);
	/* udev's rules may start units, and units make udev work: at rest is when neither did. */
	for (int round = 0; r >= 0 && round < 2; round++) {
		r = wait_rest(bus, argv + 2, end);
		if (r >= 0)
			r = wait_udev();
	}
	if (r >= 0)
		r = wait_rest(bus, argv + 2, end);
	if (r < 0)
		fprintf(stderr, "settle: not at rest within %s s: %s:%s\n", argv[1], strerror(-r),
			moving);
	sd_bus_flush_close_unref(bus);
	return r < 0;
}
