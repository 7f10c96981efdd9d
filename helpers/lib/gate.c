/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate: nothing is written while somebody holds or uses what is to move. */
#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "cleanup.h"
#include "deadline.h"
#include "usescan.h"

/* More than these are counted, not named: the message is one line. */
#define GATE_NAMED 6
/* Windows without quiet before a node counts as polled. */
#define GATE_WINDOWS 5

/* The functions that are not on vfio-pci by our own hand, into DEVS with room for all. How many. */
static size_t find_others(const struct isolation *iso, const struct pcidev **devs)
{
	size_t count = 0;

	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_function *function = &iso->functions[i];

		if (!function->recorded || strcmp(function->now.driver, ISOLATION_DRIVER) != 0)
			devs[count++] = &function->dev;
	}
	return count;
}

int gate_look(const struct host *host, struct isolation *iso)
{
	_cleanup_free_ const struct pcidev **devs = calloc(iso->count + 1, sizeof(*devs));
	_cleanup_holder_list_ struct holder_list holders = { 0 };
	struct hostuse_list uses;
	size_t count;
	int r;

	if (!devs)
		return -ENOMEM;
	count = find_others(iso, devs);
	r = holder_scan(host, devs, count, &holders);
	if (r >= 0)
		r = usescan_run(host, devs, count, &holders, &uses);
	if (r < 0)
		return r;
	holder_list_done(&iso->holders);
	hostuse_list_done(&iso->uses);
	iso->holders = holders;
	holders = (struct holder_list){ 0 };
	iso->uses = uses;
	return 0;
}

struct watch {
	int fd;
	struct holdernode_list nodes;
	int *numbers;		     /* of its directory, by node; -1: there is none */
	char path[HOLDER_PATH_SIZE]; /* the node that was opened or closed last */
};

static void watch_done(struct watch *watch)
{
	closep(&watch->fd);
	free(watch->numbers);
	holdernode_list_done(&watch->nodes);
}

/* The directory of PATH, and the name in it. */
static const char *split_path(const char *path, char directory[static HOLDER_PATH_SIZE])
{
	const char *slash = strrchr(path, '/');

	snprintf(directory, HOLDER_PATH_SIZE, "%.*s", (int)(slash - path), path);
	return slash + 1;
}

/*
 * Watches the nodes of all functions that are not ours yet, by their directories: a watch on a node
 * asks for the right to read it, which DevicePolicy=closed denies (devcgroup_inode_permission()),
 * and the directory tells of the opening as well.
 */
