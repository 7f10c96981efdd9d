// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lab guest's TPM: proves that the state of the emulated TPM outlives the guest, by one NV
 * index.
 *
 * Commands are built by hand (TPM 2.0 Library, part 3: TPM2_GetCapability, TPM2_NV_DefineSpace,
 * TPM2_NV_Write, TPM2_NV_Read), each with an empty owner password. The index lies in the owner's
 * range; it holds one byte of length and then the text, because NV_Read returns what was never
 * written as ones.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TPM_ST_NO_SESSIONS	0x8001
#define TPM_ST_SESSIONS		0x8002
#define TPM_CC_NV_DEFINE_SPACE	0x12a
#define TPM_CC_NV_WRITE		0x137
#define TPM_CC_NV_READ		0x14e
#define TPM_CC_GET_CAPABILITY	0x17a
#define TPM_CAP_TPM_PROPERTIES	6
#define TPM_PT_FAMILY_INDICATOR 0x100
#define TPM_PT_MANUFACTURER	0x105
#define TPM_RH_OWNER		0x40000001
#define TPM_RS_PW		0x40000009
#define TPM_ALG_SHA256		0x000b
#define TPM_RC_NV_DEFINED	0x14c
#define TPM_RC_NV_UNINITIALIZED 0x14a
/* TPM_RC_HANDLE for the second handle: there is no such index. */
#define TPM_RC_HANDLE_2 0x28b
/* OWNERWRITE, OWNERREAD, NO_DA */
#define NV_ATTRIBUTES (1u << 1 | 1u << 17 | 1u << 25)

#define NV_INDEX   0x01800042
#define NV_SIZE	   128
#define TPM_BUFFER 1024
#define TPM_HEADER 10

struct tpm_buffer {
	uint8_t bytes[TPM_BUFFER];
	size_t length;
};

static void put(struct tpm_buffer *b, uint32_t value, size_t width)
{
	while (width-- > 0)
		b->bytes[b->length++] = (uint8_t)(value >> (8 * width));
}

static uint32_t get(const struct tpm_buffer *b, size_t at)
{
	return (uint32_t)b->bytes[at] << 24 | (uint32_t)b->bytes[at + 1] << 16 |
	       (uint32_t)b->bytes[at + 2] << 8 | b->bytes[at + 3];
}

static void begin(struct tpm_buffer *b, uint32_t tag, uint32_t command)
{
	b->length = 0;
	put(b, tag, 2);
	put(b, 0, 4);
	put(b, command, 4);
}

/* The one authorisation of a command: a password session whose password is empty. */
static void put_empty_password(struct tpm_buffer *b)
{
	put(b, 9, 4);
	put(b, TPM_RS_PW, 4);
	put(b, 0, 2);
	put(b, 0, 1);
	put(b, 0, 2);
}

/* Sends b and replaces it by the answer. Returns the TPM's response code (0 is success) or -errno.
 */
static int transact(struct tpm_buffer *b)
{
	size_t length = b->length;
	int fd;
	int r = 0;

	b->length = 2;
	put(b, (uint32_t)length, 4);
	fd = open("/dev/tpm0", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, b->bytes, length) != (ssize_t)length)
		r = errno ? -errno : -EIO;
	if (r == 0) {
		ssize_t n = read(fd, b->bytes, sizeof(b->bytes));

		if (n < 0)
			r = -errno;
		else if (n < TPM_HEADER)
			r = -EIO;
		else
			b->length = (size_t)n;
	}
	close(fd);
	return r < 0 ? r : (int)get(b, 6);
}

