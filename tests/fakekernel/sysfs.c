/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel made of files: the door to sysfs, whose writes act on a directory tree as Linux would.
 */

/*
 * Theory of operation
 *
 * This object stands in the place of helpers/lib/sysfs.o, so a helper linked with it is the helper
 * that ships, byte for byte, but for what happens inside sysfs_write(). Reading is the real code on
 * the files below --root. A write acts as Linux 6.12 does (drivers/base/bus.c, dd.c, power/,
 * drivers/vfio/pci, mm/hugetlb.c):
 *
 *   driver_override   "\n" unsets, and an unset one reads "(null)"; an empty write changes nothing
 *   drivers/D/unbind  -ENODEV when another driver is bound
 *   drivers_probe     succeeds whatever comes of it; nothing is done when a driver is bound; an
 *                     override lets only the driver of that name in
 *   vfio-pci          sets power/control to auto at bind and to on at unbind, refuses bridges and
 *                     functions with virtual functions, and makes the node of the group
 *   resourceN_resize  -EBUSY while a driver is bound, -EINVAL for a size that is not in the bitmap,
 *                     -ENOSPC for one that has no room; else the line of the BAR in "resource"
 *                     changes
 *   reset             -ENOTTY without a method
 *   reset_method      takes "default", "\n" for none, or methods that work on the device; -EINVAL
 *                     leaves it as it was
 *   nr_hugepages      takes what can be had, and never a page that is in use
 *   drm/cardN/uevent  is an event: who has the file .lets-go in proc/PID closes all on "remove",
 * and has it again after "add"; the event is appended to the file that VXM_FAKE_UEVENTS names
 *
 * A device whose directory has the file .next-device is another one after a "remove": somebody has
 * changed it for one with that device id.
 *
 * DRM nodes go with the driver, and are others when they come again.
 *
 * What a machine is like, beyond what sysfs shows, is told by dot files, which no reader lists:
 *
 *   bus/pci/devices/BDF/.modalias-driver   the driver of its kind, without an override
 *   bus/pci/devices/BDF/.stuck             an unbind of it never returns, and has its lock then:
 *   bus/pci/devices/BDF/.locked            what needs that never returns either: writing unbind,
 *                                          drivers_probe, driver_override and power/control, and
 *                                          reading driver_override (drivers/pci/pci-sysfs.c)
 *   bus/pci/devices/BDF/.locked-to-writers the same on a kernel whose readers need no lock
 *   bus/pci/devices/BDF/.refused           a probe of it binds nothing
 *   bus/pci/devices/BDF/config             all ones: a probe by another driver than vfio-pci never
 *                                          returns
 *   bus/pci/devices/BDF/.reset-methods     the methods that work on it
 *   bus/pci/devices/BDF/.reset-fails       a reset fails with -EIO, as a device-specific one does
 *   bus/pci/devices/BDF/.reset-shared      a reset fails with -ENOTTY: no method that is listed can
 *                                          do it
 *   bus/pci/devices/BDF/.reset-kills       after a reset the device reads all ones
 *   bus/pci/devices/BDF/.bar-room          the largest power of two of MiB that has room
 *   HUGEPAGES/.obtainable                  how many pages that pool can grow to in all
 *
 * What goes wrong is told by the environment. Writes are counted from 1, over all processes of one
 * run: VXM_FAKE_KILL_BEFORE=N and VXM_FAKE_KILL_AFTER=N kill the helper (and the child that writes)
 * with SIGKILL right before or after the N-th, VXM_FAKE_FAIL=N:EIO fails it, without effect, with
 * EIO, EBUSY, ENODEV, ENOSPC, EINTR or EPERM. VXM_FAKE_RUN_BEFORE=N:PROGRAM and VXM_FAKE_RUN_AFTER
 * run a program there and wait for its end: what others do at that very moment.
 */
#define sysfs_write fakekernel_store
#define sysfs_read  fakekernel_read
#include "../../helpers/lib/sysfs.c"
#undef sysfs_write
#undef sysfs_read

#include "fakekernel.h"
#include "host.h"
#include "pciaddr.h"

#include <dirent.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

