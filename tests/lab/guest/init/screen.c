// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lab guest's screens: fills the whole screen of one PCI card with a colour, through the card's
 * own DRM driver.
 *
 * One buffer a card, set on its first connected connector at its preferred mode. The buffer is
 * filled before it is set (or marked dirty), so once the answer is out the card scans out the
 * colour. The card stays open: the open file is what keeps the kernel's text console away.
 */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libdrm/drm.h>
#include <libdrm/drm_mode.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SCREEN_CLASS "/sys/class/drm"
#define SCREEN_MAX   4
#define SCREEN_LIST  32

struct screen {
	char bdf[16];
	int fd;
	uint32_t *pixels;
	uint32_t width;
	uint32_t height;
	uint32_t pitch;
	uint32_t fb;
};

static struct screen screens[SCREEN_MAX];

/* True for "card0" and the like, not for "card0-Virtual-1" or "renderD128". */
static bool is_card(const char *name)
{
	return strncmp(name, "card", 4) == 0 && name[4 + strspn(name + 4, "0123456789")] == '\0';
}

/* The PCI address, without its domain, of a DRM card. Returns 0 or -ENODEV. */
static int card_bdf(const char *name, char *ret_bdf, size_t size)
{
	char dir[PATH_MAX];
	char target[64];
	char *bdf;

	snprintf(dir, sizeof(dir), SCREEN_CLASS "/%.16s", name);
	if (attr_read_link(dir, "device", target, sizeof(target)) < 0)
		return -ENODEV;
	bdf = strchr(target, ':');
	if (!bdf || strlen(bdf + 1) != strlen("01:00.0"))
		return -ENODEV;
	snprintf(ret_bdf, size, "%s", bdf + 1);
	return 0;
}

/* The first connected connector and its first mode, which is the preferred one. */
static int find_mode(int fd, uint32_t *ret_connector, uint32_t *ret_crtc,
		     struct drm_mode_modeinfo *ret_mode)
{
	uint32_t connectors[SCREEN_LIST] = { 0 };
	uint32_t crtcs[SCREEN_LIST] = { 0 };
	struct drm_mode_card_res res = {
		.count_connectors = SCREEN_LIST,
		.count_crtcs = SCREEN_LIST,
		.connector_id_ptr = (uintptr_t)connectors,
		.crtc_id_ptr = (uintptr_t)crtcs,
	};

	if (ioctl(fd, DRM_IOCTL_MODE_GETRESOURCES, &res) < 0)
		return -errno;
	for (uint32_t i = 0; i < res.count_connectors && i < SCREEN_LIST && res.count_crtcs > 0;
	     i++) {
		struct drm_mode_modeinfo modes[128];
		struct drm_mode_get_connector get = { .connector_id = connectors[i] };

		/* Asking with no room makes the kernel probe; the second call fills the list. */
		if (ioctl(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get) < 0 || get.connection != 1)
			continue;
		get = (struct drm_mode_get_connector){
			.connector_id = connectors[i],
			.count_modes = sizeof(modes) / sizeof(modes[0]),
			.modes_ptr = (uintptr_t)modes,
		};
		if (ioctl(fd, DRM_IOCTL_MODE_GETCONNECTOR, &get) < 0 || get.count_modes == 0 ||
		    get.count_modes > sizeof(modes) / sizeof(modes[0]))
			continue;
		*ret_connector = connectors[i];
		*ret_crtc = crtcs[0];
		*ret_mode = modes[0];
		return 0;
	}
	return -ENXIO;
}

static int create_buffer(struct screen *s)
{
	struct drm_mode_create_dumb create = { .width = s->width, .height = s->height, .bpp = 32 };
	struct drm_mode_map_dumb map = { 0 };
	struct drm_mode_fb_cmd fb = {
		.width = s->width, .height = s->height, .bpp = 32, .depth = 24
	};

	if (ioctl(s->fd, DRM_IOCTL_MODE_CREATE_DUMB, &create) < 0)
		return -errno;
	map.handle = create.handle;
	fb.handle = create.handle;
	fb.pitch = create.pitch;
	if (ioctl(s->fd, DRM_IOCTL_MODE_MAP_DUMB, &map) < 0 ||
	    ioctl(s->fd, DRM_IOCTL_MODE_ADDFB, &fb) < 0)
		return -errno;
	s->pixels = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
			 (off_t)map.offset);
	if (s->pixels == MAP_FAILED)
		return -errno;
	s->pitch = create.pitch;
	s->fb = fb.fb_id;
	return 0;
}

