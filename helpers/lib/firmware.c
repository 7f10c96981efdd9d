/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UEFI firmware of the machine, found by QEMU's firmware descriptors. */
#include "firmware.h"

#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/*
 * Theory of operation
 *
 * The rules are those of QEMU's docs/interop/firmware.json. Descriptors lie in several directories;
 * they are one set, keyed and sorted by file name, in which the more specific directory wins for
 * each name, and an empty file (or a link to /dev/null) takes that name out. $XDG_CONFIG_HOME is
 * left out: a system service has no home worth the name. The first of the set that fits is taken,
 * so an administrator chooses by a file in /etc.
 *
 * What fits: interface uefi; mapped by flash, split into code and a template for variables (a
 * stateless or memory-mapped build, as SEV-SNP and TDX need, has no variables to keep: falls out
 * here); x86_64 on q35. "q35" is an alias of the newest pc-q35-N.M of the QEMU at hand, and every
 * descriptor of a distribution names the family by a glob: the oldest member that VxM runs on
 * stands for all.
 */

#define FIRMWARE_MACHINE    "pc-q35-7.2"
#define FIRMWARE_SIZE_LIMIT ((size_t)256 * 1024)

/* The most specific first. */
static const char *const firmware_directories[] = {
	"etc/qemu/firmware",
	"usr/share/qemu/firmware",
};

void firmware_done(struct firmware *firmware)
{
	free(firmware->descriptor);
	free(firmware->executable.filename);
	free(firmware->nvram_template.filename);
	*firmware = (struct firmware){ 0 };
}

const char *firmware_format_word(enum firmware_format format)
{
	return format == FIRMWARE_QCOW2 ? "qcow2" : "raw";
}

static bool has_word(const json_t *array, const char *word)
{
	const json_t *item;
	size_t i;

	json_array_foreach (array, i, item) {
		const char *text = json_string_value(item);

		if (text && strcmp(text, word) == 0)
			return true;
	}
	return false;
}

static bool fits_target(const json_t *targets)
{
	const json_t *target, *machine;
	size_t i, j;

	json_array_foreach (targets, i, target) {
		const char *architecture =
			json_string_value(json_object_get(target, "architecture"));

		if (!architecture || strcmp(architecture, "x86_64") != 0)
			continue;
		json_array_foreach (json_object_get(target, "machines"), j, machine) {
			const char *glob = json_string_value(machine);

			if (glob && fnmatch(glob, FIRMWARE_MACHINE, 0) == 0)
				return true;
		}
	}
	return false;
}

/* 1, 0 when it is not a file we can map, -ENOMEM. */
static int parse_file(const json_t *object, struct firmware_file *ret)
{
	const char *filename = json_string_value(json_object_get(object, "filename"));
	const char *format = json_string_value(json_object_get(object, "format"));

	if (!filename || filename[0] != '/' || !format)
		return 0;
	if (strcmp(format, "raw") == 0)
		ret->format = FIRMWARE_RAW;
	else if (strcmp(format, "qcow2") == 0)
		ret->format = FIRMWARE_QCOW2;
	else
		return 0;
	ret->filename = strdup(filename);
	return ret->filename ? 1 : -ENOMEM;
}

static bool is_split_flash(const json_t *mapping)
{
	const char *device = json_string_value(json_object_get(mapping, "device"));
	const json_t *mode = json_object_get(mapping, "mode");

	if (!device || strcmp(device, "flash") != 0)
		return false;
	/* The key came with QEMU 7.0; without it the mapping is split. */
	return !mode || (json_is_string(mode) && strcmp(json_string_value(mode), "split") == 0);
}

static bool is_of_kind(const struct firmware *firmware, enum firmware_kind kind)
{
	if (kind == FIRMWARE_SECURE)
		return firmware->secure_boot && firmware->enrolled_keys;
	return !firmware->secure_boot && !firmware->enrolled_keys && !firmware->requires_smm;
}

static int parse_descriptor(const json_t *root, enum firmware_kind kind, struct firmware *ret)
{
	const json_t *mapping = json_object_get(root, "mapping");
	const json_t *features = json_object_get(root, "features");
	int r;

	ret->secure_boot = has_word(features, "secure-boot");
	ret->enrolled_keys = has_word(features, "enrolled-keys");
	ret->requires_smm = has_word(features, "requires-smm");
	/* host-uefi-vars: the variables are QEMU's uefi-vars device's, not a flash's. */
	if (!is_of_kind(ret, kind) || has_word(features, "host-uefi-vars") ||
	    !has_word(json_object_get(root, "interface-types"), "uefi") ||
	    !is_split_flash(mapping) || !fits_target(json_object_get(root, "targets")))
		return 0;
	r = parse_file(json_object_get(mapping, "executable"), &ret->executable);
	if (r <= 0)
		return r;
	return parse_file(json_object_get(mapping, "nvram-template"), &ret->nvram_template);
}

int firmware_parse(const char *text, enum firmware_kind kind, struct firmware *ret)
{
	_cleanup_firmware_ struct firmware found = { 0 };
	json_error_t error;
	json_t *root;
	int r;

	root = json_loads(text, 0, &error);
	if (!root)
		return 0;
	r = parse_descriptor(root, kind, &found);
	json_decref(root);
	if (r <= 0)
		return r;
	*ret = found;
	found = (struct firmware){ 0 };
	return 1;
}

/* The text of a file; "" for a link to the null device; -ENOENT when there is none. */
static int read_descriptor(const struct host *host, const char *path, char **ret)
{
	char target[16];
	ssize_t n = readlinkat(host->root_fd, path, target, sizeof(target) - 1);

	if (n > 0) {
		target[n] = '\0';
		if (strcmp(target, "/dev/null") == 0) {
			*ret = strdup("");
			return *ret ? 0 : -ENOMEM;
		}
	}
	return host_read_file(host, path, FIRMWARE_SIZE_LIMIT, ret, NULL);
}

/* NAME as the most specific directory has it. */
static int try_name(const struct host *host, const char *name, enum firmware_kind kind,
		    struct firmware *ret)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(firmware_directories); i++) {
		_cleanup_free_ char *text = NULL;
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "/%s/%s", firmware_directories[i], name) < 0)
			return -ENOMEM;
		r = read_descriptor(host, path + 1, &text);
		if (r == -ENOENT)
			continue;
		if (r < 0) {
			log_debug("%s: %s", path, strerror(-r));
			return r == -ENOMEM ? r : 0;
		}
		r = firmware_parse(text, kind, ret);
		if (r > 0)
			ret->descriptor = take_ptr(path);
		return r;
	}
	return 0;
}

static int list_names(const struct host *host, struct strlist *ret)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(firmware_directories); i++) {
		_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;

		r = host_list(host, firmware_directories[i], &names);
		if (r < 0 && r != -ENOENT)
			return r;
		for (size_t j = 0; j < names.count; j++) {
			if (fnmatch("*.json", names.items[j], 0) != 0 ||
			    strlist_has(ret, names.items[j]))
				continue;
			r = strlist_add(ret, names.items[j]);
			if (r < 0)
				return r;
		}
	}
	strlist_sort(ret);
	return 0;
}

int firmware_find(const struct host *host, enum firmware_kind kind, struct firmware *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	int r;

	r = list_names(host, &names);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		r = try_name(host, names.items[i], kind, ret);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return -ENOENT;
}
