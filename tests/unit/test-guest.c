/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest: layers, labels, required keys, cross checks, and where each value was set. */
#include "tree.h"

#include <sys/wait.h>

#include "guest.h"

#define MINIMAL                 \
	"[Guest]\n"             \
	"Memory=4G\n"           \
	"[GPU]\n"               \
	"Device=0000:01:00.0\n" \
	"Identity=10de:2684\n"

#define FILE_PATH "etc/vxm/guests/demo.conf"

/* Loads "demo", which has to be right. */
static struct guest *load(const struct tree *tree)
{
	struct guest_error error = { "" };
	struct guest *guest = NULL;
	int r = guest_load(&tree->host, "demo", &guest, &error);

	if (r < 0)
		fail_msg("%s", error.text);
	return guest;
}

/* Loads "demo", which has to be refused with just these words. */
static void refuse(const struct tree *tree, int expected, const char *words)
{
	struct guest_error error = { "" };
	struct guest *guest = NULL;

	assert_int_equal(guest_load(&tree->host, "demo", &guest, &error), expected);
	assert_null(guest);
	assert_string_equal(error.text, words);
}

static void assert_origin(struct guest_origin origin, const char *file, unsigned line)
{
	if (!file) {
		assert_null(origin.file);
		return;
	}
	assert_non_null(origin.file);
	assert_string_equal(origin.file, file);
	assert_int_equal(origin.line, line);
}

static void a_minimal_guest_has_the_documented_defaults(void **state)
{
	const struct tree *tree = *state;
	struct guest *guest;

	tree_write(tree, FILE_PATH, MINIMAL);
	guest = load(tree);
	assert_string_equal(guest->name, "demo");
	assert_string_equal(guest->description, "demo");
	assert_int_equal(guest->memory_kib, 4 * 1024 * 1024);
	assert_int_equal(guest->cpus, 2);
	assert_int_equal(guest->hugepage_kib, 2048);
	assert_int_equal(guest->firmware, GUEST_FIRMWARE_SECURE);
	assert_true(guest->tpm);
	assert_int_equal(guest->accel, GUEST_ACCEL_KVM);
	assert_int_equal(guest->shutdown_s, 120);
	assert_true(guest->gpu.has_device);
	assert_int_equal(guest->gpu.device.bus, 1);
	assert_int_equal(guest->gpu.identity.device, 0x2684);
	assert_null(guest->gpu.rom);
	assert_int_equal(guest->gpu.allow, 0);
	assert_int_equal(guest->pci_count + guest->disk_count + guest->cdrom_count, 0);
	assert_int_equal(guest->input_count + guest->display_count, 0);
	assert_int_equal(guest->network, GUEST_NETWORK_USER);
	assert_int_equal(guest->looking_glass_kib, 0);
	guest_free(guest);
}