int sysfs_write(const struct host *host, const char *text, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int sysfs_read(const struct host *host, char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#define DEVICES "bus/pci/devices/"
#define DRIVERS "bus/pci/drivers/"
/* The first major of the range for dynamic numbers, as class/vfio shows it on a small machine. */
#define VFIO_MAJOR 244

static unsigned *write_count;
static pid_t helper_pid;

/* Before main(), so that the child that writes with a deadline counts in the same memory. */
__attribute__((constructor)) static void fakekernel_init(void)
{
	write_count = mmap(NULL, sizeof(*write_count), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	helper_pid = getpid();
}

static bool is_chosen(const char *variable, unsigned number)
{
	const char *text = getenv(variable);
	unsigned chosen;

	return text && parse_uint(text, &chosen) >= 0 && chosen == number;
}

static void die(void)
{
	kill(helper_pid, SIGKILL);
	kill(getpid(), SIGKILL);
}

/* What stands behind the colon of "3:EIO", when that is NUMBER; else NULL. */
static const char *chosen_text(const char *variable, unsigned number)
{
	const char *text = getenv(variable), *colon = text ? strchr(text, ':') : NULL;
	char digits[16];
	unsigned chosen;

	if (!colon || (size_t)(colon - text) >= sizeof(digits))
		return NULL;
	memcpy(digits, text, (size_t)(colon - text));
	digits[colon - text] = '\0';
	return parse_uint(digits, &chosen) >= 0 && chosen == number ? colon + 1 : NULL;
}

/* The program is nobody's parent here: it sees neither the locks nor the count. */
static void run_chosen(const char *variable, unsigned number)
{
	const char *program = chosen_text(variable, number);
	char path[PATH_MAX], *argv[] = { path, NULL };
	int status;
	pid_t pid;

	if (!program)
		return;
	snprintf(path, sizeof(path), "%s", program);
	if (posix_spawn(&pid, path, NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		abort();
}

/* "3:EIO": the error of write number 3. */
static int chosen_failure(unsigned number)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {
		{ "EIO", EIO },	      { "EBUSY", EBUSY }, { "ENODEV", ENODEV },
		{ "ENOSPC", ENOSPC }, { "EINTR", EINTR }, { "EPERM", EPERM },
	};
	const char *name = chosen_text("VXM_FAKE_FAIL", number);

	if (!name)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (strcmp(errors[i].name, name) == 0)
			return -errors[i].error;
	abort();
}

static int store(const struct host *host, const char *path, const char *text)
{
	return fakekernel_store(host, text, "%s", path);
}

static int device_text(const struct host *host, const char *bdf, const char *name, char *buf,
		       size_t size)
{
	int r = sysfs_read(host, buf, size, DEVICES "%s/%s", bdf, name);

	if (r < 0)
		buf[0] = '\0';
	return r;
}

static bool device_has(const struct host *host, const char *bdf, const char *name)
{
	return sysfs_exists(host, DEVICES "%s/%s", bdf, name) >= 0;
}

static void set_power(const struct host *host, const char *bdf, const char *text)
{
	if (device_has(host, bdf, "power/control"))
		fakekernel_store(host, text, DEVICES "%s/power/control", bdf);
}

/* The number of members of GROUP that are on vfio-pci. */
static unsigned count_taken(const struct host *host, const char *group)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	char driver[64], other[32];
	unsigned count = 0;

	sysfs_list(host, &names, "bus/pci/devices");
	for (size_t i = 0; i < names.count; i++)
		if (sysfs_read_link(host, driver, sizeof(driver), DEVICES "%s/driver",
				    names.items[i]) >= 0 &&
		    strcmp(driver, "vfio-pci") == 0 &&
		    sysfs_read_link(host, other, sizeof(other), DEVICES "%s/iommu_group",
				    names.items[i]) >= 0 &&
		    strcmp(other, group) == 0)
			count++;
	return count;
}

/* class/vfio/N comes with the first function of a group and goes with the last. */
static void update_group(const struct host *host, const char *bdf)
{
	char group[32], path[PATH_MAX], number[64];
	int fd;

	if (sysfs_read_link(host, group, sizeof(group), DEVICES "%s/iommu_group", bdf) < 0)
		return;
	snprintf(path, sizeof(path), "sys/class/vfio/%s/dev", group);
	if (count_taken(host, group) == 0) {
		unlinkat(host->root_fd, path, 0);
		*strrchr(path, '/') = '\0';
		unlinkat(host->root_fd, path, AT_REMOVEDIR);
		return;
	}
	*strrchr(path, '/') = '\0';
	mkdirat(host->root_fd, "sys/class", 0755);
	mkdirat(host->root_fd, "sys/class/vfio", 0755);
	mkdirat(host->root_fd, path, 0755);
	strcat(path, "/dev");
	snprintf(number, sizeof(number), "%d:%s\n", VFIO_MAJOR, group);
	fd = openat(host->root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, number, strlen(number)) < 0)
		abort();
	close(fd);
}

/* FROM to TO below the root, where there is FROM; directories that were there are made again. */
static void move(const struct host *host, const char *from, const char *to)
{
	if (renameat(host->root_fd, from, host->root_fd, to) < 0 && errno != ENOENT)
		abort();
}

void fakekernel_end_processes(const struct host *host, const char *unit, bool end)
{
	_cleanup_close_ int fd = openat(host->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(take_fd(&fd)) : NULL;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char path[PATH_MAX], to[PATH_MAX];
		_cleanup_free_ char *text = NULL;
		const char *pid = entry->d_name + strspn(entry->d_name, ".");

		snprintf(path, sizeof(path), "proc/%s/cgroup", entry->d_name);
		if (!*pid || host_read_file(host, path, 4096, &text, NULL) < 0 ||
		    !strstr(text, unit))
			continue;
		snprintf(path, sizeof(path), "proc/%s", entry->d_name);
		snprintf(to, sizeof(to), "proc/%s%s", end ? "." : "", pid);
		move(host, path, to);
	}
	if (dir)
		closedir(dir);
}

/* Who follows udev's events closes what it has, or has it again. */
static void tell_compositors(const struct host *host, bool let_go)
{
	_cleanup_strlist_ struct strlist pids = STRLIST_EMPTY;

	host_list(host, "proc", &pids);
	for (size_t i = 0; i < pids.count; i++) {
		char mark[PATH_MAX], fds[PATH_MAX], kept[PATH_MAX];

		snprintf(mark, sizeof(mark), "proc/%s/.lets-go", pids.items[i]);
		snprintf(fds, sizeof(fds), "proc/%s/fd", pids.items[i]);
		snprintf(kept, sizeof(kept), "proc/%s/.fd", pids.items[i]);
		if (faccessat(host->root_fd, mark, F_OK, 0) < 0 ||
		    (faccessat(host->root_fd, kept, F_OK, 0) == 0) == let_go)
			continue;
		if (!let_go)
			unlinkat(host->root_fd, fds, AT_REMOVEDIR);
		move(host, let_go ? fds : kept, let_go ? kept : fds);
		if (let_go)
			mkdirat(host->root_fd, fds, 0755);
	}
}

/* The nodes of a card go with its driver. When they come again, what is in them is the same, and
 * each directory is another one. */
static void update_drm(const struct host *host, const char *bdf, bool there)
{
	_cleanup_strlist_ struct strlist nodes = STRLIST_EMPTY;
	char shown[PATH_MAX], kept[PATH_MAX];

	snprintf(shown, sizeof(shown), "sys/" DEVICES "%s/drm", bdf);
	snprintf(kept, sizeof(kept), "sys/" DEVICES "%s/.drm", bdf);
	if (!there) {
		move(host, shown, kept);
		return;
	}
	if (host_list(host, kept, &nodes) < 0)
		return;
	mkdirat(host->root_fd, shown, 0755);
	for (size_t i = 0; i < nodes.count; i++) {
		_cleanup_strlist_ struct strlist files = STRLIST_EMPTY;
		char from[PATH_MAX], to[PATH_MAX], file[PATH_MAX];

		snprintf(from, sizeof(from), "%.2000s/%.255s", kept, nodes.items[i]);
		snprintf(to, sizeof(to), "%.2000s/%.255s", shown, nodes.items[i]);
		mkdirat(host->root_fd, to, 0755);
		host_list(host, from, &files);
		for (size_t n = 0; n < files.count; n++) {
			char target[PATH_MAX];

			snprintf(file, sizeof(file), "%.3000s/%.255s", from, files.items[n]);
			snprintf(target, sizeof(target), "%.3000s/%.255s", to, files.items[n]);
			move(host, file, target);
		}
		unlinkat(host->root_fd, from, AT_REMOVEDIR);
	}
	unlinkat(host->root_fd, kept, AT_REMOVEDIR);
	tell_compositors(host, false);
}

/* PATH is bus/pci/devices/BDF/drm/cardN/uevent. */
static void replace_device(const struct host *host, const char *path)
{
	char from[PATH_MAX], to[PATH_MAX];
	int device = (int)(strstr(path, "/drm/") - path);

	snprintf(from, sizeof(from), "sys/%.*s/.next-device", device, path);
	snprintf(to, sizeof(to), "sys/%.*s/device", device, path);
	move(host, from, to);
}

static int write_uevent(const struct host *host, const char *path, const char *text)
{
	const char *log = getenv("VXM_FAKE_UEVENTS");
	bool remove = strcmp(text, "remove") == 0;
	FILE *out = log ? fopen(log, "ae") : NULL;

	if (!remove && strcmp(text, "add") != 0)
		return -EINVAL;
	if (out) {
		fprintf(out, "%s %s\n", text, path);
		fclose(out);
	}
	tell_compositors(host, remove);
	if (remove)
		replace_device(host, path);
	return 0;
}

static bool is_refused_by_vfio(const struct host *host, const char *bdf)
{
	uint64_t class = 0, count = 0;

	sysfs_read_u64(host, &class, DEVICES "%s/class", bdf);
	sysfs_read_u64(host, &count, DEVICES "%s/sriov_numvfs", bdf);
	return class >> 16 == 0x06 || count > 0;
}

static void bind_driver(const struct host *host, const char *bdf, const char *driver)
{
	char path[PATH_MAX], target[PATH_MAX];
	bool vfio = strcmp(driver, "vfio-pci") == 0;

	if (sysfs_exists(host, DRIVERS "%s", driver) < 0 || device_has(host, bdf, ".refused") ||
	    (vfio && is_refused_by_vfio(host, bdf)))
		return;
	snprintf(path, sizeof(path), "sys/" DEVICES "%s/driver", bdf);
	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
	if (symlinkat(target, host->root_fd, path) < 0)
		abort();
	if (!vfio)
		update_drm(host, bdf, true);
	if (vfio) {
		set_power(host, bdf, "auto\n");
		update_group(host, bdf);
	}
}

static bool is_dead(const struct host *host, const char *bdf)
{
	unsigned char vendor[4];

	return sysfs_read_bytes(host, vendor, sizeof(vendor), DEVICES "%s/config", bdf) == 4 &&
	       memcmp(vendor, "\377\377\377\377", 4) == 0;
}

static int write_probe(const struct host *host, const char *bdf)
{
	char driver[64];

	if (sysfs_exists(host, DEVICES "%s", bdf) < 0)
		return -ENODEV;
	if (sysfs_read_link(host, driver, sizeof(driver), DEVICES "%s/driver", bdf) >= 0)
		return 0;
	device_text(host, bdf, "driver_override", driver, sizeof(driver));
	if (!driver[0] || strcmp(driver, "(null)") == 0)
		device_text(host, bdf, ".modalias-driver", driver, sizeof(driver));
	while (is_dead(host, bdf) && driver[0] && strcmp(driver, "vfio-pci") != 0)
		pause();
	if (driver[0])
		bind_driver(host, bdf, driver);
	return 0;
}

static int write_unbind(const struct host *host, const char *driver, const char *bdf)
{
	char bound[64], path[PATH_MAX];

	if (sysfs_read_link(host, bound, sizeof(bound), DEVICES "%s/driver", bdf) < 0 ||
	    strcmp(bound, driver) != 0)
		return -ENODEV;
	while (device_has(host, bdf, ".stuck")) {
		snprintf(path, sizeof(path), "sys/" DEVICES "%s/.locked", bdf);
		closep(&(int){ openat(host->root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) });
		pause();
	}
	snprintf(path, sizeof(path), "sys/" DEVICES "%s/driver", bdf);
	if (unlinkat(host->root_fd, path, 0) < 0)
		return -errno;
	update_drm(host, bdf, false);
	if (strcmp(driver, "vfio-pci") == 0) {
		set_power(host, bdf, "on\n");
		update_group(host, bdf);
	}
	return 0;
}

/* drivers/pci/pci.c, reset_method_store(). */
static int write_reset_method(const struct host *host, const char *bdf, const char *path,
			      const char *text)
{
	char offered[256], words[256], list[256] = "", *rest = words, *word;

	device_text(host, bdf, ".reset-methods", offered, sizeof(offered));
	snprintf(words, sizeof(words), "%.*s", (int)strcspn(text, "\n"), text);
	if (strcmp(words, "default") == 0)
		snprintf(words, sizeof(words), "%s", offered);
	while ((word = strsep(&rest, " "))) {
		char blank[300], spaced[300];

		if (!*word)
			continue;
		snprintf(blank, sizeof(blank), " %s ", word);
		snprintf(spaced, sizeof(spaced), " %s ", offered);
		if (!strstr(spaced, blank))
			return -EINVAL;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", *list ? " " : "",
			 word);
	}
	strcat(list, "\n");
	return store(host, path, list);
}

static int write_reset(const struct host *host, const char *bdf, const char *text)
{
	char methods[256], dead[64 + 1];

	if (strcmp(text, "1") != 0 && strcmp(text, "1\n") != 0)
		return -EINVAL;
	device_text(host, bdf, "reset_method", methods, sizeof(methods));
	if (!methods[0] || device_has(host, bdf, ".reset-shared"))
		return -ENOTTY;
	if (device_has(host, bdf, ".reset-fails"))
		return -EIO;
	if (!device_has(host, bdf, ".reset-kills"))
		return 0;
	memset(dead, 0xff, sizeof(dead) - 1);
	dead[sizeof(dead) - 1] = '\0';
	return fakekernel_store(host, dead, DEVICES "%s/config", bdf);
}

/* drivers/pci/pci-sysfs.c, __resource_resize_store(); setup-res.c, pci_resize_resource(). */
static int write_resize(const struct host *host, const char *bdf, unsigned bar, const char *text)
{
	char resource[SYSFS_TEXT_SIZE], mask[32], digits[32], room_text[32], line[64], *at;
	uint64_t offered, exponent, room = UINT64_MAX, size;

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, "\n"), text);
	snprintf(resource, sizeof(resource), "resource%u_resize", bar);
	device_text(host, bdf, resource, mask, sizeof(mask));
	if (parse_u64(digits, &exponent) < 0 || parse_hex(mask, 16, &offered) < 0)
		return -EINVAL;
	if (device_has(host, bdf, "driver"))
		return -EBUSY;
	if (exponent > 43 || (offered >> exponent & 1) == 0)
		return -EINVAL;
	if (device_text(host, bdf, ".bar-room", room_text, sizeof(room_text)) >= 0 &&
	    parse_u64(room_text, &room) >= 0 && exponent > room)
		return -ENOSPC;
	size = UINT64_C(1) << (exponent + 20);
	device_text(host, bdf, "resource", resource, sizeof(resource) - 1);
	strcat(resource, "\n");
	at = resource;
	for (unsigned i = 0; i < bar && at; i++)
		at = strchr(at, '\n') + 1;
	/* Each line has the same length, and a window begins at a multiple of its size. */
	snprintf(line, sizeof(line), "0x%016llx 0x%016llx", (unsigned long long)size,
		 (unsigned long long)(2 * size - 1));
	memcpy(at, line, strlen(line));
	return fakekernel_store(host, resource, DEVICES "%s/resource", bdf);
}

