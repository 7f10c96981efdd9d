/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qmp: recorded conversations replayed through a socket pair, and servers that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"

#include "qmp.h"
#include "strlist.h"

/* --- recordings --- */

/* What a recording is expected to say, or what the client made of it. */
struct tally {
	unsigned lines, greetings;
	struct strlist events, errors, statuses;
	struct qmp_message last;
	unsigned run;
};

static void tally_close_run(struct tally *tally)
{
	const struct qmp_message *m = &tally->last;
	char times[16] = "";

	if (tally->run > 1)
		snprintf(times, sizeof(times), " x%u", tally->run);
	if (tally->run > 0)
		strlist_addf(&tally->events, "%s%s%s%s", m->name, m->reason[0] ? "/" : "",
			     m->reason, times);
	tally->run = 0;
}

static void tally_event(struct tally *tally, const struct qmp_message *m, unsigned count)
{
	if (tally->run > 0 &&
	    (strcmp(tally->last.name, m->name) != 0 || strcmp(tally->last.reason, m->reason) != 0))
		tally_close_run(tally);
	tally->last = *m;
	tally->run += count;
}

static void tally_add(struct tally *tally, const struct qmp_message *m)
{
	tally->lines++;
	tally->greetings += m->kind == QMP_GREETING;
	if (m->kind == QMP_ERROR)
		strlist_add(&tally->errors, m->name);
	if (m->kind == QMP_RETURN && m->status[0])
		strlist_add(&tally->statuses, m->status);
	if (m->kind == QMP_EVENT)
		tally_event(tally, m, 1);
}

static void expect_list(const char *file, const json_t *record, const char *key,
			const struct strlist *found)
{
	const json_t *expected = json_object_get(record, key);

	if (json_array_size(expected) != found->count)
		fail_msg("%s: %s: %zu instead of %zu", file, key, found->count,
			 json_array_size(expected));
	for (size_t i = 0; i < found->count; i++)
		assert_string_equal(found->items[i],
				    json_string_value(json_array_get(expected, i)));
}

static void expect_tally(const char *file, const json_t *record, struct tally *tally)
{
	tally_close_run(tally);
	expect_list(file, record, "events_in_order", &tally->events);
	expect_list(file, record, "error_classes", &tally->errors);
	expect_list(file, record, "statuses", &tally->statuses);
	strlist_done(&tally->events);
	strlist_done(&tally->errors);
	strlist_done(&tally->statuses);
}

static json_t *load_expectations(void)
{
	char path[512];
	json_t *all;

	snprintf(path, sizeof(path), "%s/tests/fixtures/qmp/expect.json", getenv("VXM_SOURCE"));
	all = json_load_file(path, 0, NULL);
	assert_non_null(all);
	assert_int_equal(json_object_size(all), 17);
	return all;
}

/* The lines of a recording: "S: ..." and "C: ..." without comments. */
static void load_lines(const char *file, struct strlist *ret)
{
	char path[512];
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/fixtures/qmp/%s", getenv("VXM_SOURCE"), file);
	f = fopen(path, "re");
	assert_non_null(f);
	while ((n = getline(&line, &room, f)) > 0) {
		line[n - (line[n - 1] == '\n')] = '\0';
		if (line[0] == 'S' || line[0] == 'C')
			strlist_add(ret, line);
	}
	free(line);
	fclose(f);
}

static void parses_every_recorded_line(void **state)
{
	json_t *all = load_expectations(), *record;
	const char *file;

	(void)state;
	json_object_foreach (all, file, record) {
		_cleanup_strlist_ struct strlist lines = STRLIST_EMPTY;
		struct tally tally = { 0 };
		struct qmp_message m;

		load_lines(file, &lines);
		for (size_t i = 0; i < lines.count; i++) {
			if (lines.items[i][0] != 'S')
				continue;
			assert_int_equal(
				qmp_parse(lines.items[i] + 3, strlen(lines.items[i] + 3), &m), 0);
			tally_add(&tally, &m);
		}
		assert_int_equal(tally.lines,
				 json_integer_value(json_object_get(record, "server_lines")));
		assert_int_equal(tally.greetings,
				 json_integer_value(json_object_get(record, "greetings")));
		expect_tally(file, record, &tally);
	}
	json_decref(all);
}

