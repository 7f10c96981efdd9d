/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes hold device nodes of a PCI function. */
#include "holder.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "deadline.h"
#include "procscan.h"

#define HOLDER_TEXT    ((size_t)64 * 1024)
#define HOLDER_NO_ADDR ((struct pciaddr){ 0 })

struct search {
	const struct host *host;
	struct holder_list list;
};

/* The last service or scope in the path of the unified hierarchy, user managers' units included. */
static void parse_unit(char *cgroup, struct holder *holder)
{
	char *save, *path = strstr(cgroup, "0::");
	char *unit = holder->unit;

	if (!path)
		return;
	holder->of_user = strncmp(path, "0::/user.slice/", 15) == 0;
	path[strcspn(path, "\n")] = '\0';
	for (char *part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		const char *dot = strrchr(part, '.');

		if (dot && (strcmp(dot, ".service") == 0 || strcmp(dot, ".scope") == 0))
			snprintf(unit, HOLDER_UNIT_SIZE, "%s", part);
	}
}

static int add_holder(void *data, pid_t pid, const struct holdernode *node, bool mapped)
{
	_cleanup_free_ char *comm = NULL, *cgroup = NULL;
	struct search *search = data;
	struct holder_list *list = &search->list;
	struct holder *items, *holder;
	char path[64];

	/* All of a process come one after the other, descriptors first. */
	for (size_t i = list->count; i-- > 0 && list->items[i].pid == pid;)
		if (strcmp(list->items[i].path, node->path) == 0)
			return 0;
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	holder = &items[list->count++];
	*holder = (struct holder){ .pid = pid, .addr = node->addr, .mapped = mapped };
	snprintf(holder->path, sizeof(holder->path), "%s", node->path);
	snprintf(path, sizeof(path), "proc/%d/comm", (int)pid);
	if (host_read_file(search->host, path, HOLDER_TEXT, &comm, NULL) >= 0)
		snprintf(holder->comm, sizeof(holder->comm), "%.*s", (int)strcspn(comm, "\n"),
			 comm);
	snprintf(path, sizeof(path), "proc/%d/cgroup", (int)pid);
	if (host_read_file(search->host, path, HOLDER_TEXT, &cgroup, NULL) >= 0)
		parse_unit(cgroup, holder);
	return 0;
}

static int search(const struct host *host, const struct holdernode_list *nodes,
		  struct holder_list *ret)
{
	struct search search = { .host = host };
	int r = procscan_run(host, nodes, add_holder, &search, &search.list.unseen);

	if (r < 0) {
		holder_list_done(&search.list);
		return r;
	}
	*ret = search.list;
	return 0;
}

int holder_scan(const struct host *host, const struct pcidev *const *devs, size_t count,
		struct holder_list *ret)
{
	_cleanup_holdernode_list_ struct holdernode_list nodes = { 0 };
	int r = holdernode_find(host, devs, count, &nodes);

	return r < 0 ? r : search(host, &nodes, ret);
}

int holder_scan_group(const struct host *host, unsigned group, struct holder_list *ret)
{
	_cleanup_holdernode_list_ struct holdernode_list nodes = { 0 };
	int r = holdernode_find_group(host, group, &HOLDER_NO_ADDR, &nodes);

	return r < 0 ? r : search(host, &nodes, ret);
}

const char *holder_format(const struct holder *holder, char buf[static HOLDER_TEXT_SIZE])
{
	snprintf(buf, HOLDER_TEXT_SIZE, "%s (pid %d%s%s) through %s%s", holder->comm,
		 (int)holder->pid, holder->unit[0] ? ", " : "", holder->unit,
		 holder->mapped ? "a mapping of " : "", holder->path);
	return buf;
}

static bool is_called(const char *unit, const char *suffix)
{
	const char *dot = strrchr(unit, '.');

	return dot && strcmp(dot, suffix) == 0;
}

/*
 * logind opens the nodes of a session's compositor, and has PID 1 keep the descriptors over a
 * restart of logind (FDSTORE=1, session-ID-device-226-1): neither is to be ended, the session is.
 */
static bool is_logind(const struct holder *holder)
{
	return holder->pid == 1 || strcmp(holder->unit, "systemd-logind.service") == 0;
}

const char *holder_remedy(const struct holder *holder, char buf[static HOLDER_TEXT_SIZE])
{
	const char *unit = holder->unit;

	if (strncmp(holder->path, "/dev/vfio/", strlen("/dev/vfio/")) == 0)
		snprintf(buf, HOLDER_TEXT_SIZE, "shut that virtual machine down");
	else if (is_logind(holder))
		snprintf(buf, HOLDER_TEXT_SIZE,
			 "log out of the session that systemd-logind has opened it for (loginctl "
			 "list-sessions)");
	else if (is_called(unit, ".service"))
		snprintf(buf, HOLDER_TEXT_SIZE,
			 "systemctl %sstop %s, or log out of the session it serves",
			 holder->of_user ? "--user " : "", unit);
	else if (strncmp(unit, "session-", 8) == 0 && is_called(unit, ".scope"))
		snprintf(buf, HOLDER_TEXT_SIZE, "log out of that session, or end it (kill %d)",
			 (int)holder->pid);
	else
		snprintf(buf, HOLDER_TEXT_SIZE, "end it (kill %d), or log out of its session",
			 (int)holder->pid);
	return buf;
}

void holder_list_done(struct holder_list *list)
{
	free(list->items);
	*list = (struct holder_list){ 0 };
}

/* 0: PID has ended; -ETIMEDOUT. */
static int await_end(pid_t pid, int64_t end)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	for (;;) {
		struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
		int64_t left = end - deadline_now_ms();
		int r = poll(&pfd, 1, left > 0 ? (int)left : 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		return r > 0 ? 0 : -ETIMEDOUT;
	}
}

int holder_await_group(const struct host *host, unsigned group, unsigned timeout_ms,
		       struct holder *ret_last)
{
	int64_t end = deadline_now_ms() + timeout_ms;

	for (;;) {
		_cleanup_holder_list_ struct holder_list list = { 0 };
		int r = holder_scan_group(host, group, &list);

		if (r < 0 || list.count == 0)
			return r;
		*ret_last = list.items[0];
		r = host->recorded ? -ETIMEDOUT : await_end(list.items[0].pid, end);
		if (r < 0)
			return r;
	}
}
