/* SPDX-License-Identifier: MPL-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint8_t *
buf_reserve(struct buf *buf, size_t size)
{
	if (buf->over || size > buf->ceiling - buf->size) {
		buf->over = true;
		return NULL;
	}
	size_t need = buf->size + size + 1;
	if (need > buf->capacity) {
		size_t capacity = buf->capacity ? buf->capacity : 64;
		while (capacity < need)
			capacity += capacity / 2 + 32;
		buf->data = (uint8_t *)memory_grow(buf->data, capacity, 1);
		buf->capacity = capacity;
	}
	return buf->data + buf->size;
}

void
buf_commit(struct buf *buf, size_t size)
{
	must(size < buf->capacity - buf->size, "only reserved bytes are committed");
	buf->size += size;
	buf->data[buf->size] = 0;
}

void
buf_add(struct buf *buf, struct bytes data)
{
	uint8_t *end = buf_reserve(buf, data.size);
	if (!end)
		return;
	if (data.size)
		memcpy(end, data.data, data.size);
	buf_commit(buf, data.size);
}

void
buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, bytes_text(text));
}

void
buf_add_byte(struct buf *buf, uint8_t byte)
{
	buf_add(buf, bytes_of(&byte, 1));
}

static void
buf_add_number(struct buf *buf, uint64_t number, size_t width)
{
	uint8_t raw[8];
	for (size_t at = 0; at < width; at++)
		raw[at] = (uint8_t)(number >> (8 * at));
	buf_add(buf, bytes_of(raw, width));
}

void
buf_add_u16(struct buf *buf, uint16_t number)
{
	buf_add_number(buf, number, 2);
}

void
buf_add_u32(struct buf *buf, uint32_t number)
{
	buf_add_number(buf, number, 4);
}

void
buf_add_u64(struct buf *buf, uint64_t number)
{
	buf_add_number(buf, number, 8);
}

void
buf_format(struct buf *buf, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	must(length >= 0, "a format must be valid");
	uint8_t *end = buf_reserve(buf, (size_t)length);
	if (end) {
		(void)vsnprintf((char *)end, (size_t)length + 1, format, again);
		buf_commit(buf, (size_t)length);
	}
	va_end(again);
	va_end(arguments);
}

void
buf_consume(struct buf *buf, size_t size)
{
	must(size <= buf->size, "no more is consumed than is there");
	if (!size)
		return;
	buf->size -= size;
	memmove(buf->data, buf->data + size, buf->size);
	buf->data[buf->size] = 0;
}

void
buf_truncate(struct buf *buf, size_t size)
{
	must(size <= buf->size, "a buf is not made longer by truncation");
	buf->size = size;
	if (buf->data)
		buf->data[size] = 0;
}

void
buf_clear(struct buf *buf)
{
	buf_truncate(buf, 0);
	buf->over = false;
}

void
buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = BUF(buf->ceiling);
}

bool
buf_check(const struct buf *buf, struct err *err, const char *format, ...)
{
	if (!buf->over)
		return true;
	char what[ERR_TEXT / 2];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	return err_set(err, ERR_LIMIT, "%s: more than %zu bytes", what, buf->ceiling);
}

const char *
buf_text(struct buf *buf)
{
	return buf->data ? (const char *)buf->data : "";
}

char *
buf_take_text(struct buf *buf)
{
	if (!buf->data)
		return (char *)memory_zero(1, 1);
	char *text = (char *)buf->data;
	*buf = BUF(buf->ceiling);
	return text;
}
