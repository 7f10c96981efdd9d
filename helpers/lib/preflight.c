/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether QEMU will find what a guest needs: asked as the user that QEMU will run as. */
#include "preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "efivars.h"
#include "qemuargs.h"

#define MIB_IN_KIB 1024

struct preflight {
	const struct host *host;
	const struct guest *guest;
	struct guest_error *error;
};

static int refuse(const struct preflight *flight, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(const struct preflight *flight, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(flight->error->text, sizeof(flight->error->text), format, ap);
	va_end(ap);
	return r;
}

/* "/etc/vxm/guests/win11.conf:7", or the file where FIELD would be set. */
static const char *where(const struct preflight *flight, const void *field,
			 char buf[static PATH_MAX])
{
	struct guest_origin origin = guest_where(flight->guest, field);

	if (origin.file)
		snprintf(buf, PATH_MAX, "%s:%u", origin.file, origin.line);
	else
		snprintf(buf, PATH_MAX, "/etc/vxm/guests/%s.conf", flight->guest->name);
	return buf;
}

/* QEMU would round it up, and the backend would not fit. */
static int check_memory(const struct preflight *flight)
{
	char buf[PATH_MAX];

	if (flight->guest->memory_kib % MIB_IN_KIB == 0)
		return 0;
	return refuse(flight, -EINVAL, "%s: Memory=: allowed are whole MiB",
		      where(flight, &flight->guest->memory_kib, buf));
}

static int check_kvm(const struct preflight *flight)
{
	_cleanup_close_ int fd = -1;
	char buf[PATH_MAX];

	if (flight->guest->accel == GUEST_ACCEL_TCG)
		return 0;
	fd = host_openat(flight->host, "dev/kvm", O_RDWR);
	if (fd == -ENOENT || fd == -ENXIO || fd == -ENODEV)
		return refuse(
			flight, fd,
			"there is no /dev/kvm: switch virtualisation on in the firmware's setup "
			"(SVM Mode, Intel VT-x) and see what \"modprobe kvm_amd\" or \"modprobe "
			"kvm_intel\" says; Accel=tcg in %s does without, a hundred times slower",
			where(flight, &flight->guest->accel, buf));
	if (fd < 0)
		return refuse(flight, fd,
			      "opening /dev/kvm failed: %s: it has to be open to the group kvm, as "
			      "udev's own rules make it (ls -l /dev/kvm)",
			      strerror(-fd));
	return 0;
}

static int check_qemu(const struct preflight *flight)
{
	if (faccessat(flight->host->root_fd, QEMUARGS_PROGRAM + 1, X_OK, 0) == 0)
		return 0;
	return refuse(flight, -errno,
		      QEMUARGS_PROGRAM " cannot be run: %s: install qemu-system-x86",
		      strerror(errno));
}

static int check_firmware(const struct preflight *flight)
{
	_cleanup_qemuhost_ struct qemuhost observed = { 0 };
	_cleanup_close_ int code = -1;
	int r = qemuhost_observe_firmware(flight->host, flight->guest, &observed, flight->error);

	if (r < 0)
		return r;
	code = host_openat(flight->host, observed.firmware.executable.filename + 1, O_RDONLY);
	if (code < 0)
		return refuse(flight, code,
			      "%s, the firmware that %s names, cannot be read: %s: install the "
			      "package ovmf again",
			      observed.firmware.executable.filename, observed.firmware.descriptor,
			      strerror(-code));
	return efivars_check(flight->host, flight->guest->name, &observed.firmware.nvram_template,
			     flight->error);
}

/* The ways out of a file that cannot be opened. */
static const char *remedy(int r, bool writable)
{
	switch (r) {
	case -ENOENT:
		return "make it, or correct Path=";
	case -EACCES:
	case -EPERM:
		return writable
			       ? "QEMU runs as the user vxm, which has to own it (chown "
				 "vxm:vxm-qemu) and be let through each directory above (chmod o+x)"
			       : "QEMU runs as the user vxm, which has to be let read it and "
				 "through "
				 "each directory above (chmod o+r, o+x)";
	case -EROFS:
		return "it lies on a file system that is mounted read-only, or outside what "
		       "vxm-guest@.service may write: systemctl daemon-reload";
	default:
		return "see the kernel's log (journalctl -k)";
	}
}

/* A qcow2 given to the guest as raw is a disk without a system; the reverse QEMU refuses. */
static int check_format(const struct preflight *flight, const struct guest_disk *disk, int fd)
{
	char magic[4], buf[PATH_MAX];
	bool is_qcow2 = pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
			memcmp(magic, "QFI\xfb", sizeof(magic)) == 0;

	if (is_qcow2 == (disk->format == GUEST_FORMAT_QCOW2))
		return 0;
	return refuse(flight, -EINVAL, "%s: Path=%.300s: the image is %s; set Format=%s",
		      where(flight, &disk->path, buf), disk->path,
		      is_qcow2 ? "a qcow2" : "no qcow2", is_qcow2 ? "qcow2" : "raw");
}

static int check_disk(const struct preflight *flight, const struct guest_disk *disk, bool writable)
{
	_cleanup_close_ int fd =
		host_openat(flight->host, disk->path + 1, writable ? O_RDWR : O_RDONLY);
	char buf[PATH_MAX];
	struct stat st;

	if (fd < 0 && fd != -EISDIR)
		return refuse(flight, fd,
			      "%s: Path=%.300s: opening it %s as the user vxm failed: %s: %s",
			      where(flight, &disk->path, buf), disk->path,
			      writable ? "for writing" : "for reading", strerror(-fd),
			      remedy(fd, writable));
	if (fd == -EISDIR || fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return refuse(flight, -EINVAL,
			      "%s: Path=%.300s: it is neither a file nor a block device",
			      where(flight, &disk->path, buf), disk->path);
	return writable ? check_format(flight, disk, fd) : 0;
}

static int check_rom(const struct preflight *flight)
{
	const char *rom = flight->guest->gpu.rom;
	_cleanup_close_ int fd = rom ? host_openat(flight->host, rom + 1, O_RDONLY) : -1;
	char buf[PATH_MAX];

	if (!rom || fd >= 0)
		return 0;
	return refuse(flight, fd,
		      "%s: ROM=%.300s: opening it for reading as the user vxm failed: %s: %s",
		      where(flight, &flight->guest->gpu.rom, buf), rom, strerror(-fd),
		      fd == -ENOENT ? "make it, or correct ROM=" : remedy(fd, false));
}

int preflight_run(const struct host *host, const struct guest *guest, struct guest_error *ret_error)
{
	const struct preflight flight = { host, guest, ret_error };
	int r = check_memory(&flight);

	if (r == 0)
		r = check_qemu(&flight);
	if (r == 0)
		r = check_kvm(&flight);
	if (r == 0)
		r = check_firmware(&flight);
	if (r == 0)
		r = check_rom(&flight);
	for (size_t i = 0; i < guest->disk_count && r == 0; i++)
		r = check_disk(&flight, guest->disks[i], true);
	for (size_t i = 0; i < guest->cdrom_count && r == 0; i++)
		r = check_disk(&flight, guest->cdroms[i], false);
	return r;
}
