/* SPDX-License-Identifier: MPL-2.0 */
#include "store/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char record_context[] = "cab record 1";

size_t
record_start(struct buf *out, const char *kind)
{
	size_t start = out->size;
	buf_format(out, "cab %s 1\n", kind);
	return start;
}

void
record_add(struct buf *out, const char *key, const char *format, ...)
{
	char *value = NULL;
	va_list arguments;
	va_start(arguments, format);
	int size = vasprintf(&value, format, arguments);
	va_end(arguments);
	must(size >= 0, "a line of a record fits in memory");
	buf_add_text(out, key);
	buf_add_byte(out, ' ');
	buf_add_text(out, value);
	buf_add_byte(out, '\n');
	free(value);
}

void
record_finish(struct buf *out, size_t start)
{
	struct digest digest = digest_derive(record_context, bytes_from(buf_bytes(out), start));
	record_add(out, "check", "%s", digest_print(&digest).text);
}

static bool
record_take_line(struct bytes *rest, struct bytes *line)
{
	size_t end = bytes_find(*rest, '\n');
	if (end == SIZE_MAX)
		return false;
	*line = bytes_first(*rest, end);
	*rest = bytes_from(*rest, end + 1);
	return true;
}

bool
record_open(struct bytes *rest, const char *kind, struct record *out, struct err *err)
{
	struct bytes block = *rest;
	struct bytes after = *rest;
	struct bytes line;
	char first[64];
	(void)snprintf(first, sizeof first, "cab %s 1", kind);
	if (!record_take_line(&after, &line) || !bytes_equal_text(line, first))
		return err_set(err, ERR_CORRUPT, "record: does not begin with \"%s\"", first);
	struct bytes body = after;
	struct bytes prefix = BYTES_LITERAL("check ");
	do {
		size_t size = block.size - after.size;
		if (!record_take_line(&after, &line))
			return err_set(err, ERR_CORRUPT, "record %s: cut off", kind);
		if (!bytes_has_prefix(line, prefix))
			continue;
		struct digest said;
		struct digest found = digest_derive(record_context, bytes_first(block, size));
		if (!digest_parse(bytes_from(line, prefix.size), &said) ||
			!digest_equal(&said, &found))
			return err_set(err, ERR_CORRUPT, "record %s: the check differs", kind);
		size_t head = (size_t)(body.data - block.data);
		*out = (struct record){kind, bytes_first(body, size - head)};
		*rest = after;
		return true;
	} while (after.size);
	return err_set(err, ERR_CORRUPT, "record %s: cut off", kind);
}

void
record_join(const char *kind, struct bytes file, struct bytes added, struct buf *out)
{
	struct err err;
	struct record record;
	for (struct bytes rest = file; rest.size;) {
		struct bytes block = rest;
		if (!record_open(&rest, kind, &record, &err))
			break;
		buf_add(out, bytes_first(block, block.size - rest.size));
	}
	for (struct bytes rest = added; rest.size;) {
		struct bytes block = rest;
		must(record_open(&rest, kind, &record, &err), "a pending block decodes");
		block = bytes_first(block, block.size - rest.size);
		/* A block holds its own kind, key and check: it is found in the file whole or not. */
		if (!out->size || !memmem(out->data, out->size, block.data, block.size))
			buf_add(out, block);
	}
}

bool
record_bad(const struct record *record, const char *key, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "record %s: bad %s", record->kind, key);
}

bool
record_maybe(struct record *record, const char *key, struct bytes *out)
{
	struct bytes rest = record->rest;
	struct bytes line;
	struct bytes name = bytes_text(key);
	if (!record_take_line(&rest, &line) || !bytes_has_prefix(line, name) ||
		line.size == name.size || line.data[name.size] != ' ')
		return false;
	record->rest = rest;
	*out = bytes_from(line, name.size + 1);
	return true;
}

bool
record_take(struct record *record, const char *key, struct bytes *out, struct err *err)
{
	if (!record_maybe(record, key, out))
		return err_set(
			err, ERR_CORRUPT, "record %s: no %s where one must be", record->kind, key);
	return true;
}

bool
record_end(const struct record *record, struct err *err)
{
	if (record->rest.size)
		return err_set(err, ERR_CORRUPT, "record %s: lines out of place", record->kind);
	return true;
}

bool
record_number(struct bytes text, uint64_t *out)
{
	if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
		return false;
	uint64_t number = 0;
	for (size_t at = 0; at < text.size; at++) {
		if (text.data[at] < '0' || text.data[at] > '9')
			return false;
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, text.data[at] - '0', &number))
			return false;
	}
	*out = number;
	return true;
}

bool
record_take_number(struct record *record, const char *key, uint64_t *out, struct err *err)
{
	struct bytes value = {0};
	if (!record_take(record, key, &value, err))
		return false;
	return record_number(value, out) || record_bad(record, key, err);
}

bool
record_take_digest(struct record *record, const char *key, struct digest *out, struct err *err)
{
	struct bytes value = {0};
	if (!record_take(record, key, &value, err))
		return false;
	return digest_parse(value, out) || record_bad(record, key, err);
}

static bool
record_is_plain(uint8_t byte)
{
	return byte > ' ' && byte < 0x7f && byte != '%';
}

void
record_escape(struct buf *out, struct bytes value)
{
	for (size_t at = 0; at < value.size; at++) {
		if (record_is_plain(value.data[at]))
			buf_add_byte(out, value.data[at]);
		else
			buf_format(out, "%%%02x", value.data[at]);
	}
}

bool
record_unescape(struct bytes text, struct buf *out)
{
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		if (byte == '%') {
			if (text.size - at < 3 ||
				!hex_parse(bytes_of(text.data + at + 1, 2), &byte) ||
				record_is_plain(byte))
				return false;
			at += 2;
		} else if (!record_is_plain(byte)) {
			return false;
		}
		buf_add_byte(out, byte);
	}
	return !out->over;
}