static uint64_t pool_number(const struct host *host, const char *directory, const char *name,
			    uint64_t absent)
{
	uint64_t value = absent;

	if (sysfs_read_u64(host, &value, "%s/%s", directory, name) < 0)
		return absent;
	return value;
}

static void pool_store(const struct host *host, const char *directory, const char *name,
		       uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
	if (sysfs_exists(host, "%s/%s", directory, name) >= 0)
		fakekernel_store(host, text, "%s/%s", directory, name);
}

/* One pool to WANTED pages, as far as it goes: pages in use stay, as surplus. */
static void resize_pool(const struct host *host, const char *directory, uint64_t wanted)
{
	uint64_t total = pool_number(host, directory, "nr_hugepages", 0);
	uint64_t free_pages = pool_number(host, directory, "free_hugepages", total);
	uint64_t most = pool_number(host, directory, ".obtainable", UINT64_MAX);
	uint64_t used = total - free_pages, to = wanted;

	if (to > total && to > most)
		to = most > total ? most : total;
	if (to < used)
		to = used;
	pool_store(host, directory, "nr_hugepages", to);
	pool_store(host, directory, "free_hugepages", to - used);
	pool_store(host, directory, "surplus_hugepages", to > wanted ? to - wanted : 0);
}

/* The sum of the nodes is the machine's pool; pages wanted there go to the nodes in their order. */
static int write_hugepages(const struct host *host, const char *path, const char *text)
{
	static const char global[] = "kernel/mm/hugepages/";
	_cleanup_strlist_ struct strlist nodes = STRLIST_EMPTY;
	char directory[PATH_MAX], node[PATH_MAX], main_pool[PATH_MAX], digits[32];
	uint64_t wanted, total = 0, free_pages = 0;
	const char *size;

	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, "\n"), text);
	if (parse_u64(digits, &wanted) < 0)
		return -EINVAL;
	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = '\0';
	size = strrchr(directory, '/') + 1;
	snprintf(main_pool, sizeof(main_pool), "%s%s", global, size);
	sysfs_list(host, &nodes, "devices/system/node");
	if (strcmp(directory, main_pool) != 0 || nodes.count == 0)
		resize_pool(host, directory, wanted);
	for (size_t i = 0; i < nodes.count; i++) {
		uint64_t have;

		snprintf(node, sizeof(node), "devices/system/node/%.200s/hugepages/%.200s",
			 nodes.items[i], size);
		if (strncmp(nodes.items[i], "node", 4) != 0 || sysfs_exists(host, "%s", node) < 0)
			continue;
		have = pool_number(host, node, "nr_hugepages", 0);
		if (strcmp(directory, main_pool) == 0) {
			uint64_t now = pool_number(host, main_pool, "nr_hugepages", 0);

			resize_pool(host, node,
				    wanted >= now	  ? have + (wanted - now)
				    : have > now - wanted ? have - (now - wanted)
							  : 0);
			now += pool_number(host, node, "nr_hugepages", 0) - have;
			pool_store(host, main_pool, "nr_hugepages", now);
		}
		total += pool_number(host, node, "nr_hugepages", 0);
		free_pages += pool_number(host, node, "free_hugepages", 0);
	}
	if (total + free_pages > 0 || nodes.count > 0) {
		pool_store(host, main_pool, "nr_hugepages", total);
		pool_store(host, main_pool, "free_hugepages", free_pages);
	}
	return 0;
}

