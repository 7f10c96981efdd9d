/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes a guest's configuration from its files to QEMU's command line and systemd's drop-ins. */
#include "fuzz.h"

#include "guest.h"
#include "guestdropin.h"
#include "inputmatch.h"
#include "option.h"
#include "qemuargs.h"

/*
 * An input is up to three files, with a line of four dashes between them: the guest's own, a
 * drop-in of it, and the one for all guests. Asked is: what is wrong is said in one line that
 * begins with one of the files and a line that it has; what is right makes a command line and
 * drop-ins in which each path stands literally and no value has become an option or a directive.
 */

#define GUEST "demo"
#define SPLIT "----\n"

static const char *const files[] = {
	"etc/vxm/guests/" GUEST ".conf",
	"etc/vxm/guests/" GUEST ".conf.d/50-more.conf",
	"etc/vxm/guest.conf",
};

static struct host host;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	host = fuzz_root();
	return 0;
}

/* The lines that a file has, of which the last may have no end. */
static unsigned count_lines(const char *data, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

static void write_files(const char *data, size_t size, unsigned lines[static ARRAY_SIZE(files)])
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *end = memmem(data, size, SPLIT, strlen(SPLIT));
		size_t length = end && i + 1 < ARRAY_SIZE(files) ? (size_t)(end - data) : size;
		size_t taken = length + (length < size ? strlen(SPLIT) : 0);

		fuzz_write(&host, files[i], data, length);
		lines[i] = count_lines(data, length);
		data += taken;
		size -= taken;
	}
}

/* FILE:LINE of TEXT is a line of one of the files; what follows says something. */
static void check_place(const char *text, const unsigned *lines)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t length = strlen(files[i]);
		unsigned line = 0;
		const char *p = text + 1 + length;

		if (strncmp(text + 1, files[i], length) != 0 || *p != ':')
			continue;
		for (p++; *p >= '0' && *p <= '9'; p++)
			line = line * 10 + (unsigned)(*p - '0');
		demand(strncmp(p, ": ", 2) == 0 && strlen(p) > 2);
		demand(line >= 1 && line <= lines[i]);
		return;
	}
	demand(!"it names a file and a line");
}

static void check_origins(const struct guest *guest, const unsigned *lines)
{
	const void *fields[] = { &guest->memory_kib, &guest->cpus, &guest->gpu.device,
				 &guest->description };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct guest_origin origin = guest_where(guest, fields[i]);
		bool known = !origin.file;

		for (size_t k = 0; !known && k < ARRAY_SIZE(files); k++)
			known = strcmp(origin.file + 1, files[k]) == 0 && origin.line >= 1 &&
				origin.line <= lines[k];
		demand(known);
	}
}

/* Whether VALUE or a value in it is the member "filename" with this text. */
static bool has_filename(const json_t *value, const char *text)
{
	const char *key;
	json_t *member;

	json_object_foreach ((json_t *)value, key, member) {
		const char *string = json_string_value(member);

		if (string && strcmp(key, "filename") == 0 && strcmp(string, text) == 0)
			return true;
		if (has_filename(member, text))
			return true;
	}
	return false;
}

