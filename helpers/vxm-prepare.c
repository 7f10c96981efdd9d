/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts on record which PCI functions a guest that is made ready at boot was meant to have. */

/*
 * Theory of operation
 *
 * vxm-isolate@ of a guest whose vxm-prepare@.target is enabled requires this first. The first run
 * after enabling makes the record that the boot's udev rules are written from (prepared.h says why
 * the generator cannot). Each later run compares: a function that lies at a recorded address and is
 * another device than then is a slot shift or an exchanged card, and only the admin knows which. It
 * is refused, so that nothing is taken, until the target is enabled anew. Functions that came or
 * went beside the card are no reason to refuse; the record follows them.
 *
 * Without a record the guest works all the same: the card is taken from its driver later in the
 * boot. So a record that cannot be written is a warning.
 *
 * The initramfs gets the rules that it needs from here too, as text (preparerule.h), so that the
 * hooks of its makers decide nothing. A guest that is wrong is left out with a warning: it must not
 * keep a kernel from being installed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmdline.h"
#include "guest.h"
#include "host.h"
#include "log.h"
#include "pcidev.h"
#include "prepared.h"
#include "prepareplan.h"
#include "preparerule.h"
#include "program.h"
#include "strlist.h"

static const char *arg_root;
static bool arg_dry_run;

static int read_record(const struct host *host, const char *name, struct prepared *ret)
{
	int r = prepared_read(host, name, ret);

	if (r < 0 && r != -ENOENT)
		log_error("/" PREPARED_DIRECTORY "/%s cannot be read: %s. If the devices are still "
			  "the ones that are meant: systemctl reenable vxm-prepare@%s.target",
			  name, r == -EBADMSG ? "it is not of its form" : strerror(-r), name);
	return r;
}

static int observe(const struct host *host, const struct guest *guest,
		   const struct prepared *before, struct prepared *ret)
{
	_cleanup_pcidev_list_ struct pcidev_list list = { 0 };
	char address[PCIADDR_SIZE], wanted[PCIIDS_SIZE], found[PCIIDS_SIZE], place[PCIADDR_SIZE];
	const struct guest_device *device = NULL;
	const struct pcidev *now, *moved;
	struct guest_origin origin;
	int r = pcidev_scan(host, &list);

	if (r >= 0)
		r = prepareplan_observe(&list, guest, before, ret, &device);
	if (r >= 0)
		return 0;
	if (!device) {
		log_error("the PCI devices cannot be listed: %s. Nothing was recorded.",
			  strerror(-r));
		return r;
	}
	origin = guest_where(guest, &device->identity);
	now = pcidev_find(&list, &device->device);
	moved = prepareplan_find(&list, &device->identity);
	log_error("%s is %s, and %s:%u wants %s there%s%s. Nothing was recorded.",
		  pciaddr_format(&device->device, address),
		  now ? pciids_format(&now->ids, found) : "absent", origin.file, origin.line,
		  pciids_format(&device->identity, wanted), moved ? ", which is now at " : "",
		  moved ? pciaddr_format(&moved->addr, place) : "");
	return r;
}

/* Whether an address carries another device than on record; that has been logged. */
static bool is_shifted(const char *name, const struct prepared *before, const struct prepared *now)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct prepared_function *old = &before->items[i];
		const struct prepared_function *f = prepared_find(now, &old->addr);
		char address[PCIADDR_SIZE], was[PCIIDS_SIZE], is[PCIIDS_SIZE];

		if (!f || pciids_match(&old->ids, &f->ids))
			continue;
		log_error("%s is %s, and was %s when vxm-prepare@%s.target was enabled. If the "
			  "device was exchanged: systemctl reenable vxm-prepare@%s.target; if "
			  "the addresses moved, correct Device= first. Nothing was changed.",
			  pciaddr_format(&old->addr, address), pciids_format(&f->ids, is),
			  pciids_format(&old->ids, was), name, name);
		return true;
	}
	return false;
}

static bool is_same(const struct prepared *a, const struct prepared *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (pciaddr_compare(&a->items[i].addr, &b->items[i].addr) != 0 ||
		    !pciids_match(&a->items[i].ids, &b->items[i].ids) ||
		    strcmp(a->items[i].driver, b->items[i].driver) != 0)
			return false;
	return true;
}

static int print_record(const struct prepared *prepared)
{
	for (size_t i = 0; i < prepared->count; i++) {
		const struct prepared_function *f = &prepared->items[i];
		char address[PCIADDR_SIZE], ids[PCIIDS_SIZE];

		printf("%s %s %s\n", pciaddr_format(&f->addr, address), pciids_format(&f->ids, ids),
		       *f->driver ? f->driver : "-");
	}
	return 0;
}