static int watch_begin(const struct host *host, const struct isolation *iso, struct watch *watch)
{
	_cleanup_free_ const struct pcidev **devs = calloc(iso->count + 1, sizeof(*devs));
	int r;

	if (!devs)
		return -ENOMEM;
	r = holdernode_find(host, devs, find_others(iso, devs), &watch->nodes);
	if (r < 0)
		return r;
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch->numbers = calloc(watch->nodes.count + 1, sizeof(*watch->numbers));
	if (watch->fd < 0 || !watch->numbers)
		return watch->fd < 0 ? -errno : -ENOMEM;
	for (size_t i = 0; i < watch->nodes.count; i++) {
		char directory[HOLDER_PATH_SIZE];

		split_path(watch->nodes.items[i].path, directory);
		watch->numbers[i] = inotify_add_watch(watch->fd, directory, IN_OPEN | IN_CLOSE);
		if (watch->numbers[i] < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Whether the event is about one of the nodes: a directory has others. */
static bool watch_note(struct watch *watch, const struct inotify_event *event)
{
	char directory[HOLDER_PATH_SIZE];

	for (size_t i = 0; i < watch->nodes.count; i++) {
		const char *path = watch->nodes.items[i].path;

		if (watch->numbers[i] != event->wd || event->len == 0 ||
		    strcmp(split_path(path, directory), event->name) != 0)
			continue;
		snprintf(watch->path, sizeof(watch->path), "%s", path);
		return true;
	}
	return event->mask & IN_Q_OVERFLOW;
}

/* Takes off all that has come. Whether one of the nodes was opened or closed. */
static bool watch_read(struct watch *watch)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool noted = false;
	ssize_t n;

	while ((n = read(watch->fd, buf, sizeof(buf))) > 0) {
		const struct inotify_event *event;

		for (char *p = buf; p < buf + n; p += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)p;
			noted |= watch_note(watch, event);
		}
	}
	return noted;
}

/* 1 when a node was opened or closed before END, with all that has come by then taken off; 0: it
 * was quiet. */
static int watch_await(struct watch *watch, int64_t end_ms)
{
	struct pollfd pfd = { .fd = watch->fd, .events = POLLIN };

	for (;;) {
		int64_t left = end_ms - deadline_now_ms();
		int r = poll(&pfd, 1, left > 0 ? (int)left : 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : 0;
		if (watch_read(watch))
			return 1;
		if (left <= 0)
			return 0;
	}
}

/* Those of the last look that saw any, when this one came too late. */
static void keep_seen(struct holder_list *seen, struct isolation *iso, const char *path)
{
	if (iso->holders.count > 0)
		return;
	if (seen->count > 0) {
		struct holder_list now = iso->holders;

		iso->holders = *seen;
		*seen = now;
		return;
	}
	snprintf(iso->polled, sizeof(iso->polled), "%s", path);
}

static int copy_holders(const struct holder_list *from, struct holder_list *to)
{
	struct holder *items = reallocarray(to->items, from->count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	memcpy(items, from->items, from->count * sizeof(*items));
	*to = (struct holder_list){ .items = items, .count = from->count };
	return 0;
}

int gate_await_quiet(const struct host *host, const struct gate_patience *patience,
		     struct isolation *iso)
{
	_cleanup_holder_list_ struct holder_list seen = { 0 };
	_cleanup_(watch_done) struct watch watch = { .fd = -1 };
	int64_t start = deadline_now_ms(), let_go = start + patience->let_go_ms;
	int64_t limit = let_go + (int64_t)GATE_WINDOWS * patience->quiet_ms;
	int r;

	iso->polled[0] = '\0';
	if (host->recorded)
		return gate_look(host, iso);
	r = watch_begin(host, iso, &watch);
	if (r < 0)
		return r;
	for (;;) {
		int64_t now, end;

		r = gate_look(host, iso);
		now = deadline_now_ms();
		if (r >= 0 && iso->holders.count > 0)
			r = copy_holders(&iso->holders, &seen);
		end = iso->holders.count > 0 && now < let_go ? let_go : now + patience->quiet_ms;
		if (r >= 0 && watch.nodes.count > 0)
			r = watch_await(&watch, end);
		if (r <= 0)
			return r;
		if (deadline_now_ms() < limit)
			continue;
		keep_seen(&seen, iso, watch.path);
		return 0;
	}
}

struct text {
	char *buf;
	size_t size;
	size_t used;
};

static void put(struct text *text, const char *word)
{
	int n = snprintf(text->buf + text->used, text->size - text->used, "%s", word);

	if (n > 0)
		text->used += (size_t)n < text->size - text->used ? (size_t)n
								  : text->size - text->used - 1;
}

/* The N-th of a list of words. */
static void put_next(struct text *text, size_t n, const char *separator, const char *word)
{
	put(text, n > 0 ? separator : "");
	put(text, word);
}

static void tell_holders(struct text *text, const struct holder_list *list)
{
	char bdf[PCIADDR_SIZE], name[HOLDER_TEXT_SIZE], remedies[GATE_NAMED][HOLDER_TEXT_SIZE];
	const struct pciaddr *addr = NULL;
	size_t named = list->count < GATE_NAMED ? list->count : GATE_NAMED, told = 0;

	for (size_t i = 0; i < named; i++) {
		const struct holder *holder = &list->items[i];

		if (!addr || pciaddr_compare(addr, &holder->addr) != 0) {
			put_next(text, i, "; ", pciaddr_format(&holder->addr, bdf));
			put(text, " is held by ");
		} else {
			put(text, ", ");
		}
		addr = &holder->addr;
		put(text, holder_format(holder, name));
	}
	if (list->count > named) {
		snprintf(name, sizeof(name), " and %zu more", list->count - named);
		put(text, name);
	}
	for (size_t i = 0; i < named; i++) {
		bool known = false;

		holder_remedy(&list->items[i], remedies[told]);
		for (size_t n = 0; n < told && !known; n++)
			known = strcmp(remedies[n], remedies[told]) == 0;
		if (known)
			continue;
		put(text, told == 0 ? ": " : "; ");
		put(text, remedies[told++]);
	}
}

static void tell_uses(struct text *text, const struct hostuse_list *list)
{
	size_t named = list->count < GATE_NAMED ? list->count : GATE_NAMED;

	for (size_t i = 0; i < named; i++) {
		const struct hostuse *use = &list->items[i];
		char bdf[PCIADDR_SIZE];

		put_next(text, i, "; ", pciaddr_format(&use->addr, bdf));
		put(text, " is in use, ");
		put(text, use->what);
		put(text, ": ");
		put(text, use->remedy);
	}
	if (list->count > named)
		put(text, "; and more");
}

enum gate_verdict gate_tell(const struct isolation *iso, char *buf, size_t size)
{
	struct text text = { .buf = buf, .size = size };
	const struct holder_list *list = &iso->holders;
	char sentence[256];

	if (list->count > 0) {
		tell_holders(&text, list);
		if (iso->uses.count > 0)
			put(&text, "; ");
		tell_uses(&text, &iso->uses);
		return GATE_HELD;
	}
	if (iso->polled[0]) {
		snprintf(
			sentence, sizeof(sentence),
			"%s is opened and closed all the time, by a program that is gone before it "
			"can be named: end what polls the card (a status bar, a monitoring agent)",
			iso->polled);
		put(&text, sentence);
		return GATE_HELD;
	}
	if (list->unseen > 0) {
		snprintf(sentence, sizeof(sentence),
			 "who holds the devices is not known: %zu processes may not be looked "
			 "into; run this as root",
			 list->unseen);
		put(&text, sentence);
		return GATE_HELD;
	}
	if (iso->uses.count == 0)
		return GATE_OPEN;
	tell_uses(&text, &iso->uses);
	return GATE_USED;
}