/* Takes "DIRECTORY/NAME/FILE" apart: 1 and NAME when PATH is of that form. */
static int match(const char *path, const char *directory, const char *file,
		 char name[static NAME_MAX + 1])
{
	size_t before = strlen(directory), length = strlen(path), after = strlen(file);
	size_t middle;

	if (length <= before + after + 1 || strncmp(path, directory, before) != 0 ||
	    strcmp(path + length - after, file) != 0 || path[length - after - 1] != '/')
		return 0;
	middle = length - before - after - 1;
	if (middle > NAME_MAX || memchr(path + before, '/', middle))
		return 0;
	memcpy(name, path + before, middle);
	name[middle] = '\0';
	return 1;
}

static int read_bdf(const char *text, char bdf[static PCIADDR_SIZE])
{
	struct pciaddr addr;
	int r;

	snprintf(bdf, PCIADDR_SIZE, "%.*s", (int)strcspn(text, "\n"), text);
	r = pciaddr_parse(bdf, &addr);
	return r < 0 ? r : 0;
}

/* Waits for the lock of the device that PATH, and of a write TEXT, is about, where that has one. */
static void take_lock(const struct host *host, const char *path, const char *text)
{
	char name[NAME_MAX + 1], driver[NAME_MAX + 1];

	if (text && (match(path, DRIVERS, "unbind", driver) ||
		     strcmp(path, "bus/pci/drivers_probe") == 0)) {
		if (read_bdf(text, name) < 0)
			return;
	} else if (!match(path, DEVICES, "driver_override", name) &&
		   !(text && match(path, DEVICES, "power/control", name))) {
		return;
	}
	while (device_has(host, name, ".locked") ||
	       (text && device_has(host, name, ".locked-to-writers")))
		pause();
}

