/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to hold among the values of a guest, once all its files are read. */
#include "guestcheck.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

struct check {
	const struct guest *guest;
	const char *file;
	struct guest_error *error;
};

static int wrong(const struct check *check, const void *field, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Names the place of FIELD, or the first line of the guest's own file when no file has it. */
static int wrong(const struct check *check, const void *field, const char *format, ...)
{
	struct guest_origin origin = gueststore_where(check->guest->store, field);
	char text[sizeof(check->error->text)];
	va_list ap;

	if (!origin.file)
		origin = (struct guest_origin){ check->file, 1 };
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* The place may be cut, never what is wrong. */
	snprintf(check->error->text, sizeof(check->error->text), "%.400s:%u: %.600s", origin.file,
		 origin.line, text);
	utf8_mend(check->error->text);
	return -EINVAL;
}

static int check_device(const struct check *check, const struct guest_device *device,
			const char *section)
{
	char address[PCIADDR_SIZE];

	if (!device->has_device)
		return wrong(check, device,
			     "Device=: [%s] has none; allowed is a PCI address such as "
			     "0000:01:00.0 (lspci -D)",
			     section);
	if (!device->has_identity)
		return wrong(check, device,
			     "Identity=: [%s] has none, so that another device which comes to lie "
			     "at %s would be taken; allowed is VENDOR:DEVICE of the device that is "
			     "meant (lspci -n -s %s)",
			     section, pciaddr_format(&device->device, address), address);
	return 0;
}

static int check_devices(const struct check *check)
{
	const struct guest *guest = check->guest;
	struct guest_origin origin = gueststore_where(guest->store, &guest->gpu);
	char address[PCIADDR_SIZE];
	int r;

	if (!origin.file)
		return wrong(check, &guest->gpu,
			     "[GPU]: the section is missing; a guest needs [GPU] with Device= and "
			     "Identity= (lspci -Dnn)");
	r = check_device(check, &guest->gpu, "GPU");
	for (size_t i = 0; r >= 0 && i < guest->pci_count; i++) {
		const struct guest_device *device = guest->pci[i];
		const struct guest_device *same = NULL;

		r = check_device(check, device, "PCI");
		if (r < 0)
			break;
		if (pciaddr_compare(&device->device, &guest->gpu.device) == 0)
			same = &guest->gpu;
		for (size_t k = 0; !same && k < i; k++)
			if (pciaddr_compare(&device->device, &guest->pci[k]->device) == 0)
				same = guest->pci[k];
		if (!same)
			continue;
		origin = gueststore_where(guest->store, &same->device);
		r = wrong(check, &device->device,
			  "Device=: %s stands in %.300s:%u already; a device is named once",
			  pciaddr_format(&device->device, address), origin.file, origin.line);
	}
	return r;
}

/* The I-th of the disks and then of the CD-ROMs, or NULL. */
static const struct guest_disk *nth_disk(const struct guest *guest, size_t i)
{
	if (i < guest->disk_count)
		return guest->disks[i];
	i -= guest->disk_count;
	return i < guest->cdrom_count ? guest->cdroms[i] : NULL;
}

static int check_disks(const struct check *check)
{
	const struct guest_disk *disk, *before;

	for (size_t i = 0; (disk = nth_disk(check->guest, i)); i++) {
		if (!disk->path)
			return wrong(check, disk,
				     "Path=: [%s] has none; allowed is an absolute path",
				     i < check->guest->disk_count ? "Disk" : "CDROM");
		for (size_t k = 0; k < i && (before = nth_disk(check->guest, k)); k++) {
			struct guest_origin origin;

			if (strcmp(disk->path, before->path) != 0)
				continue;
			origin = gueststore_where(check->guest->store, &before->path);
			return wrong(check, &disk->path,
				     "Path=: %.200s stands in %.300s:%u already; two disks of a "
				     "guest cannot share a file",
				     disk->path, origin.file, origin.line);
		}
	}
	return 0;
}

static int check_inputs(const struct check *check)
{
	for (size_t i = 0; i < check->guest->input_count; i++) {
		const struct guest_input *input = check->guest->inputs[i];

		if (!input->keyboard && !input->mouse)
			return wrong(check, input,
				     "Keyboard=: [Input] has neither Keyboard= nor Mouse=; one of "
				     "them says which node is meant, such as Keyboard=auto");
	}
	return 0;
}

static bool is_same_monitor(const struct guest_display *a, const struct guest_display *b)
{
	if (strcmp(a->maker, b->maker) != 0 || a->product != b->product)
		return false;
	/* One without a serial means each of that product, so also the other's. */
	return !a->serial || !b->serial || strcmp(a->serial, b->serial) == 0;
}

static int check_displays(const struct check *check)
{
	const struct guest *guest = check->guest;

	for (size_t i = 0; i < guest->display_count; i++) {
		const struct guest_display *display = guest->displays[i];

		if (!*display->maker)
			return wrong(check, display,
				     "Monitor=: [Display] has none; allowed is MAKER:PRODUCT or "
				     "MAKER:PRODUCT:SERIAL, such as DEL:a0c4");
		if (!display->guest_input)
			return wrong(check, display,
				     "GuestInput=: [Display] has none; allowed is the input that "
				     "the guest's card hangs on, such as hdmi-1");
		if (display->has_host_input && display->host_input == display->guest_input)
			return wrong(check, &display->host_input,
				     "HostInput=: is the same as GuestInput=; allowed is another "
				     "input, or no HostInput= (then the one found at the start is "
				     "put back)");
		for (size_t k = 0; k < i; k++)
			if (is_same_monitor(display, guest->displays[k]))
				return wrong(check, &display->maker,
					     "Monitor=: this monitor has a [Display] section "
					     "already; a serial number tells two of a kind apart");
	}
	return 0;
}

static int check_memory(const struct check *check)
{
	const struct guest *guest = check->guest;

	if (!guest->memory_kib)
		return wrong(check, &guest->memory_kib,
			     "Memory=: [Guest] has none; allowed is a size with its unit, such as "
			     "Memory=16G");
	if (guest->hugepage_kib && guest->memory_kib % guest->hugepage_kib)
		return wrong(check, &guest->memory_kib,
			     "Memory=: %" PRIu64 " KiB are not a whole number of huge pages; "
			     "allowed is a multiple of %" PRIu64 "M, or Hugepages=no",
			     guest->memory_kib, guest->hugepage_kib / 1024);
	return 0;
}

int guestcheck_run(const struct guest *guest, const char *file, struct guest_error *ret_error)
{
	static int (*const checks[])(const struct check *) = { check_memory, check_devices,
							       check_disks, check_inputs,
							       check_displays };
	const struct check check = { guest, file, ret_error };

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int r = checks[i](&check);

		if (r < 0)
			return r;
	}
	return 0;
}