static int save(const struct host *host, const char *name, const struct prepared *now)
{
	int r;

	if (arg_dry_run)
		return print_record(now);
	r = prepared_write(host, name, now);
	if (r < 0)
		log_warning("/" PREPARED_DIRECTORY "/%s cannot be written: %s. The guest can run; "
			    "at the next boot the host's drivers get the devices before VxM does.",
			    name, strerror(-r));
	else
		log_info("%zu PCI functions on record: from the next boot on they are kept from "
			 "the host's drivers; from those in an initramfs, once it is made anew "
			 "(update-initramfs -u, or dracut --force)",
			 now->count);
	return 0;
}

static int verb_start(const struct host *host, const char *name)
{
	_cleanup_prepared_ struct prepared before = { NULL, 0 }, now = { NULL, 0 };
	_cleanup_guest_ struct guest *guest = NULL;
	int r = prepared_is_enabled(host, name);

	if (r <= 0) {
		if (r < 0)
			log_error("systemd's unit links cannot be read: %s", strerror(-r));
		else
			log_info("vxm-prepare@%s.target is not enabled: there is nothing to record",
				 name);
		return r;
	}
	r = program_load_guest(host, name, &guest);
	if (r < 0)
		return r;
	/* Enabled anew, or configured anew: what was meant before does not count. */
	if (prepared_is_renewed(host, name) <= 0) {
		r = read_record(host, name, &before);
		if (r < 0 && r != -ENOENT)
			return r;
		if (!prepared_is_meant(&before, guest))
			prepared_done(&before);
	}
	r = observe(host, guest, &before, &now);
	if (r < 0)
		return r;
	if (is_shifted(name, &before, &now))
		return -ENODEV;
	return is_same(&before, &now) ? 0 : save(host, name, &now);
}

static int verb_show(const struct host *host, const char *name)
{
	_cleanup_prepared_ struct prepared prepared = { NULL, 0 };
	int r = read_record(host, name, &prepared);

	if (r == -ENOENT)
		log_error("nothing is on record; systemctl enable --now vxm-prepare@%s.target "
			  "makes the record",
			  name);
	return r < 0 ? r : print_record(&prepared);
}

static void print_rules(const struct host *host, const char *name)
{
	_cleanup_prepared_ struct prepared prepared = { NULL, 0 };
	char warning[PREPAREPLAN_WARNING_SIZE];
	_cleanup_guest_ struct guest *guest = NULL;
	struct guest_error error;
	int r = guest_load(host, name, &guest, &error);

	if (r < 0) {
		log_warning("%s is left out: %s", name, error.text);
		return;
	}
	r = prepareplan_make_initramfs(host, guest, &prepared, warning);
	if (r < 0)
		log_warning("%s is left out: its PCI devices cannot be read: %s", name,
			    strerror(-r));
	else if (*warning)
		log_warning("%s: %s", name, warning);
	if (prepared.count > 0)
		preparerule_print_initramfs(stdout, name, &prepared);
}

static int verb_rules(const struct host *host, const char *argument)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r = prepared_list(host, &names);

	(void)argument;
	if (r < 0) {
		log_error("systemd's unit links cannot be read: %s", strerror(-r));
		return r;
	}
	puts("# By vxm-prepare(8), for the udev of an initramfs.");
	for (size_t i = 0; i < names.count; i++)
		print_rules(host, names.items[i]);
	if (fflush(stdout) == 0)
		return 0;
	r = -errno;
	log_error("the rules cannot be written: %s", strerror(-r));
	return r;
}

static int verb_stale(const struct host *host, const char *name)
{
	(void)host;
	log_warning("the initramfs still keeps PCI functions for guest %s, which is not made ready "
		    "at boot any more, or not with them: the host's drivers were given them back. "
		    "To have this no more: update-initramfs -u, or dracut --force",
		    name);
	return 0;
}

static const struct cmdline_verb verbs[] = {
	{ "start", "NAME", "record the guest's functions, or compare them with the record",
	  verb_start },
	{ "show", "NAME", "print the record: address, ids, the host's driver", verb_show },
	{ "rules", NULL, "print the udev rules of all enabled guests, for an initramfs",
	  verb_rules },
	{ "stale", "NAME", "say that the initramfs is out of date; its unit finds that out",
	  verb_stale },
	{ NULL, NULL, NULL, NULL },
};
static const struct cmdline_option options[] = {
	{ "root", "DIR", "use a machine recorded below DIR", NULL, &arg_root },
	{ "dry-run", NULL, "print the record that would be made", &arg_dry_run, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cmdline cmdline = {
	.program = "vxm-prepare",
	.summary =
		"Puts on record which PCI functions a guest made ready at boot is meant to have.",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	return program_run(&cmdline, &arg_root, argc, argv);
}