static void every_key_reaches_its_field(void **state)
{
	const struct tree *tree = *state;
	struct guest *guest;

	tree_write(tree, FILE_PATH,
		   "[Guest]\nDescription=Windows, \"the\" one; #1\nMemory=16G\nCPUs=8\n"
		   "Hugepages=1G\nFirmware=uefi\nTPM=no\nAccel=tcg\nShutdown=5min\n"
		   "[GPU]\nDevice=10000:01:00.0\nIdentity=10de:2684:1043:88e2\nROM=/var/rom.bin\n"
		   "Allow=boot-display  removable\n"
		   "Session=release\nRelease=keep\nServices=a.service b.socket\n"
		   "[PCI nic]\nDevice=0000:05:00.0\nIdentity=8086:15b8\n"
		   "[Disk system]\nPath=/var/a b,c.img\nFormat=qcow2\nBus=nvme\nCache=writeback\n"
		   "Discard=no\n"
		   "[Disk]\nPath=/dev/vg/data\n"
		   "[CDROM]\nPath=/var/win.iso\n"
		   "[Network]\nMode=none\n"
		   "[Input]\nKeyboard=name=\"Logi K\" bus=usb\nMouse=auto\nToggle=scrolllock\n"
		   "Start=guest\n"
		   "[Display]\nMonitor=DEL:a0c4:H1:2 34\nGuestInput=hdmi-1\nHostInput=0x0f\n"
		   "[LookingGlass]\nSize=64M\n");
	guest = load(tree);
	assert_string_equal(guest->description, "Windows, \"the\" one; #1");
	assert_int_equal(guest->cpus, 8);
	assert_int_equal(guest->hugepage_kib, 1048576);
	assert_int_equal(guest->firmware, GUEST_FIRMWARE_UEFI);
	assert_false(guest->tpm);
	assert_int_equal(guest->accel, GUEST_ACCEL_TCG);
	assert_int_equal(guest->shutdown_s, 300);
	assert_int_equal(guest->gpu.device.domain, 0x10000);
	assert_true(guest->gpu.identity.has_subsystem);
	assert_int_equal(guest->gpu.identity.subdevice, 0x88e2);
	assert_string_equal(guest->gpu.rom, "/var/rom.bin");
	assert_int_equal(guest->gpu.allow, GUEST_ALLOW_BOOT_DISPLAY | GUEST_ALLOW_REMOVABLE);
	assert_int_equal(guest->gpu.session, GUEST_SESSION_RELEASE);
	assert_int_equal(guest->gpu.release, GUEST_RELEASE_KEEP);
	assert_string_equal(guest->gpu.services, "a.service b.socket");
	assert_int_equal(guest->pci_count, 1);
	assert_string_equal(guest->pci[0]->label, "nic");
	assert_int_equal(guest->pci[0]->device.bus, 5);
	assert_int_equal(guest->disk_count, 2);
	assert_string_equal(guest->disks[0]->label, "system");
	assert_string_equal(guest->disks[0]->path, "/var/a b,c.img");
	assert_int_equal(guest->disks[0]->format, GUEST_FORMAT_QCOW2);
	assert_int_equal(guest->disks[0]->bus, GUEST_BUS_NVME);
	assert_int_equal(guest->disks[0]->cache, GUEST_CACHE_WRITEBACK);
	assert_false(guest->disks[0]->discard);
	assert_null(guest->disks[1]->label);
	assert_int_equal(guest->disks[1]->format, GUEST_FORMAT_RAW);
	assert_int_equal(guest->disks[1]->bus, GUEST_BUS_VIRTIO_SCSI);
	assert_int_equal(guest->disks[1]->cache, GUEST_CACHE_NONE);
	assert_true(guest->disks[1]->discard);
	assert_int_equal(guest->cdrom_count, 1);
	assert_string_equal(guest->cdroms[0]->path, "/var/win.iso");
	assert_int_equal(guest->network, GUEST_NETWORK_NONE);
	assert_string_equal(guest->inputs[0]->keyboard, "name=\"Logi K\" bus=usb");
	assert_string_equal(guest->inputs[0]->mouse, "auto");
	assert_string_equal(guest->inputs[0]->toggle, "scrolllock");
	assert_int_equal(guest->inputs[0]->start, GUEST_INPUT_GUEST);
	assert_string_equal(guest->displays[0]->maker, "DEL");
	assert_int_equal(guest->displays[0]->product, 0xa0c4);
	assert_string_equal(guest->displays[0]->serial, "H1:2 34");
	assert_int_equal(guest->displays[0]->guest_input, 0x11);
	assert_true(guest->displays[0]->has_host_input);
	assert_int_equal(guest->displays[0]->host_input, 0x0f);
	assert_int_equal(guest->looking_glass_kib, 65536);
	guest_free(guest);
}