/* --- servers --- */

struct server {
	pid_t pid;
	struct qmp *client;
};

/* Runs SERVE in a child that has the other end of the client's socket. */
static struct server start_server(void (*serve)(int fd, const void *data), const void *data)
{
	struct server server;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	server.pid = fork();
	assert_true(server.pid >= 0);
	if (server.pid == 0) {
		close(fds[0]);
		serve(fds[1], data);
		_exit(0);
	}
	close(fds[1]);
	server.client = qmp_new(fds[0]);
	assert_non_null(server.client);
	return server;
}

static void stop_server(struct server *server)
{
	int status;

	qmp_free(server->client);
	kill(server->pid, SIGKILL);
	assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
}

static void say(int fd, const char *text)
{
	for (size_t size = strlen(text); size > 0;) {
		ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

		if (n < 0)
			_exit(0);
		text += n;
		size -= (size_t)n;
	}
}

/* One line of the client's; ends the child when the client has gone. */
static void hear(int fd, char *line, size_t size)
{
	for (size_t n = 0; n + 1 < size; n++) {
		if (read(fd, &line[n], 1) != 1)
			_exit(0);
		if (line[n] == '\n') {
			line[n] = '\0';
			return;
		}
	}
	_exit(1);
}

/* In pieces of 1, 2, 3 ... 61 bytes, so that every place of a line gets cut somewhere. */
static void serve_in_pieces(int fd, const void *data)
{
	const struct strlist *lines = data;
	size_t piece = 0;

	for (size_t i = 0; i < lines->count; i++) {
		_cleanup_free_ char *line = NULL;

		if (lines->items[i][0] != 'S' || asprintf(&line, "%s\r\n", lines->items[i] + 3) < 0)
			continue;
		for (const char *p = line; *p;) {
			char part[64] = "";

			piece = piece % 61 + 1;
			strncpy(part, p, piece);
			say(fd, part);
			p += strlen(part);
		}
	}
}

static void receives_recordings_cut_anywhere(void **state)
{
	json_t *all = load_expectations(), *record;
	const char *file;

	(void)state;
	json_object_foreach (all, file, record) {
		_cleanup_strlist_ struct strlist lines = STRLIST_EMPTY;
		struct tally tally = { 0 };
		struct server server;
		struct qmp_message m;
		int r;

		load_lines(file, &lines);
		server = start_server(serve_in_pieces, &lines);
		while ((r = qmp_receive(server.client, qmp_after(20000), &m)) == 0)
			tally_add(&tally, &m);
		assert_int_equal(r, -EPIPE);
		stop_server(&server);
		assert_int_equal(tally.lines,
				 json_integer_value(json_object_get(record, "server_lines")));
		expect_tally(file, record, &tally);
	}
	json_decref(all);
}

/* Plays the server's side: after each line of the client what the recording has next, with the id
 * of the line that came. */
static void serve_recording(int fd, const void *data)
{
	const struct strlist *lines = data;
	char heard[4096] = "{}";

	for (size_t i = 0; i < lines->count; i++) {
		json_t *message, *asked;
		char *text;

		if (lines->items[i][0] == 'C') {
			hear(fd, heard, sizeof(heard));
			continue;
		}
		message = json_loads(lines->items[i] + 3, 0, NULL);
		asked = json_loads(heard, 0, NULL);
		if (json_object_get(message, "return") || json_object_get(message, "error"))
			json_object_set(message, "id", json_object_get(asked, "id"));
		text = json_dumps(message, 0);
		say(fd, text);
		say(fd, "\n");
		free(text);
		json_decref(message);
		json_decref(asked);
	}
}

