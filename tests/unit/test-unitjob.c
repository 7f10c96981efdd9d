/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unitjob against a system bus of our own, whose systemd treats each unit as its name says. */
#include "tree.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include "deadline.h"
#include "unitjob.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define OBJECT	"/org/freedesktop/systemd1"
#define JOB	"/org/freedesktop/systemd1/job/7"
#define OTHER	"/org/freedesktop/systemd1/job/70"

static void end_job(sd_bus *bus, const char *path, const char *unit, const char *result)
{
	sd_bus_message *signal = NULL;

	if (sd_bus_message_new_signal(bus, &signal, OBJECT, MANAGER, "JobRemoved") < 0 ||
	    sd_bus_message_append(signal, "uoss", 7, path, unit, result) < 0 ||
	    sd_bus_message_set_sender(signal, ":1.0") < 0 || sd_bus_send(bus, signal, NULL) < 0)
		_exit(1);
	sd_bus_message_unref(signal);
}

/* A job of somebody else's ends before ours does. */
static void run_job(sd_bus_message *call, const char *directory)
{
	const char *unit = NULL, *mode = NULL;
	char path[256];
	int stop = sd_bus_message_is_method_call(call, MANAGER, "StopUnit");
	int fd;

	if (sd_bus_message_read(call, "ss", &unit, &mode) < 0 ||
	    strcmp(mode, stop ? "replace" : "fail") != 0)
		_exit(1);
	snprintf(path, sizeof(path), "%s/%s-%s", directory, stop ? "stop" : "start", unit);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || close(fd) < 0)
		_exit(1);
	if (strcmp(unit, "absent.service") == 0) {
		sd_bus_reply_method_errorf(call, SYSTEMD ".NoSuchUnit", "Unit %s not loaded.",
					   unit);
		return;
	}
	if (strcmp(unit, "going.service") == 0) {
		sd_bus_reply_method_errorf(call, SYSTEMD ".TransactionIsDestructive", "Stopping.");
		return;
	}
	sd_bus_reply_method_return(call, "o", JOB);
	end_job(sd_bus_message_get_bus(call), OTHER, "other.service", "failed");
	if (strcmp(unit, "slow.service") != 0)
		end_job(sd_bus_message_get_bus(call), JOB, unit,
			strcmp(unit, "bad.service") == 0 ? "failed" : "done");
}

static void answer(sd_bus_message *call, const char *directory)
{
	const char *name = NULL;
	char path[256];
	int fd;

	if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus", "Hello")) {
		sd_bus_reply_method_return(call, "s", ":1.1");
	} else if (sd_bus_message_is_method_call(call, MANAGER, "StartUnit") ||
		   sd_bus_message_is_method_call(call, MANAGER, "StopUnit")) {
		run_job(call, directory);
	} else if (sd_bus_message_is_method_call(call, SYSTEMD ".Job", "Cancel")) {
		snprintf(path, sizeof(path), "%s/cancelled", directory);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0 || close(fd) < 0)
			_exit(1);
		sd_bus_reply_method_return(call, "");
	} else if (sd_bus_message_is_method_call(call, MANAGER, "GetUnit")) {
		if (sd_bus_message_read(call, "s", &name) < 0)
			_exit(1);
		snprintf(path, sizeof(path), "/org/freedesktop/systemd1/unit/%.*s",
			 (int)strcspn(name, "."), name);
		if (strcmp(name, "absent.service") == 0)
			sd_bus_reply_method_errorf(call, SYSTEMD ".NoSuchUnit", "Not loaded.");
		else
			sd_bus_reply_method_return(call, "o", path);
	} else if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Properties", "Get")) {
		/* The state of the unit inactive.service is "inactive". */
		sd_bus_reply_method_return(call, "v", "s",
					   strrchr(sd_bus_message_get_path(call), '/') + 1);
	} else if (sd_bus_message_is_method_call(call, NULL, NULL)) {
		sd_bus_reply_method_return(call, "");
	}
}

static void serve(int listening, const char *directory)
{
	sd_bus *bus = NULL;
	sd_id128_t id = SD_ID128_NULL;
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

	id.bytes[0] = 1;
	if (fd < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
	    sd_bus_set_server(bus, 1, id) < 0 || sd_bus_set_anonymous(bus, 1) < 0 ||
	    sd_bus_start(bus) < 0)
		_exit(1);
	for (;;) {
		sd_bus_message *message = NULL;

		if (sd_bus_process(bus, &message) < 0)
			_exit(0); /* the client is gone */
		if (message)
			answer(message, directory);
		else
			sd_bus_wait(bus, UINT64_MAX);
		sd_bus_message_unref(message);
	}
}

