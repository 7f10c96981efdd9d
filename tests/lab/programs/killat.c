// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LD_PRELOADed into a helper: kills it with SIGKILL after a given step of its start.
 *
 * A step is a call that leaves a trace outside the process: one that makes, fills, names, gives
 * away or removes a file, binds a name, sends, spawns, changes a device, and the exec by which a
 * helper becomes a server. What only asks (an ioctl that reads, a VCP get, a netlink socket that
 * listens) is none: a death after it is the same as the one before it. The file LAB_KILL_FILE names
 * how many steps the helper may take; it is killed right after the last of them (right before an
 * exec, of which there is no after). A child of the helper counts with it, and both are killed. 0
 * kills nobody and says "lab: step N CALL" on stderr for each, so that the next run knows where the
 * middle is. "hold N" in the file holds the helper there instead, for ever: its last act is to make
 * the file with ".held" behind that name. Without such a file nothing happens at all, and only a
 * start is meant, "HELPER start NAME" or "HELPER run NAME": in a process with another verb nothing
 * is counted.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct shared {
	unsigned steps;
	unsigned limit;
	int hold;
	pid_t helper;
	char held[256];
};

/* Shared with the children that the helper forks; NULL: nothing is counted. */
static struct shared *shared;

__attribute__((constructor)) static void prepare(int argc, char **argv)
{
	const char *file = getenv("LAB_KILL_FILE"), *verb = getenv("LAB_KILL_VERB");
	char text[32] = "";
	int fd, hold;

	if (!file ||
	    (argc > 2 && (verb ? strcmp(argv[1], verb) != 0
			       : strcmp(argv[1], "start") != 0 && strcmp(argv[1], "run") != 0)))
		return;
	unsetenv("LD_PRELOAD");
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_read, fd, text, sizeof(text) - 1) < 0)
		return;
	close(fd);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		abort();
	hold = strncmp(text, "hold ", 5) == 0;
	*shared = (struct shared){ .limit = (unsigned)strtoul(text + (hold ? 5 : 0), NULL, 10),
				   .hold = hold,
				   .helper = getpid() };
	snprintf(shared->held, sizeof(shared->held), "%s.held", file);
}

/* By the system call: our own openat() would count it. */
static void hold(void)
{
	close((int)syscall(SYS_openat, AT_FDCWD, shared->held, O_CREAT | O_WRONLY | O_CLOEXEC,
			   0644));
	for (;;)
		pause();
}

static void die(void)
{
	/* The helper first, so that it does not see its child go. */
	kill(shared->helper, SIGKILL);
	kill(getpid(), SIGKILL);
}

static void step(const char *call)
{
	int saved = errno;
	char line[64];

	if (!shared)
		return;
	shared->steps++;
	if (shared->limit == 0) {
		int n = snprintf(line, sizeof(line), "lab: step %u %s\n", shared->steps, call);

		syscall(SYS_write, STDERR_FILENO, line, (size_t)n);
	} else if (shared->steps == shared->limit) {
		if (shared->hold)
			hold();
		die();
	}
	errno = saved;
}

/* The next definition of the function NAME, of the type of the one we stand in for. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define STEP(call, expression)                          \
	({                                              \
		__typeof__(expression) r_ = expression; \
		step(call);                             \
		r_;                                     \
	})

ssize_t write(int fd, const void *buf, size_t size)
{
	/* What a helper says is no trace in the world. */
	if (fd == STDOUT_FILENO || fd == STDERR_FILENO)
		return NEXT(write)(fd, buf, size);
	return STEP("write", NEXT(write)(fd, buf, size));
}

ssize_t pwrite(int fd, const void *buf, size_t size, off_t offset)
{
	return STEP("pwrite", NEXT(pwrite)(fd, buf, size, offset));
}

/* An open that may make the file counts whether it did or not, so that each start has as many steps
 * as the one in which they were counted. */
static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int openat(int fd, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return flags & O_CREAT ? STEP("open", NEXT(openat)(fd, path, flags, mode))
			       : NEXT(openat)(fd, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

int ftruncate(int fd, off_t size)
{
	return STEP("truncate", NEXT(ftruncate)(fd, size));
}

int fchmod(int fd, mode_t mode)
{
	return STEP("chmod", NEXT(fchmod)(fd, mode));
}

int fchown(int fd, uid_t uid, gid_t gid)
{
	return STEP("chown", NEXT(fchown)(fd, uid, gid));
}

int fchownat(int fd, const char *path, uid_t uid, gid_t gid, int flags)
{
	return STEP("chown", NEXT(fchownat)(fd, path, uid, gid, flags));
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	return STEP("link", NEXT(linkat)(from, old, to, new, flags));
}

int renameat(int from, const char *old, int to, const char *new)
{
	return STEP("rename", NEXT(renameat)(from, old, to, new));
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	return STEP("rename", NEXT(renameat2)(from, old, to, new, flags));
}

int rename(const char *old, const char *new)
{
	return STEP("rename", NEXT(rename)(old, new));
}

int mkdirat(int fd, const char *path, mode_t mode)
{
	return STEP("mkdir", NEXT(mkdirat)(fd, path, mode));
}

int mkdir(const char *path, mode_t mode)
{
	return STEP("mkdir", NEXT(mkdir)(path, mode));
}

int unlinkat(int fd, const char *path, int flags)
{
	return STEP("unlink", NEXT(unlinkat)(fd, path, flags));
}

int unlink(const char *path)
{
	return STEP("unlink", NEXT(unlink)(path));
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	if (address->sa_family != AF_UNIX)
		return NEXT(bind)(fd, address, size);
	return STEP("bind", NEXT(bind)(fd, address, size));
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	return STEP("send", NEXT(send)(fd, data, size, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return STEP("sendmsg", NEXT(sendmsg)(fd, message, flags));
}

/* A transfer that sets a feature of a monitor: 0x03 in DDC/CI, after source address and length. */
static int sets_a_feature(const struct i2c_rdwr_ioctl_data *transfer)
{
	for (unsigned i = 0; i < transfer->nmsgs; i++)
		if (!(transfer->msgs[i].flags & I2C_M_RD) && transfer->msgs[i].addr == 0x37 &&
		    transfer->msgs[i].len > 2 && transfer->msgs[i].buf[2] == 0x03)
			return 1;
	return 0;
}

/* The numbers of i2c-dev are older than the direction in a number. */
static int changes_a_device(unsigned long request, const void *argument)
{
	if (request == I2C_RDWR)
		return sets_a_feature(argument);
	return request != I2C_FUNCS && request != I2C_SLAVE && request != I2C_SLAVE_FORCE &&
	       _IOC_DIR(request) != _IOC_READ;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	if (!changes_a_device(request, argument))
		return NEXT(ioctl)(fd, request, argument);
	return STEP("ioctl", NEXT(ioctl)(fd, request, argument));
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	return STEP("spawn", NEXT(posix_spawn)(pid, path, actions, attributes, argv, envp));
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	/* A child of the helper becomes another program: that one is not the helper. */
	if (shared && getpid() == shared->helper)
		step("exec");
	return NEXT(execve)(path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}