static void each_layer_wins_over_the_one_before(void **state)
{
	const struct tree *tree = *state;
	struct guest *guest;

	tree_write(tree, "usr/lib/vxm/guest.conf", "[Guest]\nCPUs=3\nShutdown=30\nTPM=no\n");
	tree_write(tree, "etc/vxm/guest.conf", "[Guest]\nShutdown=40\nAccel=tcg\nTPM=no\n");
	tree_write(tree, FILE_PATH, MINIMAL "[Guest]\nShutdown=50\n");
	tree_write(tree, FILE_PATH ".d/20-b.conf", "[Guest]\nShutdown=70\nTPM=\n");
	tree_write(tree, FILE_PATH ".d/10-a.conf", "[Guest]\nShutdown=60\nDescription=a\n");
	tree_write(tree, FILE_PATH ".d/30-c.conf.bak", "nothing that is read\n");
	guest = load(tree);
	assert_int_equal(guest->cpus, 3);
	assert_int_equal(guest->accel, GUEST_ACCEL_TCG);
	assert_int_equal(guest->shutdown_s, 70);
	assert_true(
		guest->tpm); /* an empty value is the built-in default, not the earlier layer's */
	assert_string_equal(guest->description, "a");
	assert_origin(guest_where(guest, &guest->cpus), "/usr/lib/vxm/guest.conf", 2);
	assert_origin(guest_where(guest, &guest->accel), "/etc/vxm/guest.conf", 3);
	assert_origin(guest_where(guest, &guest->memory_kib), "/" FILE_PATH, 2);
	assert_origin(guest_where(guest, &guest->shutdown_s), "/" FILE_PATH ".d/20-b.conf", 2);
	/* Nobody set it: the section's last line. Nobody has the section: nowhere. */
	assert_origin(guest_where(guest, &guest->firmware), "/" FILE_PATH ".d/20-b.conf", 1);
	assert_origin(guest_where(guest, &guest->network), NULL, 0);
	assert_origin(guest_where(guest, &guest->gpu.device), "/" FILE_PATH, 4);
	assert_origin(guest_where(guest, &guest->gpu.has_device), "/" FILE_PATH, 4);
	assert_origin(guest_where(guest, &guest->gpu.rom), "/" FILE_PATH, 3);
	assert_origin(guest_where(guest, &guest->gpu), "/" FILE_PATH, 3);
	assert_origin(guest->gpu.section, "/" FILE_PATH, 3);
	guest_free(guest);
}

static void a_label_merges_by_key_and_an_unlabelled_section_adds(void **state)
{
	const struct tree *tree = *state;
	struct guest *guest;

	tree_write(tree, "etc/vxm/guest.conf",
		   "[Disk system]\nPath=/a\nBus=sata\n[Disk]\nPath=/b\n");
	tree_write(tree, FILE_PATH, MINIMAL "[Disk]\nPath=/c\n[Disk more]\nPath=/d\n");
	tree_write(tree, FILE_PATH ".d/x.conf", "[Disk system]\nPath=/e\n");
	guest = load(tree);
	assert_int_equal(guest->disk_count, 4);
	assert_string_equal(guest->disks[0]->path, "/e");
	assert_int_equal(guest->disks[0]->bus, GUEST_BUS_SATA);
	assert_string_equal(guest->disks[1]->path, "/b");
	assert_string_equal(guest->disks[2]->path, "/c");
	assert_string_equal(guest->disks[3]->path, "/d");
	assert_origin(guest_where(guest, &guest->disks[0]->path), "/" FILE_PATH ".d/x.conf", 2);
	assert_origin(guest_where(guest, &guest->disks[0]->bus), "/etc/vxm/guest.conf", 3);
	assert_origin(guest->disks[0]->section, "/" FILE_PATH ".d/x.conf", 1);
	assert_origin(guest_where(guest, &guest->disks[3]->discard), "/" FILE_PATH, 8);
	guest_free(guest);
}

