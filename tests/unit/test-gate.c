/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate: the watch over nodes for a quiet window, on a terminal of our own as the node. */
#include "pcitree.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "deadline.h"
#include "gate.h"

#define GPU "0000:01:00.0"

/* A host whose sysfs is the tree's and whose devices and processes are the machine's. */
struct stand {
	struct isolation iso;
	struct isolation_function function;
	char path[64];
	int terminal;
};

/* The node of the card is a terminal's: it can be opened by anybody, and has a device number. */
static void stand_make(struct tree *tree, struct stand *stand)
{
	char place[128], link[64], text[128];
	struct stat st;

	*stand = (struct stand){ .terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };
	assert_true(stand->terminal >= 0);
	assert_int_equal(grantpt(stand->terminal), 0);
	assert_int_equal(unlockpt(stand->terminal), 0);
	assert_int_equal(ptsname_r(stand->terminal, stand->path, sizeof(stand->path)), 0);
	assert_int_equal(stat(stand->path, &st), 0);
	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	snprintf(place, sizeof(place), "sys/bus/pci/devices/" GPU "/drm/card1/uevent");
	snprintf(text, sizeof(text), "DEVNAME=%s\n", stand->path + strlen("/dev/"));
	tree_write(tree, place, text);
	snprintf(link, sizeof(link), "sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));
	tree_link(tree, link, "../../bus/pci/devices/" GPU "/drm/card1");
	tree_link(tree, "proc", "/proc");
	tree->host.recorded = false;
	stand->function.dev.addr = pcitree_addr(GPU);
	stand->function.dev.iommu_group = -1;
	stand->iso.functions = &stand->function;
	stand->iso.count = 1;
}

static void stand_leave(struct stand *stand)
{
	holder_list_done(&stand->iso.holders);
	hostuse_list_done(&stand->iso.uses);
	close(stand->terminal);
}

/* A process that opens the node COUNT times, holds it for HOLD_MS and leaves it for PAUSE_MS. */
static pid_t poll_node(const char *path, unsigned count, unsigned hold_ms, unsigned pause_ms)
{
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (unsigned i = 0; i < count; i++) {
			int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

			if (i == 0)
				(void)!write(ready[1], "x", 1);
			usleep(hold_ms * 1000);
			close(fd);
			usleep(pause_ms * 1000);
		}
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Where the tests run, a process may be hidden from us that is not ours: it is none of the node's.
 */
static int await_quiet(const struct tree *tree, const struct gate_patience *patience,
		       struct stand *stand)
{
	int r = gate_await_quiet(&tree->host, patience, &stand->iso);

	stand->iso.holders.unseen = 0;
	return r;
}

static void quiet_nodes_make_an_open_gate_after_the_window(void **state)
{
	struct gate_patience patience = { .quiet_ms = 100 };
	int64_t start = deadline_now_ms();
	char text[512];
	struct stand stand;

	stand_make(*state, &stand);
	close(open(stand.path, O_RDWR | O_NOCTTY | O_CLOEXEC));
	assert_int_equal(await_quiet(*state, &patience, &stand), 0);
	assert_true(deadline_now_ms() - start >= 100);
	assert_int_equal(gate_tell(&stand.iso, text, sizeof(text)), GATE_OPEN);
	stand_leave(&stand);
}

static void a_poller_that_is_away_at_the_first_look_is_caught_in_the_window(void **state)
{
	struct gate_patience patience = { .quiet_ms = 300 };
	char text[512], pid_text[32];
	struct stand stand;
	pid_t pid;

	stand_make(*state, &stand);
	pid = poll_node(stand.path, 1000, 40, 120);
	usleep(60000);
	assert_int_equal(await_quiet(*state, &patience, &stand), 0);
	end(pid);
	assert_int_equal(gate_tell(&stand.iso, text, sizeof(text)), GATE_HELD);
	snprintf(pid_text, sizeof(pid_text), "(pid %d", (int)pid);
	assert_non_null(strstr(text, pid_text));
	stand_leave(&stand);
}

static void a_program_that_opens_it_once_is_let_pass(void **state)
{
	struct gate_patience patience = { .quiet_ms = 200 };
	char text[512];
	struct stand stand;
	pid_t pid;

	stand_make(*state, &stand);
	pid = poll_node(stand.path, 1, 50, 5000);
	assert_int_equal(await_quiet(*state, &patience, &stand), 0);
	end(pid);
	assert_int_equal(gate_tell(&stand.iso, text, sizeof(text)), GATE_OPEN);
	stand_leave(&stand);
}

static void one_that_stays_is_told_after_one_window(void **state)
{
	struct gate_patience patience = { .quiet_ms = 100 };
	int64_t start = deadline_now_ms();
	char text[512];
	struct stand stand;
	pid_t pid;

	stand_make(*state, &stand);
	pid = poll_node(stand.path, 1, 60000, 0);
	assert_int_equal(await_quiet(*state, &patience, &stand), 0);
	end(pid);
	assert_int_equal(gate_tell(&stand.iso, text, sizeof(text)), GATE_HELD);
	assert_non_null(strstr(text, stand.path));
	assert_true(deadline_now_ms() - start < 5000);
	stand_leave(&stand);
}

/* With a patience for holders, the gate opens when they close, and not when the time is over. */
static void holders_that_let_go_are_waited_for(void **state)
{
	struct gate_patience patience = { .quiet_ms = 50, .let_go_ms = 20000 };
	int64_t start = deadline_now_ms();
	char text[512];
	struct stand stand;
	pid_t pid;

	stand_make(*state, &stand);
	pid = poll_node(stand.path, 1, 500, 60000);
	assert_int_equal(await_quiet(*state, &patience, &stand), 0);
	end(pid);
	assert_int_equal(gate_tell(&stand.iso, text, sizeof(text)), GATE_OPEN);
	assert_true(deadline_now_ms() - start < 15000);
	stand_leave(&stand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(quiet_nodes_make_an_open_gate_after_the_window),
		tree_test(a_poller_that_is_away_at_the_first_look_is_caught_in_the_window),
		tree_test(a_program_that_opens_it_once_is_let_pass),
		tree_test(one_that_stays_is_told_after_one_window),
		tree_test(holders_that_let_go_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
