/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unitstate against a system bus of our own, which knows one unit. */
#include "tree.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include "unitstate.h"

#define GUEST	  "demo"
#define UNIT	  "vxm-guest@demo.service"
#define UNIT_PATH "/org/freedesktop/systemd1/unit/demo"

/* Answers one method call as systemd would that has UNIT in the state STATE. */
static void answer(sd_bus_message *call, const char *state)
{
	const char *name = NULL;

	if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus", "Hello")) {
		sd_bus_reply_method_return(call, "s", ":1.1");
	} else if (sd_bus_message_is_method_call(call, "org.freedesktop.systemd1.Manager",
						 "GetUnit")) {
		assert_true(sd_bus_message_read(call, "s", &name) > 0);
		if (strcmp(name, UNIT) == 0)
			sd_bus_reply_method_return(call, "o", UNIT_PATH);
		else
			sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.NoSuchUnit",
						   "not loaded");
	} else if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Properties", "Get")) {
		sd_bus_reply_method_return(call, "v", "s", state);
	}
}

static void serve(int listening, const char *state)
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
			answer(message, state);
		else
			sd_bus_wait(bus, UINT64_MAX);
		sd_bus_message_unref(message);
	}
}

/* Asks for NAME, a unit or the guest itself, while a bus says that UNIT is in the state STATE. */
static int ask(const struct tree *tree, const char *state, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char variable[128];
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;
	pid_t pid;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/bus", tree->path);
	unlink(address.sun_path);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 1), 0);
	snprintf(variable, sizeof(variable), "unix:path=%s", address.sun_path);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", variable, 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		serve(listening, state);
	close(listening);
	r = strcmp(name, GUEST) == 0 ? unitstate_guest_is_active(name) : unitstate_is_active(name);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return r;
}

static void only_active_is_active(void **state)
{
	assert_int_equal(ask(*state, "active", UNIT), 1);
	assert_int_equal(ask(*state, "activating", UNIT), 0);
	assert_int_equal(ask(*state, "deactivating", UNIT), 0);
	assert_int_equal(ask(*state, "failed", UNIT), 0);
	assert_int_equal(ask(*state, "active", GUEST), 1);
	assert_int_equal(ask(*state, "deactivating", GUEST), 0);
}

static void a_unit_that_is_not_loaded_is_not_active(void **state)
{
	assert_int_equal(ask(*state, "active", "vxm-guest@other.service"), 0);
}

static void a_bus_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	assert_true(unitstate_is_active(UNIT) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(only_active_is_active),
		tree_test(a_unit_that_is_not_loaded_is_not_active),
		cmocka_unit_test(a_bus_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