/* Such a write changes nothing, so there is no moment before and after it. */
static bool is_the_same_control(const struct host *host, const char *path, const char *text)
{
	char bdf[NAME_MAX + 1], is[SYSFS_TEXT_SIZE];

	return match(path, DEVICES, "power/control", bdf) &&
	       sysfs_read(host, is, sizeof(is), "%s", path) >= 0 && strcmp(is, text) == 0;
}

int sysfs_read(const struct host *host, char *buf, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	int r = SYSFS_PATH(path, format);

	if (r >= 0)
		take_lock(host, path + strlen(SYSFS_MOUNT), NULL);
	return r < 0 ? r : read_text(host, path, buf, size);
}

static int act(const struct host *host, const char *path, const char *text)
{
	char name[NAME_MAX + 1], value[SYSFS_TEXT_SIZE], bdf[PCIADDR_SIZE];
	size_t length = strcspn(text, "\n");

	if (!*text)
		return 0;
	snprintf(value, sizeof(value), "%.*s\n", (int)length, text);
	take_lock(host, path, text);
	if (sysfs_exists(host, "%s", path) < 0)
		return -ENOENT;
	if (match(path, DRIVERS, "unbind", name))
		return read_bdf(text, bdf) < 0 ? -ENODEV : write_unbind(host, name, bdf);
	if (strncmp(path, DEVICES, strlen(DEVICES)) == 0 && strstr(path, "/drm/card") &&
	    strcmp(strrchr(path, '/'), "/uevent") == 0)
		return write_uevent(host, path, text);
	if (strcmp(path, "bus/pci/drivers_probe") == 0)
		return read_bdf(text, bdf) < 0 ? -ENODEV : write_probe(host, bdf);
	if (match(path, DEVICES, "driver_override", name))
		return store(host, path, length > 0 ? value : "(null)\n");
	if (match(path, DEVICES, "power/control", name) && strcmp(value, "auto\n") != 0 &&
	    strcmp(value, "on\n") != 0)
		return -EINVAL;
	if (match(path, DEVICES, "reset", name))
		return write_reset(host, name, text);
	if (match(path, DEVICES, "reset_method", name))
		return write_reset_method(host, name, path, text);
	for (unsigned bar = 0; bar < 6; bar++) {
		char file[32];

		snprintf(file, sizeof(file), "resource%u_resize", bar);
		if (match(path, DEVICES, file, name))
			return write_resize(host, name, bar, text);
	}
	if (strlen(path) > strlen("/nr_hugepages") &&
	    strcmp(path + strlen(path) - strlen("/nr_hugepages"), "/nr_hugepages") == 0)
		return write_hugepages(host, path, text);
	return store(host, path, value);
}

int fakekernel_change(int (*change)(void *data), void *data)
{
	unsigned number = ++*write_count;
	int r;

	run_chosen("VXM_FAKE_RUN_BEFORE", number);
	if (is_chosen("VXM_FAKE_KILL_BEFORE", number))
		die();
	r = chosen_failure(number);
	if (r >= 0)
		r = change(data);
	run_chosen("VXM_FAKE_RUN_AFTER", number);
	if (is_chosen("VXM_FAKE_KILL_AFTER", number))
		die();
	return r;
}

struct write {
	const struct host *host;
	const char *path;
	const char *text;
};

static int act_on_write(void *data)
{
	const struct write *w = data;

	return act(w->host, w->path, w->text);
}

int sysfs_write(const struct host *host, const char *text, const char *format, ...)
{
	char path[PATH_MAX];
	int r = SYSFS_PATH(path, format);
	struct write write = { .host = host, .path = path + strlen(SYSFS_MOUNT), .text = text };

	if (r < 0)
		return r;
	if (is_the_same_control(host, write.path, text)) {
		take_lock(host, write.path, text);
		return 0;
	}
	return fakekernel_change(act_on_write, &write);
}
