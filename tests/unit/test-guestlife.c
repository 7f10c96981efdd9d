/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestlife: what wait and stop make of a QEMU that answers, hangs, obeys, ignores, or is gone. */
#include "qmpserver.h"

#include <time.h>

#include "guestlife.h"

#define CONTROL "run/vxm/demo/qemu/qmp-control.sock"
#define EVENTS	"run/vxm/demo/qemu/qmp-events.sock"

static char heard[4096];

static void play_status(int fd, const char *body)
{
	qmpserver_begin(fd);
	qmpserver_hear(fd, heard, sizeof(heard));
	qmpserver_reply(fd, heard, body);
	qmpserver_hear(fd, heard, sizeof(heard));
}

static void play_running(int fd)
{
	play_status(fd, "\"return\": {\"status\": \"running\", \"running\": true}");
}

static void play_paused(int fd)
{
	play_status(fd, "\"return\": {\"status\": \"io-error\", \"running\": false}");
}

static void play_dying(int fd)
{
	qmpserver_say(fd, QMPSERVER_GREETING);
}

static void play_mute(int fd)
{
	qmpserver_hear(fd, heard, sizeof(heard));
}

static int wait_for(const struct tree *tree, void (*play)(int fd), uint64_t timeout_ms,
		    struct guest_error *error)
{
	_cleanup_qmp_ struct qmp *qmp = NULL;
	pid_t pid = qmpserver_start(tree, CONTROL, play);
	int r = guestlife_wait(&tree->host, "demo", qmp_after(timeout_ms), &qmp, error);

	assert_true((r == 0) == (qmp != NULL));
	qmpserver_stop(pid);
	tree_remove(tree, CONTROL);
	return r;
}

static void waits_for_the_reply(void **state)
{
	const struct tree *tree = *state;
	struct guest_error error = { "" };
	_cleanup_qmp_ struct qmp *qmp = NULL;

	assert_int_equal(wait_for(tree, play_running, 20000, &error), 0);
	assert_int_equal(wait_for(tree, play_dying, 20000, &error), -EPIPE);
	assert_non_null(strstr(error.text, "journalctl -u vxm-guest@demo.service"));
	assert_int_equal(wait_for(tree, play_mute, 100, &error), -ETIMEDOUT);
	assert_int_equal(wait_for(tree, play_paused, 20000, &error), -ENOTRECOVERABLE);
	assert_non_null(strstr(error.text, "\"io-error\""));
	assert_int_equal(guestlife_wait(&tree->host, "demo", qmp_after(100), &qmp, &error),
			 -ENOENT);
	assert_non_null(strstr(error.text, "/run/vxm/demo/qemu/qmp-control.sock"));
}

/* The time to start grows with the memory that has to be cleared. */
static void allows_time_by_memory(void **state)
{
	struct guest small = { .memory_kib = 1024 * 1024 },
		     large = { .memory_kib = (uint64_t)64 * 1024 * 1024 };

	(void)state;
	assert_int_equal(guestlife_start_ms(&small), 174000);
	assert_int_equal(guestlife_start_ms(&large), 170000 + 64 * 4000);
}

static void a_stop_takes_a_minute_more_than_the_guest_may(void **state)
{
	(void)state;
	assert_int_equal(guestlife_stop_ms(120), 180000);
	assert_int_equal(guestlife_stop_ms(3600), 3660000);
}

static void say_shutdown(int fd)
{
	qmpserver_say(fd, "{\"event\": \"POWERDOWN\"}\n{\"event\": \"SHUTDOWN\", \"data\": "
			  "{\"guest\": true, \"reason\": \"guest-shutdown\"}}\n");
}

static void play_obedient(int fd)
{
	qmpserver_begin(fd);
	qmpserver_hear(fd, heard, sizeof(heard));
	if (!strstr(heard, "\"system_powerdown\""))
		_exit(1);
	qmpserver_reply(fd, heard, "\"return\": {}");
	say_shutdown(fd);
}

/* Is on its way out when the button is pressed: the reply never comes. */
static void play_leaving(int fd)
{
	qmpserver_begin(fd);
	qmpserver_hear(fd, heard, sizeof(heard));
}

/* Takes each press for nothing, and ends at "quit". */
static void play_stubborn(int fd)
{
	qmpserver_begin(fd);
	for (;;) {
		qmpserver_hear(fd, heard, sizeof(heard));
		qmpserver_reply(fd, heard, "\"return\": {}");
		qmpserver_say(fd, "{\"event\": \"POWERDOWN\"}\n");
		if (strstr(heard, "\"quit\""))
			break;
	}
	qmpserver_say(fd, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": false, \"reason\": "
			  "\"host-qmp-quit\"}}\n");
}

static unsigned told;

static void count_presses(unsigned presses)
{
	told = presses;
}

static int stop(const struct tree *tree, unsigned shutdown_s, pid_t pid,
		struct guestlife_stopped *ret)
{
	struct guest_error error;

	told = 0;
	return guestlife_stop(&tree->host, "demo", shutdown_s, pid, count_presses, ret, &error);
}

