/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An act that may block for ever in the kernel, done by a child that may be left behind. */
#include "deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"

int64_t deadline_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* 1: the child ended, 0: the deadline passed. */
static int wait_end(int pidfd, unsigned timeout_ms)
{
	int64_t end = deadline_now_ms() + timeout_ms;

	for (;;) {
		struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
		int64_t left = end - deadline_now_ms();
		int r = poll(&pfd, 1, left > 0 ? (int)(left > INT_MAX ? INT_MAX : left) : 0);

		if (r < 0 && errno == EINTR)
			continue;
		return r < 0 ? -errno : r;
	}
}

/* One that is left behind must not keep a pipe open that somebody reads to its end. */
static void let_go_of_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		if (fd < 0 || dup2(fd, stream) < 0)
			close(stream);
	if (fd > STDERR_FILENO)
		close(fd);
}

static int run(int (*act)(void *data), void *data, unsigned timeout_ms, bool silent, int lock_fd,
	       pid_t *ret_pid)
{
	_cleanup_close_ int pidfd = -1;
	siginfo_t end = { 0 };
	pid_t pid, parent = getpid();
	int r;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* A helper that is killed takes its child along, so that no late act of a start
		 * runs into the stop that follows. The second line is for a parent that died before
		 * the first. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(ECANCELED);
		if (silent)
			let_go_of_streams();
		if (lock_fd >= 0)
			close(lock_fd);
		_exit(-act(data) & 0xff);
	}
	/* The system call itself: glibc has had a wrapper only since 2.36. */
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		/* It cannot be waited for in time, so it must not act behind the caller's back. */
		r = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return r;
	}
	r = wait_end(pidfd, timeout_ms);
	if (r <= 0) {
		if (ret_pid)
			*ret_pid = pid;
		kill(pid, SIGKILL);
		return r < 0 ? r : -ETIMEDOUT;
	}
	if (waitid(P_PID, (id_t)pid, &end, WEXITED) < 0)
		return -errno;
	return end.si_code == CLD_EXITED ? -end.si_status : -EPROTO;
}

int deadline_run(int (*act)(void *data), void *data, unsigned timeout_ms, int lock_fd,
		 pid_t *ret_pid)
{
	return run(act, data, timeout_ms, false, lock_fd, ret_pid);
}

int deadline_run_silent(int (*act)(void *data), void *data, unsigned timeout_ms, int lock_fd,
			pid_t *ret_pid)
{
	return run(act, data, timeout_ms, true, lock_fd, ret_pid);
}
