/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells systemd, and udev at boot, what the guest files say and a static unit cannot. */

/*
 * Theory of operation
 *
 * systemd runs this at boot, before any unit and before udevd, and at each daemon-reload, with
 * three directories of which the first is used (systemd.generator(7)). It only reads /etc and
 * sysfs, and which directories a running guest has in /run/vxm; it only writes below /run: systemd
 * from 254 on makes the rest read-only for it, and /var may not be there. Each guest gets its
 * drop-ins (guestdropin.h), each prepared one its udev rules (preparerule.h).
 *
 * It never stands in the way of a boot. A guest file that is wrong gets one line in the log and a
 * drop-in that holds nothing but the reason; vxm-check@ refuses that guest later, with the same
 * line. The exit status only tells whether something could not be written.
 *
 * There is no journal yet, so messages go to the kernel's log, from where the journal takes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "guest.h"
#include "guestdropin.h"
#include "guestfile.h"
#include "host.h"
#include "log.h"
#include "prepared.h"
#include "prepareplan.h"
#include "preparerule.h"
#include "rulefile.h"
#include "seatrule.h"

static const char *arg_root;
static const char *arg_directory;

/* Opens DIRECTORY/vxm-UNIT@NAME.service.d/50-vxm.conf for writing. NULL and errno. */
static FILE *open_dropin(enum guestdropin_unit unit, const char *name)
{
	_cleanup_free_ char *directory = NULL, *path = NULL;

	if (asprintf(&directory, "%s/vxm-%s@%s.service.d", arg_directory, guestdropin_name(unit),
		     name) < 0)
		directory = NULL;
	if (directory && asprintf(&path, "%s/" GUESTFILE_DROPIN, directory) < 0)
		path = NULL;
	if (!path) {
		errno = ENOMEM;
		return NULL;
	}
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return NULL;
	return fopen(path, "we");
}

static int close_dropin(FILE *out)
{
	bool failed = ferror(out);

	return fclose(out) != 0 ? -errno : failed ? -EIO : 0;
}

static void print_head(FILE *out, const char *name, const struct strlist *stamps)
{
	fputs("# By vxm-generator(8); \"systemctl daemon-reload\" makes it anew.\n", out);
	for (size_t i = 0; i < stamps->count; i++)
		fprintf(out, GUESTFILE_STAMP_PREFIX "%s\n", stamps->items[i]);
	fprintf(out, "\n[Unit]\nSourcePath=/" GUESTFILE_DIRECTORY "/%s.conf\n", name);
}

static int write_refusal(const char *name, const struct strlist *stamps, const char *reason)
{
	FILE *out = open_dropin(GUESTDROPIN_GUEST, name);

	if (!out)
		return -errno;
	/* A reason has no control characters: it is made of text that conffile.c let through. */
	fprintf(out, "# Refused by vxm-check@%s.service: %s\n", name, reason);
	print_head(out, name, stamps);
	return close_dropin(out);
}

static int write_dropins(const struct guest *guest, const struct strlist *stamps,
			 const struct guestdropin_now *now)
{
	for (int unit = 0; unit < GUESTDROPIN_UNIT_COUNT; unit++) {
		_cleanup_free_ char *body = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&body, &size);
		int needed, r;

		if (!out)
			return -ENOMEM;
		needed = guestdropin_print(out, guest, unit, now);
		if (fclose(out) != 0)
			return -ENOMEM;
		if (!needed)
			continue;
		out = open_dropin(unit, guest->name);
		if (!out)
			return -errno;
		print_head(out, guest->name, stamps);
		fputs(body, out);
		r = close_dropin(out);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Pages are made while memory is whole: only a unit in sysinit.target is that early. */
static int want_pages_at_boot(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sysinit.target.wants", arg_directory);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%s/sysinit.target.wants/vxm-hugepages.service",
		 arg_directory);
	if (symlink(VXM_PREFIX "/lib/systemd/system/vxm-hugepages.service", path) < 0 &&
	    errno != EEXIST)
		return -errno;
	return 0;
}

/* Of its prepared functions, or, without any, of its hidden card. */
static int write_rules(const struct host *host, const char *prefix, const struct guest *guest,
		       const struct prepared *prepared, struct strlist *written)
{
	FILE *out = rulefile_create(host, guest->name);

	if (!out)
		return -errno;
	if (prepared)
		preparerule_print(out, guest->name, prepared);
	else
		seatrule_print(out, guest);
	return rulefile_commit(host, out, prefix, guest->name, written);
}

static int prepare(const struct host *host, const struct guest *guest, struct strlist *written)
{
	_cleanup_prepared_ struct prepared prepared = { NULL, 0 };
	char warning[PREPAREPLAN_WARNING_SIZE];
	int r = prepareplan_make(host, guest, &prepared, warning);

	if (*warning)
		log_warning("%s: %s", guest->name, warning);
	if (r < 0 || prepared.count == 0)
		return r;
	return write_rules(host, PREPARERULE_PREFIX, guest, &prepared, written);
}