static void remove_drops_an_earlier_section_of_that_label(void **state)
{
	const struct tree *tree = *state;
	struct guest *guest;

	tree_write(tree, "etc/vxm/guest.conf",
		   "[Disk system]\nPath=/a\n[CDROM system]\nPath=/iso\n");
	tree_write(tree, FILE_PATH, MINIMAL "[Disk system]\nRemove=yes\n[Disk]\nPath=/c\n");
	tree_write(tree, FILE_PATH ".d/x.conf", "[Disk system]\nPath=/new\n");
	guest = load(tree);
	assert_int_equal(guest->disk_count, 2);
	assert_string_equal(guest->disks[0]->path, "/c");
	assert_string_equal(guest->disks[1]->path,
			    "/new"); /* a new one, not the removed one back */
	assert_int_equal(guest->cdrom_count, 1);
	guest_free(guest);

	tree_write(tree, FILE_PATH ".d/x.conf", "[Disk sytsem]\nRemove=yes\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ".d/x.conf:2: Remove=: no earlier file has a section [Disk sytsem]");
	tree_write(tree, FILE_PATH ".d/x.conf", "[Disk]\nRemove=yes\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH
	       ".d/x.conf:2: Remove=: this [Disk] has no label to find an earlier one "
	       "by; allowed is Remove= below a line like [Disk label]");
	tree_write(tree, FILE_PATH ".d/x.conf", "[CDROM system]\nRemove=no\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ".d/x.conf:2: Remove=: \"no\" is not allowed; allowed is yes");
	tree_write(tree, FILE_PATH ".d/x.conf", "[CDROM system]\nRemove=yes\nPath=/x\n");
	refuse(tree, -EINVAL, "/" FILE_PATH ".d/x.conf:3: Path=: nothing may follow Remove=yes");
}

static void what_is_wrong_is_said_with_file_line_and_the_nearest(void **state)
{
	static const struct {
		const char *text; /* after MINIMAL, whose last line is 5 */
		const char *words;
	} cases[] = {
		{ "[Guest]\nMemroy=4G\n",
		  ":7: Memroy=: no such key in [Guest]; did you mean Memory=?" },
		{ "[Guest]\ncpus=4\n", ":7: cpus=: no such key in [Guest]; did you mean CPUs=?" },
		{ "[Guest]\nPath=/a\n", ":7: Path=: no such key in [Guest]; it belongs to [Disk]" },
		{ "[Guest]\nFoo=1\n",
		  ":7: Foo=: no such key in [Guest]; vxm-guest.conf(5) lists those that are" },
		{ "[GPU]\nColour=keep\n",
		  ":7: Colour=: no such key in [GPU]; vxm-guest.conf(5) lists those that are" },
		{ "[Disc]\n", ":6: [Disc]: no such section; did you mean [Disk]?" },
		{ "[Sound]\n", ":6: [Sound]: no such section; vxm-guest.conf(5) lists them" },
		{ "[Guest one]\n",
		  ":6: [Guest]: there is one such section, and it takes no label" },
		{ "[Guest]\nCPUs=two\n",
		  ":7: CPUs=: \"two\" is not of the form; allowed is a number from 1 to 288" },
		{ "[Guest]\nCPUs=289\n",
		  ":7: CPUs=: \"289\" is out of bounds; allowed is a number from 1 to 288" },
		{ "[Guest]\nMemory=4G\n",
		  ":7: Memory=: is set in line 2 already; allowed is one Memory= in a section" },
		{ "[Disk]\nPath=/a\nPath=/b\n",
		  ":8: Path=: is set in line 7 already; allowed is one Path= in a section, and a "
		  "section line for each" },
		{ "[Guest]\nFirmware=Secure\n",
		  ":7: Firmware=: \"Secure\" is not of the form; allowed is secure or uefi" },
		{ "[Disk]\n", ":6: Path=: [Disk] has none; allowed is an absolute path" },
		{ "[Disk]\nPath=a/b\n", ":7: Path=: \"a/b\" is not of the form; allowed is an "
					"absolute path without . and "
					".. in it, such as /var/lib/vxm/win11/system.qcow2" },
		{ "[Disk]\nPath=/a\n[CDROM]\nPath=/a\n",
		  ":9: Path=: /a stands in /" FILE_PATH
		  ":7 already; two disks of a guest cannot share a file" },
		{ "[PCI]\nDevice=0000:01:00.0\nIdentity=10de:2684\n",
		  ":7: Device=: 0000:01:00.0 stands in /" FILE_PATH
		  ":4 already; a device is named once" },
		{ "[PCI]\nDevice=0000:05:00.0\n",
		  ":6: Identity=: [PCI] has none, so that another device which comes to lie at "
		  "0000:05:00.0 would be taken; allowed is VENDOR:DEVICE of the device that is "
		  "meant "
		  "(lspci -n -s 0000:05:00.0)" },
		{ "[Input]\nStart=host\n",
		  ":6: Keyboard=: [Input] has neither Keyboard= nor Mouse=; one of them says which "
		  "node is meant, such as Keyboard=auto" },
		{ "[Display]\nMonitor=DEL:a0c4\n",
		  ":6: GuestInput=: [Display] has none; allowed is the input that the guest's card "
		  "hangs on, such as hdmi-1" },
		{ "[Display]\nMonitor=DEL:a0c4\nGuestInput=dp-1\nHostInput=15\n",
		  ":9: HostInput=: is the same as GuestInput=; allowed is another input, or no "
		  "HostInput= (then the one found at the start is put back)" },
		{ "[Display]\nMonitor=DEL:a0c4\nGuestInput=dp-1\n[Display]\nMonitor=DEL:a0c4:2\n"
		  "GuestInput=dp-2\n",
		  ":10: Monitor=: this monitor has a [Display] section already; a serial number "
		  "tells "
		  "two of a kind apart" },
		{ "[Guest]\nHugepages=1G\n[Guest]\nDescription=\"x\n",
		  ":9: Description=: the value begins with a double quote and has none at its "
		  "end" },
	};
	const struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[1024], words[1024];

		snprintf(text, sizeof(text), MINIMAL "%s", cases[i].text);
		snprintf(words, sizeof(words), "/" FILE_PATH "%s", cases[i].words);
		tree_write(tree, FILE_PATH, text);
		refuse(tree, -EINVAL, words);
	}
}