static int get_property(uint32_t property, char *ret_text, size_t size)
{
	struct tpm_buffer b;
	int r;

	begin(&b, TPM_ST_NO_SESSIONS, TPM_CC_GET_CAPABILITY);
	put(&b, TPM_CAP_TPM_PROPERTIES, 4);
	put(&b, property, 4);
	put(&b, 1, 4);
	r = transact(&b);
	if (r < 0)
		return r;
	/* header, moreData, capability, count, property, value */
	if (r > 0 || b.length < TPM_HEADER + 1 + 4 * 4)
		return -EIO;
	snprintf(ret_text, size, "%.4s", (const char *)b.bytes + TPM_HEADER + 1 + 12);
	return 0;
}

void tpm_report(void)
{
	char family[8];
	char maker[8];
	int r = get_property(TPM_PT_FAMILY_INDICATOR, family, sizeof(family));

	if (r == 0)
		r = get_property(TPM_PT_MANUFACTURER, maker, sizeof(maker));
	if (r == -ENOENT)
		line_print("tpm absent");
	else if (r < 0)
		line_print("tpm broken %s", strerror(-r));
	else
		line_print("tpm %s present %s", family, maker);
}

static int nv_define(void)
{
	struct tpm_buffer b;

	begin(&b, TPM_ST_SESSIONS, TPM_CC_NV_DEFINE_SPACE);
	put(&b, TPM_RH_OWNER, 4);
	put_empty_password(&b);
	put(&b, 0, 2);	/* the index's own password */
	put(&b, 14, 2); /* the size of what follows */
	put(&b, NV_INDEX, 4);
	put(&b, TPM_ALG_SHA256, 2);
	put(&b, NV_ATTRIBUTES, 4);
	put(&b, 0, 2); /* no policy */
	put(&b, NV_SIZE, 2);
	return transact(&b);
}

int tpm_nv_write(const char *text, char *ret_detail, size_t size)
{
	struct tpm_buffer b;
	size_t length = strlen(text);
	int r;

	if (length > NV_SIZE - 1)
		return -ENAMETOOLONG;
	r = nv_define();
	if (r < 0)
		return r;
	if (r > 0 && r != TPM_RC_NV_DEFINED) {
		snprintf(ret_detail, size, "NV_DefineSpace returned 0x%x", (unsigned int)r);
		return -EIO;
	}
	begin(&b, TPM_ST_SESSIONS, TPM_CC_NV_WRITE);
	put(&b, TPM_RH_OWNER, 4);
	put(&b, NV_INDEX, 4);
	put_empty_password(&b);
	put(&b, NV_SIZE, 2);
	put(&b, (uint32_t)length, 1);
	memset(b.bytes + b.length, 0, NV_SIZE - 1);
	memcpy(b.bytes + b.length, text, length);
	b.length += NV_SIZE - 1;
	put(&b, 0, 2); /* at offset 0 */
	r = transact(&b);
	if (r > 0) {
		snprintf(ret_detail, size, "NV_Write returned 0x%x", (unsigned int)r);
		return -EIO;
	}
	return r;
}

int tpm_nv_read(char *ret_text, size_t size)
{
	struct tpm_buffer b;
	const uint8_t *value;
	int r;

	begin(&b, TPM_ST_SESSIONS, TPM_CC_NV_READ);
	put(&b, TPM_RH_OWNER, 4);
	put(&b, NV_INDEX, 4);
	put_empty_password(&b);
	put(&b, NV_SIZE, 2);
	put(&b, 0, 2);
	r = transact(&b);
	if (r == TPM_RC_HANDLE_2 || r == TPM_RC_NV_UNINITIALIZED)
		return -ENOENT;
	if (r > 0) {
		snprintf(ret_text, size, "NV_Read returned 0x%x", (unsigned int)r);
		return -EIO;
	}
	if (r < 0)
		return r;
	/* header, size of the parameters, size of the value, value */
	value = b.bytes + TPM_HEADER + 4 + 2;
	if (b.length < TPM_HEADER + 4 + 2 + NV_SIZE || value[0] > NV_SIZE - 1)
		return -EIO;
	snprintf(ret_text, size, "%.*s", value[0], (const char *)value + 1);
	return 0;
}