/* Holds the recording's conversation: its commands by name, one after the other. */
static void converse(struct qmp *qmp, const struct strlist *lines, struct tally *tally)
{
	struct qmp_message m;
	unsigned count;
	int r;

	assert_int_equal(qmp_negotiate(qmp, qmp_after(20000), &m), 0);
	for (size_t i = 0, commands = 0; i < lines->count; i++) {
		json_t *said;

		if (lines->items[i][0] != 'C' || commands++ == 0)
			continue; /* the first is qmp_capabilities */
		said = json_loads(lines->items[i] + 3, 0, NULL);
		r = qmp_execute(qmp, qmp_after(20000), &m,
				json_string_value(json_object_get(said, "execute")), "{s:i, s:b}",
				"number", 7, "flag", 1);
		json_decref(said);
		assert_true(r == 0 || r == -EREMOTEIO);
		assert_int_equal(m.kind, r == 0 ? QMP_RETURN : QMP_ERROR);
		tally_add(tally, &m);
	}
	while ((r = qmp_next_event(qmp, qmp_after(20000), &m, &count)) == 0)
		tally_event(tally, &m, count);
	assert_int_equal(r, -EPIPE);
}

static void converses_as_recorded(void **state)
{
	static const char *const files[] = {
		"documented/exchange-10.0.txt",
		"documented/exchange-8.2.2.txt",
		"recorded-7.2/03-q35-status-cpus.txt",
		"recorded-7.2/04-device-add-del.txt",
		"recorded-7.2/05-power-events.txt",
		"recorded-7.2/06-guest-panicked.txt",
		"recorded-7.2/07-guest-panicked-shutdown.txt",
		"recorded-7.2/08-no-reboot-guest-reset.txt",
		"recorded-7.2/08b-guest-reset.txt",
		"recorded-7.2/09-no-shutdown-guest-shutdown.txt",
		"recorded-7.2/10-guest-shutdown.txt",
		"recorded-7.2/11-query-block-misc.txt",
	};
	json_t *all = load_expectations();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_strlist_ struct strlist lines = STRLIST_EMPTY;
		struct tally tally = { 0 };
		struct server server;

		load_lines(files[i], &lines);
		server = start_server(serve_recording, &lines);
		converse(server.client, &lines, &tally);
		stop_server(&server);
		expect_tally(files[i], json_object_get(all, files[i]), &tally);
	}
	json_decref(all);
}

#define GREETING                                                                           \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, " \
	"\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\n"

static void serve_text(int fd, const void *data)
{
	say(fd, data);
}

static void serve_silence(int fd, const void *data)
{
	char byte;

	say(fd, data);
	while (read(fd, &byte, 1) == 1)
		;
}

static void gives_up_at_the_deadline(void **state)
{
	static const char *const said[] = { "", "{\"QMP\": {", GREETING,
					    GREETING "{\"event\": \"STOP\"}\n" };
	struct qmp_message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct server server = start_server(serve_silence, said[i]);
		uint64_t before = qmp_now();

		assert_int_equal(qmp_negotiate(server.client, qmp_after(150), &m), -ETIMEDOUT);
		assert_in_range(qmp_now() - before, 149, 5000);
		stop_server(&server);
	}
}

static void sees_the_end(void **state)
{
	static const char *const said[] = { "", "{\"QMP\": {", GREETING };
	struct qmp_message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct server server = start_server(serve_text, said[i]);

		assert_int_equal(qmp_negotiate(server.client, qmp_after(20000), &m), -EPIPE);
		stop_server(&server);
	}
}

static void refuses_garbage(void **state)
{
	static const char *const said[] = {
		"\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"[1,2]\n",
		"7\n",
		"{}\n",
		"{\"event\": 7}\n",
		"{\"QMP\": 7}\n",
		"{\"error\": \"text\"}\n",
		"{\"event\": \"STOP\"} {\"event\": \"STOP\"}\n",
		"{\"event\": \"ST\xff\"}\n",
		"{\"event\": \"STOP\"\n",
		"{\"return\": {}}\n", /* before the greeting */
		GREETING GREETING,
		GREETING "{\"return\": {}}\n",		      /* without the id */
		GREETING "{\"return\": {}, \"id\": 99}\n",    /* of a command never sent */
		GREETING "{\"return\": {}, \"id\": \"1\"}\n", /* not the id that was sent */
	};
	struct qmp_message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct server server = start_server(serve_silence, said[i]);

		assert_int_equal(qmp_negotiate(server.client, qmp_after(20000), &m), -EBADMSG);
		stop_server(&server);
	}
}