static void what_has_to_be_there_is_asked_for(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, FILE_PATH, "");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ":1: Memory=: [Guest] has none; allowed is a size with its unit, such "
	       "as Memory=16G");
	tree_write(tree, "usr/lib/vxm/guest.conf", "[Guest]\nCPUs=3\n");
	tree_write(tree, FILE_PATH, "\n[Guest]\nMemory=\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ":3: Memory=: \"\" is not of the form; allowed is a size of at least "
	       "64M with its unit K, M, G or T, such as 16G");
	tree_write(tree, FILE_PATH, "[Guest]\nMemory=4G\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ":1: [GPU]: the section is missing; a guest needs [GPU] with Device= "
	       "and Identity= (lspci -Dnn)");
	tree_write(tree, FILE_PATH, "[Guest]\nMemory=4G\n[GPU]\nIdentity=10de:2684\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ":3: Device=: [GPU] has none; allowed is a PCI address such as "
	       "0000:01:00.0 (lspci -D)");
	tree_write(tree, FILE_PATH, MINIMAL "[Guest]\nHugepages=1G\nDescription=\n");
	guest_free(load(tree));
	tree_write(tree, FILE_PATH ".d/a.conf", "[Guest]\nMemory=4097M\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ".d/a.conf:2: Memory=: 4195328 KiB are not a whole number of huge "
	       "pages; allowed is a multiple of 1024M, or Hugepages=no");
}

static void a_guest_that_is_not_there_is_told_with_those_that_are(void **state)
{
	const struct tree *tree = *state;
	struct guest_error error;
	struct guest *guest = NULL;
	struct strlist names;

	refuse(tree, -ENOENT,
	       "/" FILE_PATH ": there is no such file, so there is no guest demo; the guests here: "
	       "none");
	tree_write(tree, "etc/vxm/guests/b.conf", "");
	tree_write(tree, "etc/vxm/guests/a-1.conf", "");
	tree_write(tree, "etc/vxm/guests/a.conf", "");
	tree_write(tree, "etc/vxm/guests/Upper.conf", "");
	tree_write(tree, "etc/vxm/guests/auto.conf", "");
	tree_write(tree, "etc/vxm/guests/.conf", "");
	tree_write(tree, "etc/vxm/guests/c.conf.d/x.conf", "");
	tree_write(tree, "etc/vxm/guests/d.conf~", "");
	refuse(tree, -ENOENT,
	       "/" FILE_PATH ": there is no such file, so there is no guest demo; the guests here: "
	       "a, a-1, b");
	assert_int_equal(guest_list(&tree->host, &names), 0);
	assert_int_equal(names.count, 3);
	strlist_done(&names);
	assert_int_equal(guest_load(&tree->host, "../x", &guest, &error), -EINVAL);
	assert_string_equal(error.text,
			    "\"../x\" is not a guest's name: 1 to 31 of a-z 0-9 . _ -, beginning "
			    "with a letter or a digit, and not \"auto\"");
	assert_null(guest);
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
	const struct tree *tree = *state;

	tree_mkdir(tree, FILE_PATH);
	refuse(tree, -EINVAL, "/" FILE_PATH ": it is not a regular file");
	tree_remove(tree, FILE_PATH);
	tree_link(tree, FILE_PATH, "nowhere");
	refuse(tree, -ENOENT, "/" FILE_PATH ": cannot be read: No such file or directory");
	tree_remove(tree, FILE_PATH);
	tree_link(tree, FILE_PATH, "demo.conf");
	refuse(tree, -ELOOP, "/" FILE_PATH ": cannot be read: Too many levels of symbolic links");
	tree_remove(tree, FILE_PATH);
}

