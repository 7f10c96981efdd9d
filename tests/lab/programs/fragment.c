// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fragment MIB EVERY BALLAST: takes MIB of memory to pieces and holds them until it is killed,
 * beside BALLAST MIB of which nothing is to be had.
 *
 * It touches all of it in pages of 4 KiB and keeps every eighth one, so that seven eighths are free
 * and no free block is of more than 16 KiB. That much the kernel repairs by moving what is left. So
 * of each EVERY-th piece of 2 MiB one page is put into a pipe as well: with a reference that is not
 * a mapping it cannot be moved (vmsplice(2)), and no huge page can be where it lies. Says READY=1
 * when it has done so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define PAGE	   ((size_t)4096)
#define PIECE	   ((size_t)2 * 1024 * 1024)
#define PIPE_PAGES 16
#define KEPT_EACH  8

static void demand(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fragment: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A pipe takes 16 pages, and is never read from. */
static void pin(char *page)
{
	static int fds[2];
	static unsigned used = PIPE_PAGES;
	struct iovec piece = { .iov_base = page, .iov_len = PAGE };

	if (used++ == PIPE_PAGES) {
		used = 1;
		demand(pipe2(fds, O_CLOEXEC) == 0, "pipe");
	}
	demand(vmsplice(fds[1], &piece, 1, 0) == (ssize_t)PAGE, "vmsplice");
}

int main(int argc, char *argv[])
{
	struct rlimit files = { .rlim_cur = 8192, .rlim_max = 8192 };
	size_t size, every, ballast;
	char *memory, *solid;

	if (argc != 4)
		return 2;
	size = strtoul(argv[1], NULL, 10) * 1024 * 1024;
	every = strtoul(argv[2], NULL, 10);
	ballast = strtoul(argv[3], NULL, 10) * 1024 * 1024;
	demand(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
	solid = mmap(NULL, ballast, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	demand(solid != MAP_FAILED && memory != MAP_FAILED, "mmap");
	/* In huge pages where there are any: nothing to be moved about. */
	madvise(solid, ballast, MADV_HUGEPAGE);
	for (size_t at = 0; at < ballast; at += PAGE)
		solid[at] = 1;
	demand(madvise(memory, size, MADV_NOHUGEPAGE) == 0, "madvise");
	for (size_t at = 0; at < size; at += PAGE)
		memory[at] = 1;
	for (size_t at = 0; every > 0 && at < size; at += every * PIECE)
		pin(memory + at);
	for (size_t at = 0; at < size; at += KEPT_EACH * PAGE)
		demand(madvise(memory + at + PAGE, (KEPT_EACH - 1) * PAGE, MADV_DONTNEED) == 0,
		       "madvise");
	sd_notify(0, "READY=1");
	for (;;)
		pause();
}
