/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what reads JSON: firmware descriptors, and the monitor protocol, a line and a stream. */
#include "fuzz.h"

#include <sys/socket.h>

#include "firmware.h"
#include "qmp.h"

/* What a socket pair takes in one write without a reader. */
#define STREAM_MAX 65536

static void descriptors(const char *text, enum firmware_kind kind)
{
	struct firmware firmware;
	int r;

	fuzz_mark(&firmware, sizeof(firmware));
	r = firmware_parse(text, kind, &firmware);
	demand(r == 0 || r == 1);
	if (r == 0) {
		demand(fuzz_is_marked(&firmware, sizeof(firmware)));
		return;
	}
	demand(!firmware.descriptor);
	demand(firmware.executable.filename[0] == '/');
	demand(firmware.nvram_template.filename[0] == '/');
	if (kind == FIRMWARE_SECURE)
		demand(firmware.secure_boot && firmware.enrolled_keys);
	else
		demand(!firmware.secure_boot && !firmware.enrolled_keys && !firmware.requires_smm);
	firmware_done(&firmware);
}

#define demand_ended(text) demand(memchr((text), '\0', sizeof(text)))

static void check_message(const struct qmp_message *message)
{
	demand(message->kind == QMP_GREETING || message->kind == QMP_RETURN ||
	       message->kind == QMP_ERROR || message->kind == QMP_EVENT);
	demand_ended(message->name);
	demand_ended(message->reason);
	demand_ended(message->status);
	demand_ended(message->text);
}

static void line(const uint8_t *data, size_t size)
{
	struct qmp_message message;
	int r;

	fuzz_mark(&message, sizeof(message));
	r = qmp_parse((const char *)data, size, &message);
	demand(r == 0 || r == -EBADMSG);
	if (r == 0)
		check_message(&message);
	else
		demand(fuzz_is_marked(&message, sizeof(message)));
}

/* All of it is there before it is read, and then the server is gone: no wait may time out. */
static void stream(const uint8_t *data, size_t size)
{
	_cleanup_qmp_ struct qmp *qmp = NULL;
	struct qmp_message message;
	int pair[2], r;

	demand(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	demand(write(pair[1], data, size) == (ssize_t)size);
	demand(shutdown(pair[1], SHUT_WR) == 0);
	qmp = qmp_new(pair[0]);
	demand(qmp);
	r = qmp_negotiate(qmp, qmp_after(1000), &message);
	while (r >= 0) {
		unsigned count = 0;

		check_message(&message);
		r = qmp_next_event(qmp, qmp_after(1000), &message, &count);
		demand(r < 0 || (count > 0 && message.kind == QMP_EVENT));
	}
	demand(r == -EPIPE || r == -EBADMSG || r == -EREMOTEIO || r == -EMSGSIZE);
	close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);

	descriptors(text, FIRMWARE_SECURE);
	descriptors(text, FIRMWARE_PLAIN);
	line(data, size);
	if (size <= STREAM_MAX && memchr(data, '\n', size))
		stream(data, size);
	return 0;
}
