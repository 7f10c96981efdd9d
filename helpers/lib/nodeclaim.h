/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One input node that is given to the user vxm and returned, with the record that makes it safe. */
#pragma once

#include "host.h"
#include "inputdev.h"
#include "inputmatch.h"
#include "record.h"

/* The kind of record. An object is the mark of the node ("event3-input17"), its keys are node,
 * owner and mode. */
#define NODECLAIM_KIND "access"

/*
 * Whether GUEST may have the nodes chosen for it. 0; -EINVAL: a keyboard lacks a key of its toggle,
 * so the guest would never let go of it; -EBUSY: another guest has one; -ESRCH: there is no user
 * vxm (not looked at on a recorded host); -errno of reading the records. ret_error says it all.
 */
int nodeclaim_check(const struct host *host, const struct guest *guest,
		    const struct inputmatch_choices *choices, struct guest_error *ret_error);

/*
 * Records the node's owner (unless an earlier start did), marks the node and verifies. 0: it is
 * vxm's. -ENODEV: it was unplugged; -ETIMEDOUT: udev did not get to it; -EPERM: udev did, and the
 * owner is another one; -ESRCH: no user vxm; else -errno of the record or the mark, with nothing
 * changed. On a recorded host nothing is verified.
 */
int nodeclaim_give(const struct host *host, const struct inputdev *dev, struct record *record);

enum nodeclaim_end {
	NODECLAIM_BACK,	  /* the recorded owner has it */
	NODECLAIM_FORCED, /* he has it because it was changed by hand: udev did not do it */
	NODECLAIM_GONE,	  /* the device is not there any more */
};

/* Returns OBJECT of the record, and says how it ended. -EBADMSG: the record says no owner; -errno
 * of the mark or of changing the owner. */
int nodeclaim_return(const struct host *host, const struct record *record, const char *object,
		     enum nodeclaim_end *ret);