static void presses_and_waits_for_the_process(void **state)
{
	const struct tree *tree = *state;
	pid_t pid = qmpserver_start(tree, CONTROL, play_obedient);
	struct guestlife_stopped stopped;
	char text[GUESTLIFE_TEXT_SIZE];

	assert_int_equal(stop(tree, 60, pid, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_SHUTDOWN);
	assert_int_equal(stopped.presses, 1);
	assert_int_equal(told, 1);
	assert_string_equal(stopped.reason, "guest-shutdown");
	assert_non_null(strstr(guestlife_format(&stopped, text), "(guest-shutdown; the power "
								 "button was pressed 1 time)"));
	/* A zombie: its process was over when stop returned. */
	assert_int_equal(waitpid(pid, NULL, WNOHANG), pid);
}

static void an_end_without_words_is_an_end(void **state)
{
	const struct tree *tree = *state;
	pid_t pid = qmpserver_start(tree, CONTROL, play_leaving);
	struct guestlife_stopped stopped;

	assert_int_equal(stop(tree, 60, pid, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_SHUTDOWN);
	assert_string_equal(stopped.reason, "");
	qmpserver_stop(pid);
}

static void quits_at_the_deadline(void **state)
{
	const struct tree *tree = *state;
	pid_t pid = qmpserver_start(tree, CONTROL, play_stubborn);
	struct guestlife_stopped stopped;
	char text[GUESTLIFE_TEXT_SIZE];

	assert_int_equal(stop(tree, 1, pid, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_QUIT);
	assert_int_equal(stopped.presses, 1);
	assert_in_range(stopped.ms, 999, 10000);
	assert_string_equal(stopped.reason, "host-qmp-quit");
	assert_non_null(strstr(guestlife_format(&stopped, text), "was switched off"));
	qmpserver_stop(pid);
}

static void nobody_there_is_success(void **state)
{
	const struct tree *tree = *state;
	struct guestlife_stopped stopped;
	pid_t pid;

	assert_int_equal(stop(tree, 60, 0, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_GONE);
	/* A socket that nobody listens on any more. */
	pid = qmpserver_start(tree, CONTROL, play_dying);
	qmpserver_stop(pid);
	assert_int_equal(stop(tree, 60, 0, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_GONE);
}

/* The control socket belongs to somebody who does not let go of it. */
static void takes_the_other_socket(void **state)
{
	const struct tree *tree = *state;
	pid_t busy = qmpserver_start(tree, CONTROL, play_mute);
	pid_t pid = qmpserver_start(tree, EVENTS, play_obedient);
	struct guestlife_stopped stopped;

	assert_int_equal(stop(tree, 60, pid, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_SHUTDOWN);
	assert_in_range(stopped.ms, 4999, 20000);
	qmpserver_stop(pid);
	qmpserver_stop(busy);
}

/* Its main loop stands still while the button is pressed, and turns again after the second press.
 */
static void play_stalled(int fd)
{
	char first[4096];

	qmpserver_begin(fd);
	qmpserver_hear(fd, first, sizeof(first));
	qmpserver_hear(fd, heard, sizeof(heard));
	if (!strstr(heard, "\"system_powerdown\""))
		_exit(1);
	qmpserver_reply(fd, first, "\"return\": {}");
	qmpserver_reply(fd, heard, "\"return\": {}");
	say_shutdown(fd);
}

static void a_reply_that_is_late_costs_the_guest_nothing(void **state)
{
	const struct tree *tree = *state;
	pid_t pid = qmpserver_start(tree, CONTROL, play_stalled);
	struct guestlife_stopped stopped;

	assert_int_equal(stop(tree, 60, pid, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_SHUTDOWN);
	assert_int_equal(stopped.presses, 2);
	assert_string_equal(stopped.reason, "guest-shutdown");
	assert_in_range(stopped.ms, 9999, 20000);
	qmpserver_stop(pid);
}

/* Greets when the other socket was tried already and was mute too. */
static void play_late(int fd)
{
	struct timespec stall = { .tv_sec = 7 };

	nanosleep(&stall, NULL);
	play_obedient(fd);
}

static void a_greeting_that_is_late_costs_the_guest_nothing(void **state)
{
	const struct tree *tree = *state;
	pid_t pid = qmpserver_start(tree, CONTROL, play_late);
	pid_t busy = qmpserver_start(tree, EVENTS, play_mute);
	struct guestlife_stopped stopped;

	assert_int_equal(stop(tree, 60, pid, &stopped), 0);
	assert_int_equal(stopped.end, GUESTLIFE_SHUTDOWN);
	assert_int_equal(stopped.presses, 1);
	qmpserver_stop(busy);
	qmpserver_stop(pid);
}

static void mute_for_all_its_time_is_an_error_then_and_not_before(void **state)
{
	const struct tree *tree = *state;
	pid_t control = qmpserver_start(tree, CONTROL, play_mute);
	pid_t events = qmpserver_start(tree, EVENTS, play_mute);
	struct guestlife_stopped stopped;
	uint64_t before = qmp_now();

	assert_int_equal(stop(tree, 1, 0, &stopped), -ETIMEDOUT);
	assert_in_range(qmp_now() - before, 999, 3000);
	assert_int_equal(told, 0);
	qmpserver_stop(control);
	qmpserver_stop(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(waits_for_the_reply),
		cmocka_unit_test(allows_time_by_memory),
		cmocka_unit_test(a_stop_takes_a_minute_more_than_the_guest_may),
		tree_test(presses_and_waits_for_the_process),
		tree_test(an_end_without_words_is_an_end),
		tree_test(quits_at_the_deadline),
		tree_test(nobody_there_is_success),
		tree_test(takes_the_other_socket),
		tree_test(a_reply_that_is_late_costs_the_guest_nothing),
		tree_test(a_greeting_that_is_late_costs_the_guest_nothing),
		tree_test(mute_for_all_its_time_is_an_error_then_and_not_before),
	};

	return cmocka_run_group_tests_name("guestlife", tests, NULL, NULL);
}