static void check_argument(const char *argument, const char *path, bool *ret_found)
{
	json_t *value;

	if (*argument != '{') {
		demand(strspn(argument, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-_=,.:/+") == strlen(argument));
		return;
	}
	value = json_loads(argument, JSON_REJECT_DUPLICATES, NULL);
	demand(json_is_object(value));
	*ret_found = *ret_found || has_filename(value, path);
	json_decref(value);
}

static void check_command(const struct guest *guest)
{
	static char code[] = "/usr/share/OVMF/CODE.fd", vars[] = "/usr/share/OVMF/VARS.fd";
	_cleanup_strlist_ struct strlist argv = STRLIST_EMPTY;
	struct pciaddr gpu = guest->gpu.device;
	bool *is_block = calloc(guest->disk_count + guest->cdrom_count + 1, sizeof(bool));
	struct qemuhost observed = {
		.firmware = { .executable.filename = code, .nvram_template.filename = vars },
		.gpu = &gpu,
		.gpu_count = 1,
		.disk_is_block = is_block,
		.cdrom_is_block = is_block,
		.threads = 2,
	};
	int r;

	demand(is_block);
	r = qemuargs_build(guest, &observed, 3, 4, &argv);
	demand(r == 0 || r == -E2BIG);
	for (size_t i = 0; r == 0 && i < guest->disk_count + guest->cdrom_count; i++) {
		const struct guest_disk *disk = i < guest->disk_count
							? guest->disks[i]
							: guest->cdroms[i - guest->disk_count];
		bool found = false;

		for (size_t k = 0; k < argv.count; k++)
			check_argument(argv.items[k], disk->path, &found);
		demand(found);
	}
	free(is_block);
}

/* What a unit file's quoted word says: \ and %% undone. False when it is not one whole word. */
static bool unquote(const char *text, char *ret, size_t size)
{
	size_t used = 0;

	if (*text++ != '"')
		return false;
	for (; *text && *text != '"'; text++) {
		if (*text == '%' && *++text != '%')
			return false;
		if (*text == '\\' && !*++text)
			return false;
		if (used + 1 < size)
			ret[used++] = *text;
	}
	ret[used] = '\0';
	return text[0] == '"' && !text[1];
}

/* A directive of ours, and where it has a path, one of the guest's. */
static void check_directive(const struct guest *guest, const char *line)
{
	static const char *const known[] = {
		"[Service]",
		"# ",
		"Wants=modprobe@i2c_dev.service",
		"Requires=vxm-",
		"After=vxm-",
		"BindsTo=vxm-",
		"Wants=vxm-",
		"Timeout",
		"DeviceAllow=",
		"ProtectHome=tmpfs",
		"ReadWritePaths=-",
		"BindPaths=-",
		"BindReadOnlyPaths=-",
		("RequiresMountsFor=/var/lib/vxm/" GUEST),
	};
	const char *mount = "RequiresMountsFor=\"";
	char path[PATH_MAX];
	bool found = false;

	demand(fuzz_is_line(line));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strncmp(line, known[i], strlen(known[i])) == 0)
			return;
	demand(strncmp(line, mount, strlen(mount)) == 0);
	demand(unquote(line + strlen(mount) - 1, path, sizeof(path)));
	for (size_t i = 0; i < guest->disk_count; i++)
		found = found || strcmp(guest->disks[i]->path, path) == 0;
	for (size_t i = 0; i < guest->cdrom_count; i++)
		found = found || strcmp(guest->cdroms[i]->path, path) == 0;
	demand(found || (guest->gpu.rom && strcmp(guest->gpu.rom, path) == 0));
}

static void check_dropins(const struct guest *guest)
{
	for (int i = 0; i < GUESTDROPIN_UNIT_COUNT * 4; i++) {
		const struct guestdropin_now now = { .is_prepared = i & 1, .lacks_tpm = i & 2 };
		_cleanup_free_ char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		int r;

		demand(out);
		r = guestdropin_print(out, guest, i / 4, &now);
		demand(fclose(out) == 0);
		demand(r == 1 || (r == 0 && size == 0));
		demand(strlen(text) == size && (size == 0 || text[size - 1] == '\n'));
		for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (*line)
				check_directive(guest, line);
		}
	}
}

static void check_values(const struct guest *guest)
{
	struct inputmatch match;

	demand(strcmp(guest->name, GUEST) == 0 && guest->description);
	demand(guest->memory_kib >= 65536 && guest->cpus >= 1 && guest->cpus <= 288);
	demand(guest->gpu.has_device && guest->gpu.has_identity);
	demand(qemuargs_memlock(guest) / 1024 >= guest->memory_kib);
	for (size_t i = 0; i < guest->disk_count; i++)
		demand(guest->disks[i]->path[0] == '/' && !strstr(guest->disks[i]->path, "/../"));
	for (size_t i = 0; i < guest->input_count; i++) {
		const struct guest_input *input = guest->inputs[i];

		demand(input->keyboard || input->mouse);
		inputmatch_parse(input->keyboard ? input->keyboard : input->mouse, &match, NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest_error error = { .text = "" };
	unsigned lines[ARRAY_SIZE(files)];
	struct guest *guest = NULL;
	int r;

	write_files((const char *)data, size, lines);
	r = guest_load(&host, GUEST, &guest, &error);
	demand(r == 0 || r == -EINVAL);
	if (r < 0) {
		demand(!guest);
		demand(memchr(error.text, '\0', sizeof(error.text)));
		demand(fuzz_is_line(error.text));
		check_place(error.text, lines);
		return 0;
	}
	check_values(guest);
	check_origins(guest, lines);
	check_command(guest);
	check_dropins(guest);
	guest_free(guest);
	return 0;
}
