/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log: one line a message, that no value can forge a second of. */
#include "tree.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "capture.h"
#include "log.h"

static void a_line_names_program_and_guest(void **state)
{
	struct capture capture;

	(void)state;
	log_open("vxm-isolate", NULL);
	capture = capture_begin(STDERR_FILENO);
	log_error("%s is held", "0000:01:00.0");
	log_open("vxm-isolate", "win11");
	log_info("%d pages", 3);
	assert_string_equal(capture_end(&capture),
			    "vxm-isolate: 0000:01:00.0 is held\nvxm-isolate win11: 3 pages\n");
}

static void a_value_cannot_forge_a_second_line(void **state)
{
	struct capture capture = capture_begin(STDERR_FILENO);

	(void)state;
	log_open("vxm", NULL);
	log_warning("%s", "a\n<0>b\rc\033[2Jd\t\x7f");
	assert_string_equal(capture_end(&capture), "vxm: a?<0>b?c?[2Jd??\n");
}

static void a_long_text_is_cut_and_ends_its_line(void **state)
{
	static char big[65536];
	struct capture capture;
	const char *text;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	log_open("vxm", NULL);
	capture = capture_begin(STDERR_FILENO);
	log_error("%s", big);
	log_error("%%s %s", "next");
	text = capture_end(&capture);
	assert_int_equal(strcspn(text, "\n"), strlen("vxm: ") + 4095);
	assert_string_equal(text + strcspn(text, "\n"), "\nvxm: %s next\n");
}

static void the_journal_is_given_priorities_and_nobody_else(void **state)
{
	struct capture capture = capture_begin(STDERR_FILENO);
	struct stat st;
	char stream[64];
	const char *text;

	(void)state;
	log_open("vxm", NULL);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_error("a");
	log_warning("b");
	log_info("c");
	/* Inherited by a child whose stderr was redirected: another stream. */
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_error("d");
	unsetenv("JOURNAL_STREAM");
	text = capture_end(&capture);
	assert_string_equal(text, "<3>vxm: a\n<4>vxm: b\n<6>vxm: c\nvxm: d\n");
}

static void debug_is_silent_unless_asked_for(void **state)
{
	struct capture capture = capture_begin(STDERR_FILENO);

	(void)state;
	log_open("vxm", NULL);
	unsetenv("VXM_DEBUG");
	log_debug("a");
	setenv("VXM_DEBUG", "yes", 1);
	log_debug("b");
	setenv("VXM_DEBUG", "1", 1);
	log_debug("c");
	unsetenv("VXM_DEBUG");
	assert_string_equal(capture_end(&capture), "vxm: c\n");
}

/* From here on a file's position cannot be asked for, as with /dev/kmsg. */
static bool forbid_lseek(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_lseek, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void a_file_that_tells_no_position_gets_its_line(void **state)
{
	struct capture capture = capture_begin(STDERR_FILENO);
	int status;
	pid_t pid;

	(void)state;
	log_open("vxm-generator", NULL);
	pid = fork();
	if (pid == 0) {
		if (!forbid_lseek() || lseek(STDERR_FILENO, 0, SEEK_CUR) != -1 || errno != EINVAL)
			_exit(1);
		log_warning("demo: a");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(capture_end(&capture), "vxm-generator: demo: a\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_program_and_guest),
		cmocka_unit_test(a_value_cannot_forge_a_second_line),
		cmocka_unit_test(a_long_text_is_cut_and_ends_its_line),
		cmocka_unit_test(the_journal_is_given_priorities_and_nobody_else),
		cmocka_unit_test(a_file_that_tells_no_position_gets_its_line),
		cmocka_unit_test(debug_is_silent_unless_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
