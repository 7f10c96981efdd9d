/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's own UEFI variables: copied from the firmware's template once, and kept for ever. */
#include "efivars.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "writeout.h"

/*
 * Theory of operation
 *
 * The copy is made under another name in the same directory, written out to the medium, and then
 * linked to its name, which fails when the name is taken: whatever kills us, the name is either
 * absent or a whole copy, and an existing file is never touched. What a killed run left under the
 * other name is made anew by the next.
 *
 * The format is the template's, never guessed from the file: the guest writes its variables and
 * could make a raw file look like a qcow2 whose backing file is one of the host's.
 */

#define EFIVARS_LIMIT ((size_t)64 * 1024 * 1024)
#define EFIVARS_NEW   ".OVMF_VARS.fd.new"

/* Of a qcow2's header: magic "QFI\xfb", and the size of what it holds at byte 24, big-endian. */
#define QCOW2_MAGIC	  "QFI\xfb"
#define QCOW2_HEADER_SIZE 32

/* How many bytes the guest sees of TEXT. -1: it is not of the format. */
static long long size_seen(const char *text, size_t size, enum firmware_format format)
{
	long long seen = 0;

	if (format == FIRMWARE_RAW)
		return (long long)size;
	if (size < QCOW2_HEADER_SIZE || memcmp(text, QCOW2_MAGIC, 4) != 0)
		return -1;
	for (size_t i = 24; i < 32; i++)
		seen = seen << 8 | (unsigned char)text[i];
	return seen;
}

struct copy {
	char directory[64]; /* "var/lib/vxm/win11" */
	char path[96];
	char *template; /* owned */
	size_t template_size;
	bool is_there;
};

static void copy_done(struct copy *copy)
{
	free(copy->template);
}
#define _cleanup_copy_ _cleanup_(copy_done)

static int fail(struct guest_error *ret_error, int r, const char *what, const char *path,
		const char *way_out)
{
	snprintf(ret_error->text, sizeof(ret_error->text), "%s %s failed: %s%s", what, path,
		 strerror(-r), way_out);
	return r;
}

/* Reads the template and what is there, and compares. */
static int examine(const struct host *host, const char *name, const struct firmware_file *template,
		   struct copy *copy, struct guest_error *ret_error)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	snprintf(copy->directory, sizeof(copy->directory), "var/lib/vxm/%s", name);
	snprintf(copy->path, sizeof(copy->path), "%s/" EFIVARS_FILE, copy->directory);
	r = host_read_file(host, template->filename + 1, EFIVARS_LIMIT, &copy->template,
			   &copy->template_size);
	if (r < 0)
		return fail(ret_error, r, "reading the template of UEFI variables",
			    template->filename, ": install the firmware's package again (ovmf)");
	r = host_read_file(host, copy->path, EFIVARS_LIMIT, &text, &size);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		char path[100], way_out[160];

		snprintf(path, sizeof(path), "/%s", copy->path);
		snprintf(way_out, sizeof(way_out),
			 ": all in there has to be the user vxm's: chown -R vxm:vxm-qemu /%s",
			 copy->directory);
		return fail(ret_error, r, "reading the guest's UEFI variables", path, way_out);
	}
	copy->is_there = true;
	if (size_seen(text, size, template->format) ==
	    size_seen(copy->template, copy->template_size, template->format))
		return 0;
	snprintf(
		ret_error->text, sizeof(ret_error->text),
		"the guest's UEFI variables /%s (%zu bytes) are not of the size of this firmware's "
		"%s (%zu bytes, %s): they were made for other firmware; install that again, or "
		"move "
		"the file away for new variables (BitLocker will ask for its recovery key)",
		copy->path, size, template->filename, copy->template_size,
		firmware_format_word(template->format));
	return -EMEDIUMTYPE;
}

int efivars_check(const struct host *host, const char *name, const struct firmware_file *template,
		  struct guest_error *ret_error)
{
	_cleanup_copy_ struct copy copy = { .template = NULL };

	return examine(host, name, template, &copy, ret_error);
}

static int write_copy(int directory, const struct copy *copy)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (unlinkat(directory, EFIVARS_NEW, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(directory, EFIVARS_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = writeout(fd, copy->template, copy->template_size);
	if (r >= 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && linkat(directory, EFIVARS_NEW, directory, EFIVARS_FILE, 0) < 0)
		r = -errno;
	unlinkat(directory, EFIVARS_NEW, 0);
	return r == 0 && fsync(directory) < 0 ? -errno : r;
}

int efivars_make(const struct host *host, const char *name, const struct firmware_file *template,
		 struct guest_error *ret_error)
{
	_cleanup_copy_ struct copy copy = { .template = NULL };
	_cleanup_close_ int directory = -1;
	char path[100];
	int r = examine(host, name, template, &copy, ret_error);

	if (r < 0 || copy.is_there)
		return r;
	directory = host_openat(host, copy.directory, O_RDONLY | O_DIRECTORY);
	r = directory < 0 ? directory : write_copy(directory, &copy);
	if (r < 0) {
		snprintf(path, sizeof(path), "/%s", copy.path);
		return fail(ret_error, r, "copying the template of UEFI variables to", path,
			    ": the directory has to be there and the user vxm's, as "
			    "vxm-guest@.service makes it");
	}
	return 1;
}
