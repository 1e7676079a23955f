/* SPDX-License-Identifier: MPL-2.0 */
/*
 * buf: bytes that grow, up to a declared ceiling.
 *
 *     cleanup_buf struct buf buf = BUF(64 << 10);      at most 64 KiB
 *     buf_add(&buf, span); buf_format(&buf, "%d", n);
 *     if (!buf_check(&buf, err, "reply of %s", host)) return false;
 *     use(buf_bytes(&buf));
 *
 * The first addition that would pass the ceiling marks the buf as over: nothing is added then or
 * later, and buf_check says so with ERR_LIMIT. So a run of additions needs one check at its end. A
 * buf that is built from trusted pieces alone may use BUF_MAX and skip the check. What has been
 * added is followed by a NUL that is not counted, so buf_text is a C string.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

struct buf {
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t ceiling;
	bool over;
};

#define BUF_MAX     ((size_t)1 << 40)
#define BUF(limit)  ((struct buf){.ceiling = (limit)})
#define cleanup_buf __attribute__((cleanup(buf_release)))

void buf_add(struct buf *buf, struct bytes data);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, uint8_t byte);
void buf_format(struct buf *buf, const char *format, ...) PRINTF(2, 3);
/* Room for `size` bytes at the end, to be filled and then counted with buf_commit; NULL when over.
 */
uint8_t *buf_reserve(struct buf *buf, size_t size);
void buf_commit(struct buf *buf, size_t size);
/* Drops `size` bytes at the front. */
void buf_consume(struct buf *buf, size_t size);
void buf_truncate(struct buf *buf, size_t size);
void buf_clear(struct buf *buf);
void buf_release(struct buf *buf);

/* Little-endian numbers of fixed width, as all of cab's binary formats have them. */
void buf_add_u16(struct buf *buf, uint16_t number);
void buf_add_u32(struct buf *buf, uint32_t number);
void buf_add_u64(struct buf *buf, uint64_t number);

MUST_CHECK bool buf_check(const struct buf *buf, struct err *err, const char *format, ...)
	PRINTF(3, 4);

/* The text, borrowed; moving out hands it over, to be freed by free(). Never NULL. */
const char *buf_text(struct buf *buf);
char *buf_take_text(struct buf *buf);

static inline struct bytes
buf_bytes(const struct buf *buf)
{
	return bytes_of(buf->data, buf->size);
}

static inline struct buf
buf_take(struct buf *buf)
{
	struct buf taken = *buf;
	*buf = BUF(taken.ceiling);
	return taken;
}
