/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of QEMU's monitor protocol. */
#include "qmp.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/*
 * Theory of operation
 *
 * docs/interop/qmp-spec.rst: one JSON object a line, each way. The server greets, the client has to
 * send qmp_capabilities, then each command gets one reply with the command's id, and events come
 * whenever they like, also between a command and its reply. A reply to a command that this client
 * gave up on may come later: its id is smaller than the one waited for, and it is dropped. An error
 * without an id is QEMU's answer to a line it could not read, so it is the answer to what was sent
 * last.
 *
 * QEMU has one client a socket: connect() succeeds while another is being served, and the greeting
 * comes when that one has left. So there is no blocking call here: each wait is a poll() on the
 * socket with the time that is left until a moment of CLOCK_MONOTONIC.
 *
 * What comes over the socket is not trusted (a guest that broke out of its machine speaks with
 * QEMU's voice): lines have a limit, the events kept have one, and texts are cut.
 */

#define QMP_EVENTS_MAX 256

struct qmp_event {
	struct qmp_message message;
	unsigned count;
};

struct qmp {
	int fd;
	char *buf; /* bytes that were received and not yet taken */
	size_t size, room;
	size_t searched; /* of these, how many are known to hold no line's end */
	uint64_t last_id;
	struct qmp_event *events;
	size_t event_count;
};

uint64_t qmp_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t qmp_after(uint64_t timeout_ms)
{
	return qmp_now() + timeout_ms;
}

static void copy_text(char *to, size_t size, const json_t *from)
{
	const char *text = json_string_value(from);

	snprintf(to, size, "%s", text ? text : "");
}

static void parse_event(const json_t *root, struct qmp_message *message)
{
	const json_t *data = json_object_get(root, "data");

	message->kind = QMP_EVENT;
	copy_text(message->name, sizeof(message->name), json_object_get(root, "event"));
	copy_text(message->reason, sizeof(message->reason), json_object_get(data, "reason"));
	message->by_guest = json_is_true(json_object_get(data, "guest"));
}

static void parse_greeting(const json_t *greeting, struct qmp_message *message)
{
	const json_t *qemu = json_object_get(json_object_get(greeting, "version"), "qemu");

	message->kind = QMP_GREETING;
	snprintf(message->text, sizeof(message->text), "%lld.%lld.%lld",
		 (long long)json_integer_value(json_object_get(qemu, "major")),
		 (long long)json_integer_value(json_object_get(qemu, "minor")),
		 (long long)json_integer_value(json_object_get(qemu, "micro")));
}

static int parse_root(const json_t *root, struct qmp_message *message)
{
	const json_t *error = json_object_get(root, "error");
	const json_t *value = json_object_get(root, "return");
	const json_t *id = json_object_get(root, "id");

	if (json_is_integer(id) && json_integer_value(id) >= 0) {
		message->has_id = true;
		message->id = (uint64_t)json_integer_value(id);
	}
	if (json_is_string(json_object_get(root, "event"))) {
		parse_event(root, message);
	} else if (json_is_object(json_object_get(root, "QMP"))) {
		parse_greeting(json_object_get(root, "QMP"), message);
	} else if (json_is_object(error)) {
		message->kind = QMP_ERROR;
		copy_text(message->name, sizeof(message->name), json_object_get(error, "class"));
		copy_text(message->text, sizeof(message->text), json_object_get(error, "desc"));
	} else if (value) {
		message->kind = QMP_RETURN;
		copy_text(message->status, sizeof(message->status),
			  json_object_get(value, "status"));
	} else {
		return -EBADMSG;
	}
	return 0;
}

int qmp_parse(const char *line, size_t size, struct qmp_message *ret)
{
	struct qmp_message message = { 0 };
	json_error_t error;
	json_t *root;
	int r;

	root = json_loadb(line, size, JSON_ALLOW_NUL, &error);
	if (!root)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	r = parse_root(root, &message);
	json_decref(root);
	if (r == 0)
		*ret = message;
	return r;
}

struct qmp *qmp_new(int fd)
{
	struct qmp *qmp = calloc(1, sizeof(*qmp));

	if (!qmp) {
		close(fd);
		return NULL;
	}
	qmp->fd = fd;
	return qmp;
}

void qmp_free(struct qmp *qmp)
{
	if (!qmp)
		return;
	closep(&qmp->fd);
	free(qmp->buf);
	free(qmp->events);
	free(qmp);
}

int qmp_connect(const struct host *host, const char *path, struct qmp **ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	int n;

	/* Below --root by the descriptor of the root, whose own path may be longer than sun_path.
	 */
	n = host->recorded ? snprintf(address.sun_path, sizeof(address.sun_path),
				      "/proc/self/fd/%d/%s", host->root_fd, path)
			   : snprintf(address.sun_path, sizeof(address.sun_path), "/%s", path);
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret = qmp_new(take_fd(&fd));
	return *ret ? 0 : -ENOMEM;
}

/* Waits until EVENTS is so of the socket. */
static int wait_for(const struct qmp *qmp, short events, uint64_t until)
{
	for (;;) {
		struct pollfd pollfd = { .fd = qmp->fd, .events = events };
		uint64_t now = qmp_now();
		uint64_t left = until > now ? until - now : 0;
		int r = poll(&pollfd, 1, left > INT_MAX ? INT_MAX : (int)left);

		if (r > 0)
			return 0;
		if (r == 0 && left <= INT_MAX)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

/* Reads what is there into the buffer; waits for it. */
static int fill(struct qmp *qmp, uint64_t until)
{
	ssize_t n;
	int r;

	if (qmp->size == qmp->room) {
		size_t room = qmp->room ? qmp->room * 2 : 4096;
		char *buf;

		if (qmp->size >= QMP_LINE_MAX)
			return -EMSGSIZE;
		buf = realloc(qmp->buf, room);
		if (!buf)
			return -ENOMEM;
		qmp->buf = buf;
		qmp->room = room;
	}
	r = wait_for(qmp, POLLIN, until);
	if (r < 0)
		return r;
	n = recv(qmp->fd, qmp->buf + qmp->size, qmp->room - qmp->size, MSG_DONTWAIT);
	if (n > 0)
		qmp->size += (size_t)n;
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return -EPIPE;
	return n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

int qmp_receive(struct qmp *qmp, uint64_t until, struct qmp_message *ret)
{
	char *end = NULL;
	size_t size;
	int r;

	while (!qmp->buf ||
	       !(end = memchr(qmp->buf + qmp->searched, '\n', qmp->size - qmp->searched))) {
		qmp->searched = qmp->size;
		r = fill(qmp, until);
		if (r < 0)
			return r;
	}
	size = (size_t)(end - qmp->buf);
	r = qmp_parse(qmp->buf, size,
		      ret); /* a carriage return before the end is JSON's white space */
	qmp->size -= size + 1;
	memmove(qmp->buf, end + 1, qmp->size);
	qmp->searched = 0;
	return r;
}

static bool is_same_event(const struct qmp_message *a, const struct qmp_message *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->reason, b->reason) == 0 &&
	       a->by_guest == b->by_guest;
}

static int keep_event(struct qmp *qmp, const struct qmp_message *message)
{
	struct qmp_event *last = qmp->event_count ? &qmp->events[qmp->event_count - 1] : NULL;
	struct qmp_event *events;

	if (last && is_same_event(&last->message, message)) {
		last->count++;
		return 0;
	}
	if (qmp->event_count == QMP_EVENTS_MAX)
		return -EBADMSG;
	events = reallocarray(qmp->events, qmp->event_count + 1, sizeof(*events));
	if (!events)
		return -ENOMEM;
	qmp->events = events;
	qmp->events[qmp->event_count++] = (struct qmp_event){ *message, 1 };
	return 0;
}

static int send_line(struct qmp *qmp, const char *line, uint64_t until)
{
	size_t size = strlen(line), sent = 0;

	while (sent < size) {
		ssize_t n = send(qmp->fd, line + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		int r;

		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(qmp, POLLOUT, until);
		if (r < 0)
			return r;
	}
	return 0;
}

static int wait_reply(struct qmp *qmp, uint64_t until, struct qmp_message *ret)
{
	for (;;) {
		int r = qmp_receive(qmp, until, ret);

		if (r < 0)
			return r;
		if (ret->kind == QMP_EVENT) {
			r = keep_event(qmp, ret);
			if (r < 0)
				return r;
		} else if (ret->kind == QMP_GREETING || (ret->has_id && ret->id > qmp->last_id) ||
			   (!ret->has_id && ret->kind != QMP_ERROR)) {
			return -EBADMSG;
		} else if (!ret->has_id || ret->id == qmp->last_id) {
			return ret->kind == QMP_ERROR ? -EREMOTEIO : 0;
		}
	}
}

int qmp_execute(struct qmp *qmp, uint64_t until, struct qmp_message *ret, const char *command,
		const char *format, ...)
{
	json_t *arguments = NULL, *root;
	struct qmp_message message;
	_cleanup_free_ char *text = NULL, *line = NULL;
	va_list ap;
	int r;

	if (format) {
		va_start(ap, format);
		arguments = json_vpack_ex(NULL, 0, format, ap);
		va_end(ap);
		if (!arguments)
			return -EINVAL;
	}
	root = json_pack("{s:s, s:I, s:o*}", "execute", command, "id", (json_int_t)++qmp->last_id,
			 "arguments", arguments);
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (!text || asprintf(&line, "%s\n", text) < 0)
		return -ENOMEM;
	r = send_line(qmp, line, until);
	if (r == 0)
		r = wait_reply(qmp, until, &message);
	if (ret && (r == 0 || r == -EREMOTEIO))
		*ret = message;
	return r;
}

int qmp_negotiate(struct qmp *qmp, uint64_t until, struct qmp_message *ret)
{
	struct qmp_message message;
	int r = qmp_receive(qmp, until, &message);

	if (r < 0)
		return r;
	if (message.kind != QMP_GREETING)
		return -EBADMSG;
	return qmp_execute(qmp, until, ret, "qmp_capabilities", NULL);
}

int qmp_next_event(struct qmp *qmp, uint64_t until, struct qmp_message *ret, unsigned *ret_count)
{
	unsigned count = 1;
	int r;

	if (qmp->event_count > 0) {
		*ret = qmp->events[0].message;
		count = qmp->events[0].count;
		memmove(qmp->events, qmp->events + 1, --qmp->event_count * sizeof(*qmp->events));
	} else {
		/* Late replies to commands that were given up on are no events. */
		do {
			r = qmp_receive(qmp, until, ret);
			if (r < 0)
				return r;
			if (ret->kind == QMP_GREETING)
				return -EBADMSG;
		} while (ret->kind != QMP_EVENT);
	}
	if (ret_count)
		*ret_count = count;
	return 0;
}
