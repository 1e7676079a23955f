/* SPDX-License-Identifier: MPL-2.0 */
/*
 * record: the lines that the store's facts are written in.
 *
 *     cab KIND 1\n
 *     KEY VALUE\n          in a fixed order that the kind says
 *     check DIGEST\n       derive_key("cab record 1", all bytes of the block before this line)
 *
 * A file may hold several blocks of one kind, a voucher each. Bytes of values that are not
 * printable ASCII, and '%' and space, are written %xx with lower-case digits where a kind says so;
 * every other spelling is refused, so that a fact has one text.
 *
 *     size_t start = record_start(&out, "object");
 *     record_add(&out, "name", "%s", name);
 *     record_finish(&out, start);
 *
 *     struct record record;
 *     if (!record_open(&rest, "object", &record, err)) ...       takes a block off *rest
 *     if (!record_take(&record, "name", &value, err)) ...        the next line must be it
 *     while (record_maybe(&record, "reference", &value)) ...     the next line may be it
 *     if (!record_end(&record, err)) ...                         no line is left
 *
 * Decoding fails with ERR_CORRUPT. Files are at most RECORD_MAX bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

enum { RECORD_MAX = 64 << 20 };

struct record {
	const char *kind;
	struct bytes rest;
};

size_t record_start(struct buf *out, const char *kind);
void record_add(struct buf *out, const char *key, const char *format, ...) PRINTF(3, 4);
void record_finish(struct buf *out, size_t start);

MUST_CHECK bool record_open(
	struct bytes *rest, const char *kind, struct record *out, struct err *err);
MUST_CHECK bool record_take(
	struct record *record, const char *key, struct bytes *out, struct err *err);
MUST_CHECK bool record_maybe(struct record *record, const char *key, struct bytes *out);
MUST_CHECK bool record_end(const struct record *record, struct err *err);
/* The blocks of a file, and those of `added`, which are whole, that it lacks. Of a file nobody reads past a block that does not
 * decode: what begins there is left out. */
void record_join(const char *kind, struct bytes file, struct bytes added, struct buf *out);
/* "record KIND: bad KEY" */
bool record_bad(const struct record *record, const char *key, struct err *err);

/* Decimal, no sign, no leading zero, at most 2^64 - 1. */
MUST_CHECK bool record_number(struct bytes text, uint64_t *out);
MUST_CHECK bool record_take_number(
	struct record *record, const char *key, uint64_t *out, struct err *err);
MUST_CHECK bool record_take_digest(
	struct record *record, const char *key, struct digest *out, struct err *err);

void record_escape(struct buf *out, struct bytes value);
MUST_CHECK bool record_unescape(struct bytes text, struct buf *out);