/* systemd makes the one directory when it starts the TPM, and then the other for QEMU. */
static bool lacks_tpm(const struct host *host, const char *name)
{
	char qemu[64], tpm[64];

	snprintf(qemu, sizeof(qemu), "run/vxm/%s/qemu", name);
	snprintf(tpm, sizeof(tpm), "run/vxm/%s/tpm", name);
	return faccessat(host->root_fd, qemu, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	       faccessat(host->root_fd, tpm, F_OK, AT_SYMLINK_NOFOLLOW) < 0;
}

static int generate(const struct host *host, const char *name, struct strlist *rules)
{
	_cleanup_strlist_ struct strlist stamps = STRLIST_EMPTY;
	_cleanup_guest_ struct guest *guest = NULL;
	struct guest_error error;
	int prepared = prepared_is_enabled(host, name), r;
	const struct guestdropin_now now = { prepared > 0, lacks_tpm(host, name) };

	/* Before the files are read: what is changed in between is seen as changed. */
	r = guestfile_stamps(host, name, &stamps);
	if (r >= 0)
		r = guest_load(host, name, &guest, &error);
	else
		snprintf(error.text, sizeof(error.text), "its files cannot be looked at: %s",
			 strerror(-r));
	if (r < 0) {
		/* The kernel's log takes lines of less than 1 KiB. */
		log_warning("%s: %.800s", name, error.text);
		return write_refusal(name, &stamps, error.text);
	}
	r = write_dropins(guest, &stamps, &now);
	if (r >= 0 && prepared > 0 && guest->hugepage_kib > 0)
		r = want_pages_at_boot();
	if (r >= 0 && prepared > 0)
		r = prepare(host, guest, rules);
	if (r >= 0 && guest->gpu.session == GUEST_SESSION_HIDE)
		r = write_rules(host, SEATRULE_PREFIX, guest, NULL, rules);
	return r;
}

static int generate_all(const struct host *host)
{
	_cleanup_strlist_ struct strlist guests = STRLIST_EMPTY, rules = STRLIST_EMPTY;
	_cleanup_strlist_ struct strlist misnamed = STRLIST_EMPTY;
	int r = guest_list(host, &guests), failed = 0;

	(void)guestfile_list_misnamed(host, &misnamed);
	for (size_t i = 0; i < misnamed.count; i++)
		log_warning("/" GUESTFILE_DIRECTORY
			    "/%s is passed over: rename it to " GUESTFILE_NAMES,
			    misnamed.items[i]);

	if (r < 0) {
		log_error("/" GUESTFILE_DIRECTORY " cannot be listed: %s", strerror(-r));
		return r;
	}
	for (size_t i = 0; i < guests.count; i++) {
		r = generate(host, guests.items[i], &rules);
		if (r >= 0)
			continue;
		log_error("%s: what it needs of systemd cannot be written: %s", guests.items[i],
			  strerror(-r));
		failed = r;
	}
	r = rulefile_keep(host, PREPARERULE_PREFIX, &rules);
	if (r >= 0)
		r = rulefile_keep(host, SEATRULE_PREFIX, &rules);
	if (r < 0)
		log_error("old rules in /" RULEFILE_DIRECTORY " cannot be removed: %s",
			  strerror(-r));
	return r < 0 ? r : failed;
}

static const char help[] =
	"Tells systemd, and udev at boot, what the guest files of VxM say. Run by systemd.\n\n"
	"  vxm-generator NORMAL EARLY LATE  write drop-ins below NORMAL, udev rules below /run\n\n"
	"Options:\n"
	"  --root=DIR                       read and write a machine recorded below DIR\n"
	"  --help                           show this text\n"
	"  --version                        show the version\n";

/* 1: go on, 0: answered, -EINVAL: told. */
static int parse_arguments(int argc, char *argv[])
{
	static const struct option options[] = { { "root", required_argument, NULL, 'r' },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, 'v' },
						 { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'r':
			arg_root = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		case 'v':
			puts("vxm-generator " VXM_VERSION);
			return 0;
		default:
			return -EINVAL;
		}
	if (argc - optind != 3) {
		log_error("three directories are wanted, not %d words: NORMAL EARLY LATE",
			  argc - optind);
		return -EINVAL;
	}
	arg_directory = argv[optind];
	return 1;
}

int main(int argc, char *argv[])
{
	_cleanup_host_ struct host host = { .root_fd = -1 };
	int r;

	log_open("vxm-generator", NULL);
	r = parse_arguments(argc, argv);
	if (r <= 0)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	r = host_open(arg_root, &host);
	if (r < 0) {
		log_error("%s cannot be opened: %s", arg_root ? arg_root : "/", strerror(-r));
		return EXIT_FAILURE;
	}
	if (!host.recorded) {
		int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

		if (fd >= 0) {
			dup2(fd, STDERR_FILENO);
			close(fd);
		}
	}
	umask(0022);
	return generate_all(&host) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