enum act { IS_RUNNING, STOP, START };

/* What the call returns, on a machine that is not a recorded one. */
static int call(const struct tree *tree, enum act act, const char *unit, unsigned timeout_ms,
		struct unitjob_failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int64_t end_ms = deadline_now_ms() + timeout_ms;
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;
	struct host host = tree->host;
	char variable[128];
	pid_t pid;

	host.recorded = false;
	failure->text[0] = '\0';
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/bus", tree->path);
	unlink(address.sun_path);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 1), 0);
	snprintf(variable, sizeof(variable), "unix:path=%s", address.sun_path);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", variable, 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		serve(listening, tree->path);
	close(listening);
	r = act == IS_RUNNING ? unitjob_is_running(&host, unit)
	    : act == STOP     ? unitjob_stop(&host, unit, end_ms, failure)
			      : unitjob_start(&host, unit, end_ms, failure);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

static void whatever_is_not_down_or_going_down_runs(void **state)
{
	struct unitjob_failure failure;

	assert_int_equal(call(*state, IS_RUNNING, "active.service", 0, &failure), 1);
	assert_int_equal(call(*state, IS_RUNNING, "activating.service", 0, &failure), 1);
	assert_int_equal(call(*state, IS_RUNNING, "reloading.service", 0, &failure), 1);
	assert_int_equal(call(*state, IS_RUNNING, "inactive.service", 0, &failure), 0);
	assert_int_equal(call(*state, IS_RUNNING, "failed.service", 0, &failure), 0);
	assert_int_equal(call(*state, IS_RUNNING, "deactivating.service", 0, &failure), 0);
	assert_int_equal(call(*state, IS_RUNNING, "absent.service", 0, &failure), 0);
}

static void a_job_is_waited_for_and_no_other(void **state)
{
	struct unitjob_failure failure;

	assert_int_equal(call(*state, STOP, "good.service", 20000, &failure), 0);
	assert_true(is_there(*state, "stop-good.service"));
	assert_int_equal(call(*state, START, "good.service", 20000, &failure), 0);
	assert_true(is_there(*state, "start-good.service"));
	assert_int_equal(call(*state, START, "bad.service", 20000, &failure), -EIO);
	assert_string_equal(failure.text, "bad.service could not be started: failed; systemctl "
					  "status bad.service says more");
}

static void what_systemd_does_not_know_has_stopped_and_cannot_start(void **state)
{
	struct unitjob_failure failure;

	assert_int_equal(call(*state, STOP, "absent.service", 20000, &failure), 0);
	assert_true(call(*state, START, "absent.service", 20000, &failure) < 0);
	assert_non_null(strstr(failure.text, "Unit absent.service not loaded."));
}

static void nothing_is_started_against_systemds_plans(void **state)
{
	struct unitjob_failure failure;

	assert_int_equal(call(*state, START, "going.service", 20000, &failure), -ECANCELED);
}

static void a_job_past_its_deadline_is_cancelled(void **state)
{
	struct unitjob_failure failure;

	assert_int_equal(call(*state, STOP, "slow.service", 1000, &failure), -ETIMEDOUT);
	assert_non_null(strstr(failure.text, "slow.service could not be stopped: it takes too "
					     "long"));
	assert_true(is_there(*state, "cancelled"));
}

static void a_recorded_machine_has_no_bus(void **state)
{
	const struct tree *tree = *state;
	struct unitjob_failure failure;

	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	assert_int_equal(unitjob_is_running(&tree->host, "active.service"), 0);
	assert_int_equal(unitjob_stop(&tree->host, "active.service", 0, &failure), 0);
	assert_int_equal(unitjob_start(&tree->host, "active.service", 0, &failure), 0);
}

static void a_bus_that_is_not_there_is_an_error(void **state)
{
	const struct tree *tree = *state;
	struct unitjob_failure failure;
	struct host host = tree->host;

	host.recorded = false;
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	assert_true(unitjob_is_running(&host, "active.service") < 0);
	assert_true(unitjob_stop(&host, "active.service", 0, &failure) < 0);
	assert_non_null(strstr(failure.text, "active.service could not be stopped"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(whatever_is_not_down_or_going_down_runs),
		tree_test(a_job_is_waited_for_and_no_other),
		tree_test(what_systemd_does_not_know_has_stopped_and_cannot_start),
		tree_test(nothing_is_started_against_systemds_plans),
		tree_test(a_job_past_its_deadline_is_cancelled),
		tree_test(a_recorded_machine_has_no_bus),
		tree_test(a_bus_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
