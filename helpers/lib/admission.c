/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a guest's functions may move now: all refusals, with the gate watched. */
#include "admission.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "devicelock.h"
#include "gate.h"
#include "releasable.h"

/* What no waiting changes. */
static bool is_final(enum refusal_code code)
{
	return code != REFUSAL_NONE && code != REFUSAL_HELD && code != REFUSAL_USED;
}

/*
 * Who was waited for may have gone without an event (a mapping), and what is drawn on an output
 * goes a little after the descriptor: the kernel tells of a close before it acts on it (__fput()).
 */
static int watch(const struct host *host, const struct gate_patience *patience,
		 struct isolation *iso, struct refusal *ret)
{
	int r = gate_await_quiet(host, patience, iso);

	if (r >= 0 && patience->let_go_ms > 0 && iso->holders.count + iso->uses.count > 0)
		r = gate_look(host, iso);
	if (r < 0)
		snprintf(ret->text, sizeof(ret->text),
			 "who holds the devices cannot be found out: %s", strerror(-r));
	return r;
}

int admission_check(const struct host *host, const struct guest *guest, unsigned quiet_ms,
		    struct isolation *iso, tell_function tell, struct refusal *ret)
{
	const struct gate_patience patience = { .quiet_ms = quiet_ms };
	int r;

	if (refusal_find(guest, iso, ret) && is_final(ret->code))
		return -EPERM;
	r = watch(host, &patience, iso, ret);
	if (r < 0)
		return r;
	releasable_set_aside(guest, iso, tell);
	return refusal_find(guest, iso, ret) ? -EPERM : 0;
}

static int release(const struct host *host, const struct guest *guest, unsigned quiet_ms,
		   struct isolation *iso, tell_function tell, struct refusal *ret)
{
	struct gate_patience patience = { .quiet_ms = quiet_ms };
	struct release_failure failure;
	int asked = release_ask(host, guest, iso, tell, &failure), r;
	size_t used;

	if (asked < 0) {
		snprintf(ret->text, sizeof(ret->text), "%s", failure.text);
		return asked;
	}
	patience.let_go_ms = asked ? ADMISSION_LET_GO_MS : 0;
	r = watch(host, &patience, iso, ret);
	if (r < 0)
		return r;
	if (!refusal_find(guest, iso, ret))
		return 0;
	used = strlen(ret->text);
	if (asked)
		snprintf(ret->text + used, sizeof(ret->text) - used,
			 "; Session= and Services= in [GPU] have not helped within %d s",
			 ADMISSION_LET_GO_MS / 1000);
	return -EPERM;
}

/* A start that cannot be finished is not begun: whether the kernel lets anybody at each function.
 */
static int try_locks(const struct host *host, const struct isolation *iso, int lock_fd,
		     struct refusal *ret)
{
	for (size_t i = 0; i < iso->count; i++) {
		char bdf[PCIADDR_SIZE], sleeper[DEVICELOCK_SLEEPER_SIZE], why[DEVICELOCK_TEXT_SIZE];
		pid_t pid = 0;
		int r;

		pciaddr_format(&iso->functions[i].dev.addr, bdf);
		r = devicelock_try(host, bdf, lock_fd, &pid);
		if (r != -ETIMEDOUT)
			continue;
		devicelock_sleeper(host, pid, sleeper);
		ret->code = REFUSAL_STUCK;
		snprintf(ret->text, sizeof(ret->text), "%s", devicelock_tell(bdf, sleeper, why));
		return -EPERM;
	}
	return 0;
}

/*
 * Between the first look and the first write seconds may have gone by, and the kernel gives an
 * address to whatever comes there. What is written goes by address.
 */
static int look_again(const struct host *host, const struct isolation *iso, struct refusal *ret)
{
	for (size_t i = 0; i < iso->count; i++) {
		const struct pcidev *was = &iso->functions[i].dev;
		char bdf[PCIADDR_SIZE], ids[PCIIDS_SIZE];
		struct pcidev is;
		int r = pcidev_read(host, &was->addr, &is);

		pciaddr_format(&was->addr, bdf);
		if (r < 0 && r != -ENOENT) {
			snprintf(ret->text, sizeof(ret->text), "%s cannot be read again: %s", bdf,
				 strerror(-r));
			return r;
		}
		if (r >= 0 && pciids_match(&was->ids, &is.ids) && is.class == was->class &&
		    is.iommu_group == was->iommu_group)
			continue;
		ret->code = r < 0 ? REFUSAL_ABSENT : REFUSAL_IDENTITY;
		snprintf(ret->text, sizeof(ret->text),
			 "%s is no longer the %s that was found there when this start began: "
			 "\"vxm list-gpus\" shows what is where now",
			 bdf, pciids_format(&was->ids, ids));
		return -EPERM;
	}
	return 0;
}

int admission_start(const struct host *host, const struct guest *guest, unsigned quiet_ms,
		    int lock_fd, struct isolation *iso, tell_function tell, struct refusal *ret)
{
	int r;

	if (refusal_find(guest, iso, ret) && is_final(ret->code))
		return -EPERM;
	r = try_locks(host, iso, lock_fd, ret);
	if (r < 0)
		return r;
	r = release(host, guest, quiet_ms, iso, tell, ret);
	if (r >= 0)
		r = look_again(host, iso, ret);
	/* What fails of this is told, and stays on record for the stop. */
	if (r < 0)
		ret->unsettled = release_undo(host, guest->name, true, tell) < 0;
	return r;
}