/* Files below a root that are open to root alone, asked for as a user. */
static void a_file_that_the_user_may_not_read_says_chmod(void **state)
{
	const struct tree *tree = *state;
	int status;
	pid_t pid;

	tree_write(tree, FILE_PATH, "");
	assert_int_equal(fchmodat(tree->host.root_fd, FILE_PATH, 0600, 0), 0);
	assert_int_equal(fchmodat(tree->host.root_fd, ".", 0755, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct guest_error error = { .text = "" };
		struct guest *guest = NULL;
		int r = geteuid() == 0 && setresuid(65534, 65534, 65534) < 0
				? -errno
				: fchmodat(tree->host.root_fd, FILE_PATH, 0, 0);

		/* Whoever owns it takes it from himself; root's is closed already. */
		if (r == 0 || errno == EPERM)
			r = guest_load(&tree->host, "demo", &guest, &error);
		_exit(r == -EACCES && strstr(error.text, "chmod 644") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void hostile_values_are_refused_or_kept_as_they_stand(void **state)
{
	const struct tree *tree = *state;
	static char big[65536 + sizeof(MINIMAL) + 32];
	static const char nul[] = MINIMAL "[Disk]\nPath=/a\0b\n";
	struct guest *guest;
	size_t used;

	used = (size_t)snprintf(big, sizeof(big), MINIMAL "[Disk]\nPath=/");
	memset(big + used, 'a', 65536);
	tree_write_bytes(tree, FILE_PATH, big, used + 65536);
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ":7: the line has 65542 bytes, at most 4095 are allowed");
	tree_write_bytes(tree, FILE_PATH, nul, sizeof(nul) - 1);
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ":7: a control character (byte 0x00); allowed is text in UTF-8");
	tree_write(tree, FILE_PATH, MINIMAL "[Disk]\nPath=/a\033[2Jb\n");
	refuse(tree, -EINVAL,
	       "/" FILE_PATH ":7: a control character (byte 0x1b); allowed is text in UTF-8");
	tree_write(tree, FILE_PATH, MINIMAL "[Disk]\nPath=/a,readonly=on,\"x'y\" $(z) %n %i\n");
	guest = load(tree);
	assert_string_equal(guest->disks[0]->path, "/a,readonly=on,\"x'y\" $(z) %n %i");
	guest_free(guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_minimal_guest_has_the_documented_defaults),
		tree_test(every_key_reaches_its_field),
		tree_test(each_layer_wins_over_the_one_before),
		tree_test(a_label_merges_by_key_and_an_unlabelled_section_adds),
		tree_test(remove_drops_an_earlier_section_of_that_label),
		tree_test(what_is_wrong_is_said_with_file_line_and_the_nearest),
		tree_test(what_has_to_be_there_is_asked_for),
		tree_test(a_guest_that_is_not_there_is_told_with_those_that_are),
		tree_test(a_file_that_cannot_be_read_is_told),
		tree_test(a_file_that_the_user_may_not_read_says_chmod),
		tree_test(hostile_values_are_refused_or_kept_as_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
