/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes hold device nodes of a PCI function. */
#include "holder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "parse.h"
#include "sysfs.h"

/* Documentation/admin-guide/devices.txt: 195 char is NVIDIA's. */
#define NVIDIA_MAJOR   195
#define HOLDER_TEXT    ((size_t)64 * 1024)
#define HOLDER_NO_ADDR ((struct pciaddr){ 0 })

struct node {
	struct pciaddr addr;
	unsigned major, minor;
	bool block;
	char path[HOLDER_PATH_SIZE];
};

struct node_list {
	struct node *items;
	size_t count;
};

static void node_list_done(struct node_list *list)
{
	free(list->items);
}

static int add_node(struct node_list *nodes, const struct node *node)
{
	struct node *items = reallocarray(nodes->items, nodes->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	nodes->items = items;
	items[nodes->count++] = *node;
	return 0;
}

static int parse_number(const char *text, unsigned *ret_major, unsigned *ret_minor)
{
	char major[16];
	const char *colon = strchr(text, ':');

	if (!colon || (size_t)(colon - text) >= sizeof(major))
		return -EINVAL;
	memcpy(major, text, (size_t)(colon - text));
	major[colon - text] = '\0';
	return parse_uint(major, ret_major) < 0 || parse_uint(colon + 1, ret_minor) < 0 ? -EINVAL
											: 0;
}

/*
 * Reads a place like "../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1": 1 and the last
 * PCI address in it, 0 when there is none or when what is below it may be unplugged at any time.
 */
static int parse_place(char *place, bool block, struct pciaddr *ret)
{
	int found = 0;
	char *save;

	for (char *part = strtok_r(place, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (pciaddr_parse(part, ret) >= 0)
			found = 1;
		else if (!block && found &&
			 (strncmp(part, "input", 5) == 0 || strncmp(part, "usb", 3) == 0))
			return 0;
	}
	return found;
}

/* "DEVNAME=dri/card1" of a device's uevent file. */
static void read_node_path(const struct host *host, const char *kind, const char *number,
			   char path[static HOLDER_PATH_SIZE])
{
	char text[SYSFS_TEXT_SIZE], *name;

	snprintf(path, HOLDER_PATH_SIZE, "/dev/%s/%s", kind, number);
	if (sysfs_read(host, text, sizeof(text), "dev/%s/%s/uevent", kind, number) < 0)
		return;
	name = strstr(text, "DEVNAME=");
	if (!name)
		return;
	name += strlen("DEVNAME=");
	name[strcspn(name, "\n")] = '\0';
	if (strlen(name) + sizeof("/dev/") <= HOLDER_PATH_SIZE)
		snprintf(path, HOLDER_PATH_SIZE, "/dev/%.58s", name);
}

static bool is_wanted(const struct pcidev *const *devs, size_t count, const struct pciaddr *addr)
{
	for (size_t i = 0; i < count; i++)
		if (pciaddr_compare(&devs[i]->addr, addr) == 0)
			return true;
	return false;
}

static int find_sysfs_nodes(const struct host *host, const char *kind,
			    const struct pcidev *const *devs, size_t count, struct node_list *nodes)
{
	_cleanup_strlist_ struct strlist numbers = STRLIST_EMPTY;
	int r = sysfs_list(host, &numbers, "dev/%s", kind);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < numbers.count; i++) {
		struct node node = { .block = strcmp(kind, "block") == 0 };
		char place[PATH_MAX];

		r = sysfs_read_target(host, place, sizeof(place), "dev/%s/%s", kind,
				      numbers.items[i]);
		if (r == -ENOENT) /* gone since the listing */
			continue;
		if (r < 0)
			return r;
		if (!parse_place(place, node.block, &node.addr) ||
		    !is_wanted(devs, count, &node.addr) ||
		    parse_number(numbers.items[i], &node.major, &node.minor) < 0)
			continue;
		read_node_path(host, kind, numbers.items[i], node.path);
		r = add_node(nodes, &node);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_nvidia_node(const struct host *host, const struct pciaddr *addr,
			    struct node_list *nodes)
{
	struct node node = { .addr = *addr, .major = NVIDIA_MAJOR };
	char path[96], bdf[PCIADDR_SIZE], *minor;
	_cleanup_free_ char *text = NULL;
	int r;

	snprintf(path, sizeof(path), "proc/driver/nvidia/gpus/%s/information",
		 pciaddr_format(addr, bdf));
	r = host_read_file(host, path, HOLDER_TEXT, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	minor = strstr(text, "Device Minor:");
	if (!minor)
		return 0;
	minor += strlen("Device Minor:");
	minor += strspn(minor, " \t");
	minor[strcspn(minor, " \t\n")] = '\0';
	if (parse_uint(minor, &node.minor) < 0)
		return 0;
	snprintf(node.path, sizeof(node.path), "/dev/nvidia%u", node.minor);
	return add_node(nodes, &node);
}

static int find_group_node(const struct host *host, unsigned group, const struct pciaddr *addr,
			   struct node_list *nodes)
{
	struct node node = { .addr = *addr };
	char number[64];
	int r;

	r = sysfs_read(host, number, sizeof(number), "class/vfio/%u/dev", group);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (parse_number(number, &node.major, &node.minor) < 0)
		return -EBADMSG;
	snprintf(node.path, sizeof(node.path), "/dev/vfio/%u", group);
	return add_node(nodes, &node);
}

/* Which of the nodes the descriptor FD (a name in the directory FDS) is, or NULL. *ret_unseen is
 * set when we may not know. */
static const struct node *find_node(const struct host *host, int fds, const char *fd,
				    const struct node_list *nodes, bool *ret_unseen)
{
	char target[PATH_MAX];
	struct statx stx;
	ssize_t n;

	if (host->recorded) {
		n = readlinkat(fds, fd, target, sizeof(target) - 1);
		if (n < 0)
			return NULL;
		target[n] = '\0';
		for (size_t i = 0; i < nodes->count; i++)
			if (strcmp(nodes->items[i].path, target) == 0)
				return &nodes->items[i];
		return NULL;
	}
	/* Without a sync: a descriptor of a dead NFS server must not stop us. */
	if (statx(fds, fd, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &stx) < 0) {
		*ret_unseen = *ret_unseen || errno == EACCES || errno == EPERM;
		return NULL;
	}
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->items[i];

		if ((node->block ? S_ISBLK(stx.stx_mode) : S_ISCHR(stx.stx_mode)) &&
		    stx.stx_rdev_major == node->major && stx.stx_rdev_minor == node->minor)
			return node;
	}
	return NULL;
}

/* The last service or scope in the path of the unified hierarchy, user managers' units included. */
static void parse_unit(char *cgroup, char unit[static HOLDER_UNIT_SIZE])
{
	char *save, *path = strstr(cgroup, "0::");

	unit[0] = '\0';
	if (!path)
		return;
	path[strcspn(path, "\n")] = '\0';
	for (char *part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		const char *dot = strrchr(part, '.');

		if (dot && (strcmp(dot, ".service") == 0 || strcmp(dot, ".scope") == 0))
			snprintf(unit, HOLDER_UNIT_SIZE, "%s", part);
	}
}

static int add_holder(const struct host *host, struct holder_list *list, const char *process,
		      const struct node *node)
{
	_cleanup_free_ char *comm = NULL, *cgroup = NULL;
	struct holder *items, *holder;
	char path[64];
	unsigned pid;
	int r = parse_uint(process, &pid);

	if (r < 0)
		return r;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].pid == (pid_t)pid &&
		    strcmp(list->items[i].path, node->path) == 0)
			return 0;
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	holder = &items[list->count++];
	*holder = (struct holder){ .pid = (pid_t)pid, .addr = node->addr };
	snprintf(holder->path, sizeof(holder->path), "%s", node->path);
	snprintf(path, sizeof(path), "proc/%u/comm", pid);
	if (host_read_file(host, path, HOLDER_TEXT, &comm, NULL) >= 0)
		snprintf(holder->comm, sizeof(holder->comm), "%.*s", (int)strcspn(comm, "\n"),
			 comm);
	snprintf(path, sizeof(path), "proc/%u/cgroup", pid);
	if (host_read_file(host, path, HOLDER_TEXT, &cgroup, NULL) >= 0)
		parse_unit(cgroup, holder->unit);
	return 0;
}

static int scan_process(const struct host *host, const char *process, const struct node_list *nodes,
			struct holder_list *list)
{
	_cleanup_strlist_ struct strlist fds = STRLIST_EMPTY;
	_cleanup_close_ int fd = -1;
	bool unseen = false;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "proc/%s/fd", process);
	r = host_list(host, path, &fds);
	if (r == -EACCES || r == -EPERM) {
		list->unseen++;
		return 0;
	}
	if (r == -ENOENT || r == -ESRCH || r == -ENOTDIR) /* it ended, or is a file with a number */
		return 0;
	if (r < 0)
		return r;
	fd = host_openat(host, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return 0;
	for (size_t i = 0; i < fds.count; i++) {
		const struct node *node = find_node(host, fd, fds.items[i], nodes, &unseen);

		r = node ? add_holder(host, list, process, node) : 0;
		if (r < 0)
			return r;
	}
	list->unseen += unseen;
	return 0;
}

static int scan_processes(const struct host *host, const struct node_list *nodes,
			  struct holder_list *ret)
{
	_cleanup_holder_list_ struct holder_list list = { 0 };
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r = nodes->count > 0 ? host_list(host, "proc", &names) : 0;

	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		unsigned pid;

		if (parse_uint(names.items[i], &pid) < 0 ||
		    (!host->recorded && (pid_t)pid == getpid()))
			continue;
		r = scan_process(host, names.items[i], nodes, &list);
		if (r < 0)
			return r;
	}
	*ret = list;
	list = (struct holder_list){ 0 };
	return 0;
}

