/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line of a guest needs to know of the machine it runs on. */
#include "qemuhost.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "iommu.h"
#include "pcidev.h"

void qemuhost_done(struct qemuhost *observed)
{
	firmware_done(&observed->firmware);
	free(observed->gpu);
	free(observed->disk_is_block);
	free(observed->cdrom_is_block);
	*observed = (struct qemuhost){ 0 };
}

int qemuhost_observe_firmware(const struct host *host, const struct guest *guest,
			      struct qemuhost *observed, struct guest_error *ret_error)
{
	bool secure = guest->firmware == GUEST_FIRMWARE_SECURE;
	int r = firmware_find(host, secure ? FIRMWARE_SECURE : FIRMWARE_PLAIN, &observed->firmware);

	if (r == -ENOENT)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "no %s for q35 is described in /etc/qemu/firmware or "
			 "/usr/share/qemu/firmware: install the package ovmf (edk2-ovmf "
			 "elsewhere)%s",
			 secure ? "UEFI firmware with secure boot and enrolled keys"
				: "UEFI firmware without secure boot",
			 secure ? ", or set Firmware=uefi in [Guest]" : "");
	else if (r < 0)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "cannot read the firmware descriptors in /usr/share/qemu/firmware: %s",
			 strerror(-r));
	return r;
}

static int observe_gpu(const struct host *host, const struct guest *guest,
		       struct qemuhost *observed, struct guest_error *ret_error)
{
	_cleanup_pcidev_list_ struct pcidev_list list = { 0 };
	_cleanup_iommu_set_ struct iommu_set set = { 0 };
	char address[PCIADDR_SIZE];
	int r = pcidev_scan(host, &list);

	if (r == 0)
		r = iommu_observe(&list, &guest->gpu.device, true, &set);
	if (r == 0) {
		observed->gpu = calloc(set.own_count, sizeof(*observed->gpu));
		r = observed->gpu ? 0 : -ENOMEM;
	}
	if (r < 0) {
		pciaddr_format(&guest->gpu.device, address);
		snprintf(ret_error->text, sizeof(ret_error->text), "[GPU] Device=%s: %s", address,
			 r == -ENOENT ? "there is no such PCI function" : strerror(-r));
		return r;
	}
	for (size_t i = 0; i < set.own_count; i++)
		observed->gpu[i] = set.own[i]->addr;
	observed->gpu_count = set.own_count;
	return 0;
}

static bool *observe_paths(const struct host *host, struct guest_disk *const *disks, size_t count)
{
	bool *is_block = calloc(count + 1, sizeof(*is_block));
	struct stat st;

	for (size_t i = 0; is_block && i < count; i++)
		is_block[i] = fstatat(host->root_fd, disks[i]->path + 1, &st, 0) == 0 &&
			      S_ISBLK(st.st_mode);
	return is_block;
}

/* The file has one stanza for each CPU; the first tells the vendor. */
static bool is_amd(const struct host *host)
{
	_cleanup_free_ char *text = NULL;

	if (host_read_file(host, "proc/cpuinfo", (size_t)16 * 1024 * 1024, &text, NULL) < 0)
		return false;
	return strstr(text, "AuthenticAMD") || strstr(text, "HygonGenuine");
}

/* kernel.io_uring_disabled (Linux 6.6) is 1 where only a group may, 2 where nobody may; older
 * kernels have no such switch. */
static bool has_io_uring(const struct host *host)
{
	_cleanup_free_ char *text = NULL;
	int r = host_read_file(host, "proc/sys/kernel/io_uring_disabled", 64, &text, NULL);

	return r == -ENOENT || (r == 0 && text[0] == '0');
}

int qemuhost_observe(const struct host *host, const struct guest *guest, struct qemuhost *ret,
		     struct guest_error *ret_error)
{
	_cleanup_qemuhost_ struct qemuhost observed = { 0 };
	int r = qemuhost_observe_firmware(host, guest, &observed, ret_error);

	if (r == 0)
		r = observe_gpu(host, guest, &observed, ret_error);
	if (r < 0)
		return r;
	observed.disk_is_block = observe_paths(host, guest->disks, guest->disk_count);
	observed.cdrom_is_block = observe_paths(host, guest->cdroms, guest->cdrom_count);
	if (!observed.disk_is_block || !observed.cdrom_is_block) {
		snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
		return -ENOMEM;
	}
	observed.is_amd = is_amd(host);
	/* A guest that is told of siblings schedules by them: true only of CPUs that are pinned. */
	observed.threads = 1;
	observed.has_io_uring = has_io_uring(host);
	*ret = observed;
	observed = (struct qemuhost){ 0 };
	return 0;
}
