/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a guest and what was observed of its host to QEMU's command line. */
#include "qemuargs.h"

#include <errno.h>
#include <inttypes.h>

#include "qemudevices.h"
#include "qemujson.h"

/*
 * Theory of operation
 *
 * One function for each part of the machine, in the order in which a person would read them. Where
 * QEMU takes JSON it gets JSON, so no value of the configuration can become an option; the few
 * options without JSON carry numbers, fixed words and the guest's name, whose alphabet has no
 * comma.
 *
 * What is decided here and would be hard to guess:
 * - Everything is written out (-nodefaults, -no-user-config): no file of /etc/qemu and no default
 * of another QEMU changes the machine.
 * - smm follows the firmware's descriptor and is never left to "auto", which means off where KVM
 * has none: such a firmware then hangs without a word. With smm=on QEMU says so and ends. The flash
 * is secure (writable from SMM only) when the firmware is of the secure-boot kind and requires SMM.
 * - RAM is a memfd: huge pages without a mount, a group or a stale file; shared, for others to map.
 *   prealloc, since all of it gets pinned for the card anyway: a shortage shows at once.
 * - S3 and S4 are off: a passed-through card does not survive the guest's sleep.
 * - localtime: what Windows keeps in the clock.
 * - migratable=off brings the invariant TSC; topoext is needed on AMD, and never enabled by itself,
 *   for a guest that is to see threads.
 * - TCG is for machines without KVM, and only when it is asked for: it is slow beyond use
 * otherwise.
 */

#define QEMUARGS_PREALLOC_THREADS_MAX 16
#define GIB			      (UINT64_C(1024) * 1024 * 1024)

static int add_all(struct strlist *argv, const char *const *words)
{
	int r = 0;

	for (; *words && r == 0; words++)
		r = strlist_add(argv, *words);
	return r;
}

/* The same UUID for the same name: Windows ties its activation to it. Version 8: made by a vendor's
 * own rule (RFC 9562). */
static int add_identity(struct strlist *argv, const struct guest *guest)
{
	static const char *const fixed[] = {
		"-no-user-config", "-nodefaults", "-display", "none", "-vga", "none", NULL
	};
	uint64_t high = qemudevices_hash(guest->name, 1), low = qemudevices_hash(guest->name, 2);
	int r = strlist_add(argv, "-name");

	if (r == 0)
		r = strlist_addf(argv, "guest=%s,debug-threads=on", guest->name);
	if (r == 0)
		r = strlist_add(argv, "-uuid");
	if (r == 0)
		r = strlist_addf(argv, "%08x-%04x-8%03x-%04x-%012" PRIx64, (unsigned)(high >> 32),
				 (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xfff,
				 0x8000 | ((unsigned)(low >> 48) & 0x3fff),
				 low & UINT64_C(0xffffffffffff));
	return r == 0 ? add_all(argv, fixed) : r;
}

static int add_machine(struct strlist *argv, const struct guest *guest,
		       const struct firmware *firmware)
{
	static const char *const secure[] = { "-global",
					      "driver=cfi.pflash01,property=secure,value=on",
					      NULL };
	static const char *const kvm[] = { "-global", "kvm-pit.lost_tick_policy=delay", NULL };
	static const char *const fixed[] = { "-global", "ICH9-LPC.disable_s3=1",
					     "-global", "ICH9-LPC.disable_s4=1",
					     "-rtc",	"base=localtime,driftfix=slew",
					     NULL };
	bool is_kvm = guest->accel == GUEST_ACCEL_KVM;
	int r = strlist_add(argv, "-machine");

	if (r == 0)
		r = strlist_addf(argv,
				 "q35,accel=%s,smm=%s,vmport=off,hpet=off,dump-guest-core=off,"
				 "mem-merge=off,memory-backend=ram0,pflash0=code,pflash1=vars",
				 is_kvm ? "kvm" : "tcg", firmware->requires_smm ? "on" : "off");
	if (r == 0 && firmware->secure_boot && firmware->requires_smm)
		r = add_all(argv, secure);
	if (r == 0 && is_kvm)
		r = add_all(argv, kvm);
	return r == 0 ? add_all(argv, fixed) : r;
}

static int add_cpu(struct strlist *argv, const struct guest *guest, const struct qemuhost *observed)
{
	unsigned threads = guest->cpus % observed->threads == 0 ? observed->threads : 1;
	int r = strlist_add(argv, "-cpu");

	if (r == 0)
		r = strlist_addf(argv, "%s%s",
				 guest->accel == GUEST_ACCEL_KVM ? "host,migratable=off" : "max",
				 observed->is_amd && threads > 1 ? ",topoext=on" : "");
	if (r == 0)
		r = strlist_add(argv, "-smp");
	if (r == 0)
		r = strlist_addf(argv, "cpus=%u,sockets=1,dies=1,cores=%u,threads=%u", guest->cpus,
				 guest->cpus / threads, threads);
	return r;
}

static int add_memory(struct strlist *argv, const struct guest *guest)
{
	unsigned threads = guest->cpus < QEMUARGS_PREALLOC_THREADS_MAX
				   ? guest->cpus
				   : QEMUARGS_PREALLOC_THREADS_MAX;
	long long size = (long long)guest->memory_kib * 1024;
	int r = strlist_add(argv, "-m");

	if (r == 0)
		r = strlist_addf(argv, "size=%" PRIu64 "K", guest->memory_kib);
	if (r < 0)
		return r;
	if (guest->hugepage_kib == 0)
		return qemujson_add(argv, "-object", "{s:s, s:s, s:I, s:b, s:b, s:i}", "qom-type",
				    "memory-backend-memfd", "id", "ram0", "size", size, "share", 1,
				    "prealloc", 1, "prealloc-threads", (int)threads);
	return qemujson_add(argv, "-object", "{s:s, s:s, s:I, s:b, s:I, s:b, s:b, s:i}", "qom-type",
			    "memory-backend-memfd", "id", "ram0", "size", size, "hugetlb", 1,
			    "hugetlbsize", (long long)guest->hugepage_kib * 1024, "share", 1,
			    "prealloc", 1, "prealloc-threads", (int)threads);
}

static int add_flash(struct strlist *argv, const struct guest *guest,
		     const struct firmware *firmware)
{
	_cleanup_free_ char *vars = NULL;
	int r;

	if (asprintf(&vars, "/var/lib/vxm/%s/OVMF_VARS.fd", guest->name) < 0)
		return -ENOMEM;
	r = qemujson_add(argv, "-blockdev", "{s:s, s:s, s:b, s:{s:s, s:s, s:b}}", "driver",
			 firmware_format_word(firmware->executable.format), "node-name", "code",
			 "read-only", 1, "file", "driver", "file", "filename",
			 firmware->executable.filename, "read-only", 1);
	if (r < 0)
		return r;
	/* A guest writes its variables. In a qcow2 the header could name another file to show it:
	 * "backing": null says that there is none, whatever is written there. */
	if (firmware->nvram_template.format == FIRMWARE_QCOW2)
		return qemujson_add(argv, "-blockdev", "{s:s, s:s, s:n, s:{s:s, s:s}}", "driver",
				    "qcow2", "node-name", "vars", "backing", "file", "driver",
				    "file", "filename", vars);
	return qemujson_add(argv, "-blockdev", "{s:s, s:s, s:{s:s, s:s}}", "driver", "raw",
			    "node-name", "vars", "file", "driver", "file", "filename", vars);
}

static int add_tpm(struct strlist *argv, const struct guest *guest)
{
	static const char *const fixed[] = { "-tpmdev", "emulator,id=tpm0,chardev=chr-tpm", NULL };
	int r;

	if (!guest->tpm)
		return 0;
	r = strlist_add(argv, "-chardev");
	if (r == 0)
		r = strlist_addf(argv, "socket,id=chr-tpm,path=/run/vxm/%s/tpm/swtpm.sock",
				 guest->name);
	if (r == 0)
		r = add_all(argv, fixed);
	return r == 0 ? qemujson_add(argv, "-device", "{s:s, s:s}", "driver", "tpm-crb", "tpmdev",
				     "tpm0")
		      : r;
}

/* One socket for those who give commands, one for whoever listens to events: QEMU serves one client
 * a socket. */
static int add_monitors(struct strlist *argv, int control_fd, int events_fd)
{
	int fds[] = { control_fd, events_fd };
	const char *names[] = { "qmp-control", "qmp-events" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds) && r == 0; i++) {
		r = strlist_add(argv, "-chardev");
		if (r == 0)
			r = strlist_addf(argv, "socket,id=chr-%s,fd=%d,server=on,wait=off",
					 names[i], fds[i]);
		if (r == 0)
			r = strlist_add(argv, "-mon");
		if (r == 0)
			r = strlist_addf(argv, "chardev=chr-%s,mode=control", names[i]);
	}
	return r;
}