static void serve_endless_line(int fd, const void *data)
{
	(void)data;
	for (;;)
		say(fd, "{\"event\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static void refuses_an_endless_line(void **state)
{
	struct server server = start_server(serve_endless_line, NULL);
	struct qmp_message m;

	(void)state;
	assert_int_equal(qmp_receive(server.client, qmp_after(60000), &m), -EMSGSIZE);
	stop_server(&server);
}

/* The second command's reply comes after a late one to the first. */
static void serve_late(int fd, const void *data)
{
	char line[4096];

	(void)data;
	say(fd, GREETING);
	hear(fd, line, sizeof(line));
	say(fd, "{\"return\": {}, \"id\": 1}\n");
	hear(fd, line, sizeof(line));
	hear(fd, line, sizeof(line));
	say(fd, "{\"return\": {\"status\": \"paused\"}, \"id\": 2}\n{\"event\": \"RESUME\"}\n"
		"{\"return\": {\"status\": \"running\"}, \"id\": 3}\n");
	hear(fd, line, sizeof(line));
	say(fd, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\n");
}

static void drops_a_late_reply(void **state)
{
	struct server server = start_server(serve_late, NULL);
	struct qmp_message m;

	(void)state;
	assert_int_equal(qmp_negotiate(server.client, qmp_after(20000), &m), 0);
	assert_int_equal(qmp_execute(server.client, qmp_after(50), &m, "query-status", NULL),
			 -ETIMEDOUT);
	assert_int_equal(qmp_execute(server.client, qmp_after(20000), &m, "query-status", NULL), 0);
	assert_string_equal(m.status, "running");
	/* An error without an id is the answer to the line sent last. */
	assert_int_equal(qmp_execute(server.client, qmp_after(20000), &m, "stop", NULL),
			 -EREMOTEIO);
	assert_string_equal(m.text, "no");
	assert_int_equal(qmp_next_event(server.client, qmp_after(20000), &m, NULL), 0);
	assert_string_equal(m.name, "RESUME");
	stop_server(&server);
}

static void serve_flood(int fd, const void *data)
{
	(void)data;
	say(fd, GREETING);
	for (unsigned i = 0; i < 600; i++)
		say(fd, i % 2 ? "{\"event\": \"STOP\"}\n" : "{\"event\": \"RESUME\"}\n");
	serve_silence(fd, "");
}

static void bounds_the_events_it_keeps(void **state)
{
	struct server server = start_server(serve_flood, NULL);
	struct qmp_message m;

	(void)state;
	assert_int_equal(qmp_negotiate(server.client, qmp_after(20000), &m), -EBADMSG);
	stop_server(&server);
}

static void connects_below_a_root(void **state)
{
	const struct tree *tree = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_qmp_ struct qmp *qmp = NULL;

	assert_int_equal(qmp_connect(&tree->host, "run/q.sock", &qmp), -ENOENT);
	tree_mkdir(tree, "run");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/q.sock", tree->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(qmp_connect(&tree->host, "run/q.sock", &qmp), -ECONNREFUSED);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(qmp_connect(&tree->host, "run/q.sock", &qmp), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_every_recorded_line),
		cmocka_unit_test(receives_recordings_cut_anywhere),
		cmocka_unit_test(converses_as_recorded),
		cmocka_unit_test(gives_up_at_the_deadline),
		cmocka_unit_test(sees_the_end),
		cmocka_unit_test(refuses_garbage),
		cmocka_unit_test(refuses_an_endless_line),
		cmocka_unit_test(drops_a_late_reply),
		cmocka_unit_test(bounds_the_events_it_keeps),
		tree_test(connects_below_a_root),
	};

	return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}