static void paint(const struct screen *s, uint32_t rgb)
{
	for (size_t y = 0; y < s->height; y++)
		for (size_t x = 0; x < s->width; x++)
			s->pixels[y * (s->pitch / sizeof(*s->pixels)) + x] = rgb;
}

static int screen_start(struct screen *s, const char *node, uint32_t rgb)
{
	struct drm_mode_crtc set = { .count_connectors = 1, .mode_valid = 1 };
	uint32_t connector;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/dev/dri/%.16s", node);
	s->fd = open(path, O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	r = find_mode(s->fd, &connector, &set.crtc_id, &set.mode);
	if (r == 0) {
		s->width = set.mode.hdisplay;
		s->height = set.mode.vdisplay;
		r = create_buffer(s);
	}
	if (r == 0) {
		paint(s, rgb);
		set.fb_id = s->fb;
		set.set_connectors_ptr = (uintptr_t)&connector;
		if (ioctl(s->fd, DRM_IOCTL_MODE_SETCRTC, &set) < 0)
			r = -errno;
	}
	if (r < 0)
		close(s->fd);
	return r;
}

static int screen_paint(const char *bdf, const char *node, uint32_t rgb, char *ret_size,
			size_t size)
{
	struct drm_mode_fb_dirty_cmd dirty = { 0 };
	struct screen *s = screens;
	int r = 0;

	while (s < screens + SCREEN_MAX && s->bdf[0] && strcmp(s->bdf, bdf) != 0)
		s++;
	if (s == screens + SCREEN_MAX)
		return -ENOSPC;
	if (!s->bdf[0]) {
		r = screen_start(s, node, rgb);
		if (r < 0)
			return r;
		snprintf(s->bdf, sizeof(s->bdf), "%s", bdf);
	} else {
		paint(s, rgb);
		dirty.fb_id = s->fb;
		/* Drivers that scan the buffer out directly do not know the call. */
		if (ioctl(s->fd, DRM_IOCTL_MODE_DIRTYFB, &dirty) < 0 && errno != ENOSYS)
			r = -errno;
	}
	snprintf(ret_size, size, "%ux%u", s->width, s->height);
	return r;
}

void screen_report(void)
{
	DIR *dir = opendir(SCREEN_CLASS);
	struct dirent *entry;
	char bdf[16];

	while (dir && (entry = readdir(dir)))
		if (is_card(entry->d_name) && card_bdf(entry->d_name, bdf, sizeof(bdf)) == 0)
			line_print("screen %s %s", bdf, entry->d_name);
	if (dir)
		closedir(dir);
}

int screen_fill(const char *args, char *ret_detail, size_t size)
{
	char colour[8];
	const char *card;
	struct dirent *entry;
	uint64_t rgb;
	int r = -ENODEV;
	DIR *dir;

	snprintf(colour, sizeof(colour), "%s", args);
	if (colour[0] != '#' || strlen(colour) != 7 || attr_parse_number(colour + 1, 16, &rgb) < 0)
		return -EINVAL;
	card = args[7] == ' ' ? args + 8 : "";
	if (args[7] && !*card)
		return -EINVAL;
	dir = opendir(SCREEN_CLASS);
	if (!dir)
		return -errno;
	while (r == -ENODEV && (entry = readdir(dir))) {
		char extent[32] = "";
		char bdf[16];

		if (!is_card(entry->d_name) || card_bdf(entry->d_name, bdf, sizeof(bdf)) < 0)
			continue;
		if (*card && strcmp(card, bdf) != 0)
			continue;
		r = screen_paint(bdf, entry->d_name, (uint32_t)rgb, extent, sizeof(extent));
		snprintf(ret_detail, size, "%s %s %s", colour, extent, bdf);
	}
	closedir(dir);
	return r;
}