static int add_serial(struct strlist *argv, const struct guest *guest)
{
	int r = strlist_add(argv, "-chardev");

	if (r == 0)
		r = strlist_addf(argv,
				 "socket,id=chr-serial,path=/run/vxm/%s/qemu/serial.sock,"
				 "server=on,wait=off",
				 guest->name);
	return r == 0 ? qemujson_add(argv, "-device", "{s:s, s:s, s:s}", "driver", "isa-serial",
				     "id", "serial0", "chardev", "chr-serial")
		      : r;
}

int qemuargs_build(const struct guest *guest, const struct qemuhost *observed, int control_fd,
		   int events_fd, struct strlist *ret)
{
	static const char *const sandbox[] = {
		"-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", NULL
	};
	int r = strlist_add(ret, QEMUARGS_PROGRAM);

	if (r == 0)
		r = add_identity(ret, guest);
	if (r == 0)
		r = add_machine(ret, guest, &observed->firmware);
	if (r == 0)
		r = add_cpu(ret, guest, observed);
	if (r == 0)
		r = add_memory(ret, guest);
	if (r == 0)
		r = add_flash(ret, guest, &observed->firmware);
	if (r == 0)
		r = add_monitors(ret, control_fd, events_fd);
	if (r == 0)
		r = add_serial(ret, guest);
	if (r == 0)
		r = add_tpm(ret, guest);
	if (r == 0)
		r = qemudevices_add_passed(ret, guest, observed);
	if (r == 0)
		r = qemudevices_add_disks(ret, guest, observed);
	if (r == 0)
		r = qemudevices_add_network(ret, guest);
	if (r == 0)
		r = qemudevices_add_basics(ret, guest);
	if (r == 0)
		r = qemudevices_add_looking_glass(ret, guest);
	return r == 0 ? add_all(ret, sandbox) : r;
}

uint64_t qemuargs_memlock(const struct guest *guest)
{
	return (guest->memory_kib + guest->looking_glass_kib) * 1024 + GIB;
}
