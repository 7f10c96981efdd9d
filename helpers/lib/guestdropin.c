/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd has to be told of one guest: the drop-ins that a template unit cannot carry. */
#include "guestdropin.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"

/*
 * Theory of operation
 *
 * The templates say what holds for each guest, and say it about %i. Here stands what depends on a
 * value of the configuration, and nothing else: which helpers the guest needs at all, which file
 * systems its disks lie on, which paths and nodes its sandbox lets through, and how long it may
 * take. The check gets the same paths as the guest, because it asks as the same user whether they
 * can be opened.
 *
 * What a running guest has must not depend on it: a reload takes the file as it is by then, and
 * systemd stops what nobody needs any more. So the guest's template wants pages, TPM and monitors
 * for each guest, and a drop-in of their own lets them start (ConditionPathExists=, which nobody
 * asks of a unit that is up).
 */

/* What the templates allow, and clearing memory on one core: 1 GiB in 4 s, with room for a slow
 * machine. */
#define START_SECONDS	180
#define OBTAIN_SECONDS	300
#define SECONDS_PER_GIB 4
/* After the time for an orderly shutdown: QMP's quit, and the kernel taking the memory back. */
#define STOP_SECONDS 60

const char *guestdropin_name(enum guestdropin_unit unit)
{
	static const char *const names[] = {
		[GUESTDROPIN_GUEST] = "guest",
		[GUESTDROPIN_CHECK] = "check",
		[GUESTDROPIN_HUGEPAGES] = "hugepages",
		[GUESTDROPIN_ISOLATE] = "isolate",
		[GUESTDROPIN_TPM] = "tpm",
		[GUESTDROPIN_DISPLAY] = "display",
	};

	return names[unit];
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/*
 * A path as one word of a list in a unit file: quoted, with \ before the characters that count in
 * there, and % doubled, which would begin a specifier (systemd.syntax(7), systemd.unit(5)).
 */
static void print_path(FILE *out, const char *path)
{
	fputc('"', out);
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			fputc('\\', out);
		if (*path == '%')
			fputc('%', out);
		fputc(*path, out);
	}
	fputc('"', out);
}

/*
 * The same for BindPaths=, which is taken apart twice (config_parse_bind_paths()): first at blanks,
 * where quotes come off and backslashes stay, then at colons, where both come off. A path with both
 * kinds of quotes cannot be said; systemd then ignores the line, and the check refuses the file.
 */
static void print_bind_path(FILE *out, const char *path)
{
	char quote = strchr(path, '"') ? '\'' : '"';

	fputc(quote, out);
	for (; *path; path++) {
		if (strchr("\"'\\:", *path))
			fputc('\\', out);
		if (*path == '%')
			fputc('%', out);
		fputc(*path, out);
	}
	fputc(quote, out);
}

/* What the guest opens by path. */
struct opened {
	const char *path;
	bool writable;
};

/* The I-th file of the guest, or one without path past the last. */
static struct opened nth_file(const struct guest *guest, size_t i)
{
	if (i == 0)
		return (struct opened){ guest->gpu.rom ? guest->gpu.rom : "", false };
	i--;
	if (i < guest->disk_count)
		return (struct opened){ guest->disks[i]->path, true };
	i -= guest->disk_count;
	if (i < guest->cdrom_count)
		return (struct opened){ guest->cdroms[i]->path, false };
	return (struct opened){ NULL, false };
}

static void print_mounts(FILE *out, const struct guest *guest)
{
	struct opened file;

	fprintf(out, "RequiresMountsFor=/var/lib/vxm/%s\n", guest->name);
	for (size_t i = 0; (file = nth_file(guest, i)).path; i++) {
		if (!*file.path || is_below(file.path, "/dev"))
			continue;
		fputs("RequiresMountsFor=", out);
		print_path(out, file.path);
		fputc('\n', out);
	}
}