int holder_scan(const struct host *host, const struct pcidev *const *devs, size_t count,
		struct holder_list *ret)
{
	_cleanup_(node_list_done) struct node_list nodes = { 0 };
	int r = find_sysfs_nodes(host, "char", devs, count, &nodes);

	if (r >= 0)
		r = find_sysfs_nodes(host, "block", devs, count, &nodes);
	for (size_t i = 0; i < count && r >= 0; i++) {
		r = find_nvidia_node(host, &devs[i]->addr, &nodes);
		if (r >= 0 && devs[i]->iommu_group >= 0)
			r = find_group_node(host, (unsigned)devs[i]->iommu_group, &devs[i]->addr,
					    &nodes);
	}
	return r < 0 ? r : scan_processes(host, &nodes, ret);
}

int holder_scan_group(const struct host *host, unsigned group, struct holder_list *ret)
{
	_cleanup_(node_list_done) struct node_list nodes = { 0 };
	int r = find_group_node(host, group, &HOLDER_NO_ADDR, &nodes);

	return r < 0 ? r : scan_processes(host, &nodes, ret);
}

void holder_list_done(struct holder_list *list)
{
	free(list->items);
	*list = (struct holder_list){ 0 };
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* 0: PID has ended; -ETIMEDOUT. */
static int await_end(pid_t pid, int64_t end)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	for (;;) {
		struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
		int64_t left = end - now_ms();
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
	int64_t end = now_ms() + timeout_ms;

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
