/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the monitors can be told to change their input. */
#include "monitorcheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "deadline.h"
#include "monitor.h"
#include "parse.h"

#define MONITOR_TIMEOUT_MS 15000
#define DDC_OFF                                                                                 \
	"switch on \"DDC/CI\" in the monitor's own menu, or change its input by hand; without " \
	"[Display] VxM leaves it alone"

/* What the child found, in memory that both share. */
struct finding {
	int found; /* of the [Display] sections, or of all monitors: how many are there */
	int deaf;  /* and do not answer */
	char name[EDID_IDENTITY_SIZE]; /* one that is missing or deaf */
};

struct job {
	const struct guest *guest;
	struct finding *finding;
};

static void count(struct finding *finding, const struct monitor *monitor)
{
	finding->found++;
	if (monitor->has_ddc)
		return;
	finding->deaf++;
	memcpy(finding->name, monitor->identity, sizeof(finding->name));
}

static int look(void *data)
{
	const struct job *job = data;
	const struct monitor *monitor;
	struct monitor_list list;
	int r = monitor_scan(&list);

	if (r < 0)
		return r;
	for (size_t i = 0; !job->guest && i < list.count; i++)
		count(job->finding, &list.items[i]);
	for (size_t i = 0; job->guest && i < job->guest->display_count; i++) {
		const struct guest_display *display = job->guest->displays[i];

		r = monitor_find(&list, display->maker, display->product, display->serial,
				 &monitor);
		if (r >= 0)
			count(job->finding, monitor);
		else
			snprintf(job->finding->name, sizeof(job->finding->name), "%s:%04x",
				 display->maker, display->product);
	}
	return 0;
}

/* How many I2C buses there are, and whether we may talk on any. */
static size_t find_buses(const struct host *host, bool *ret_allowed)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	size_t n = 0;

	*ret_allowed = false;
	if (host_list(host, "dev", &names) < 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		char path[64];
		unsigned bus;

		if (strncmp(names.items[i], "i2c-", 4) != 0 ||
		    parse_uint(names.items[i] + 4, &bus) < 0)
			continue;
		n++;
		snprintf(path, sizeof(path), "dev/i2c-%u", bus);
		*ret_allowed = *ret_allowed ||
			       faccessat(host->root_fd, path, R_OK | W_OK, AT_EACCESS) == 0;
	}
	return n;
}

static void report(const struct guest *guest, int r, const struct finding *finding,
		   struct reason_list *reasons)
{
	int wanted = guest ? (int)guest->display_count : finding->found;

	if (r < 0)
		reason_add(reasons, REASON_UNSEEN, "monitor",
			   r == -ETIMEDOUT ? "switch the monitors on, and ask again"
					   : "sudo apt install libddcutil4 (trixie: libddcutil5)",
			   "the monitors: %s",
			   r == -ETIMEDOUT ? "a bus did not answer in time" : monitor_strerror(r));
	else if (finding->found < wanted)
		reason_add(reasons, REASON_WARNS, "monitor",
			   "sudo vxm-display show lists what is there, as Monitor= wants it",
			   "the monitor %s of [Display] is not connected, or its EDID is not to be "
			   "had",
			   finding->name);
	else if (finding->deaf > 0)
		reason_add(reasons, REASON_WARNS, "no-ddc", DDC_OFF,
			   "the monitor %s does not answer over DDC/CI, so its input cannot be "
			   "changed",
			   finding->name);
}

void monitorcheck_run(const struct host *host, const struct guest *guest,
		      struct reason_list *reasons)
{
	struct finding *finding;
	struct job job = { .guest = guest };
	bool allowed;

	if (guest && guest->display_count == 0)
		return;
	if (host->recorded) {
		reason_add(reasons, REASON_UNSEEN, "monitor",
			   "ask on the machine itself: sudo vxm check",
			   "monitors: a recorded machine has none to ask");
		return;
	}
	if (find_buses(host, &allowed) == 0) {
		reason_add(reasons, REASON_WARNS, "i2c",
			   "sudo modprobe i2c-dev, and for each start: echo i2c-dev | sudo tee "
			   "/etc/modules-load.d/i2c-dev.conf",
			   "there is no /dev/i2c-N: monitors cannot be told to change their input");
		return;
	}
	if (!allowed) {
		reason_add(reasons, REASON_UNSEEN, "monitor", "sudo vxm check",
			   "the monitors: /dev/i2c-N are not yours to open");
		return;
	}
	finding = mmap(NULL, sizeof(*finding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (finding == MAP_FAILED) {
		reasons->failed = true;
		return;
	}
	job.finding = finding;
	report(guest, deadline_run(look, &job, MONITOR_TIMEOUT_MS, -1, NULL), finding, reasons);
	munmap(finding, sizeof(*finding));
}