/* Directories that the templates hide: ProtectHome=, PrivateTmp=. */
static bool is_hidden(const char *path)
{
	static const char *const hidden[] = { "/home", "/root", "/run/user", "/tmp", "/var/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		if (is_below(path, hidden[i]))
			return true;
	return false;
}

static void print_node(FILE *out, const struct opened *file)
{
	fputs("DeviceAllow=", out);
	print_path(out, file->path);
	fputs(file->writable ? " rw\n" : " r\n", out);
}

/* With "-": a file that is not there is for the check to tell, in words of ours. */
static void print_hidden(FILE *out, const struct opened *file)
{
	fputs(file->writable ? "BindPaths=-" : "BindReadOnlyPaths=-", out);
	print_bind_path(out, file->path);
	fputc('\n', out);
}

static void print_writable(FILE *out, const struct opened *file)
{
	fputs("ReadWritePaths=-", out);
	print_path(out, file->path);
	fputc('\n', out);
}

static void print_files(FILE *out, const struct guest *guest)
{
	bool has_home = false;
	struct opened file;
	char state[64];

	snprintf(state, sizeof(state), "/var/lib/vxm/%s", guest->name);
	for (size_t i = 0; (file = nth_file(guest, i)).path; i++) {
		if (is_below(file.path, "/dev")) {
			print_node(out, &file);
		} else if (is_hidden(file.path)) {
			/* An empty home with this one file in it. */
			if (!has_home)
				fputs("ProtectHome=tmpfs\n", out);
			has_home = true;
			print_hidden(out, &file);
		} else if (file.writable && !is_below(file.path, state)) {
			print_writable(out, &file);
		}
	}
}

static uint64_t clear_seconds(const struct guest *guest)
{
	return guest->memory_kib / 1024 * SECONDS_PER_GIB / 1024;
}

static void print_guest(FILE *out, const struct guest *guest, bool lacks_tpm)
{
	const char *name = guest->name;

	if (guest->hugepage_kib)
		fprintf(out,
			"Requires=vxm-hugepages@%s.service\n"
			"After=vxm-hugepages@%s.service\n",
			name, name);
	/*
	 * The death of the TPM ends the guest, in order. But systemd ends what is bound to a unit
	 * that is not up at the daemon-reload already that brings the line.
	 */
	if (guest->tpm && !lacks_tpm)
		fprintf(out,
			"BindsTo=vxm-tpm@%s.service\n"
			"After=vxm-tpm@%s.service\n",
			name, name);
	print_mounts(out, guest);
	fputs("\n[Service]\n", out);
	fprintf(out, "TimeoutStartSec=%" PRIu64 "\nTimeoutStopSec=%" PRIu64 "\n",
		START_SECONDS + clear_seconds(guest), (uint64_t)guest->shutdown_s + STOP_SECONDS);
	if (guest->input_count > 0)
		fputs("DeviceAllow=char-input rw\n", out);
	print_files(out, guest);
}

int guestdropin_print(FILE *out, const struct guest *guest, enum guestdropin_unit unit,
		      const struct guestdropin_now *now)
{
	switch (unit) {
	case GUESTDROPIN_GUEST:
		print_guest(out, guest, now->lacks_tpm);
		return 1;
	case GUESTDROPIN_CHECK:
		print_mounts(out, guest);
		fputs("\n[Service]\n", out);
		print_files(out, guest);
		return 1;
	case GUESTDROPIN_HUGEPAGES:
		if (!guest->hugepage_kib)
			return 0;
		/* The kernel clears pages when it hands them out, and may have to move others. */
		fprintf(out, "\n[Service]\nTimeoutStartSec=%" PRIu64 "\n",
			OBTAIN_SECONDS + clear_seconds(guest));
		return 1;
	case GUESTDROPIN_ISOLATE:
		if (!now->is_prepared)
			return 0;
		/* At boot nothing is taken but what was meant when the target was enabled. */
		fprintf(out,
			"Requires=vxm-prepare@%s.service\n"
			"After=vxm-prepare@%s.service\n",
			guest->name, guest->name);
		return 1;
	case GUESTDROPIN_TPM:
		if (guest->tpm)
			fputs("# The unit starts for a guest that has this file.\n", out);
		return guest->tpm;
	case GUESTDROPIN_DISPLAY:
		if (guest->display_count > 0)
			fputs("# The unit starts for a guest that has this file.\n"
			      "Wants=modprobe@i2c_dev.service\n",
			      out);
		return guest->display_count > 0;
	case GUESTDROPIN_UNIT_COUNT:
	default:
		return 0;
	}
}
