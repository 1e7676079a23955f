/* SPDX-License-Identifier: MPL-2.0 */
#include "store/claim.h"

#include <stdio.h>

#include "store/internal.h"
#include "store/record.h"
#include "store/vouch.h"

bool
claim_is_format(struct bytes format)
{
	if (format.size == 0 || format.size > CLAIM_FORMAT_MAX || format.data[0] < 'a' ||
		format.data[0] > 'z')
		return false;
	for (size_t at = 1; at < format.size; at++) {
		uint8_t byte = format.data[at];
		bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
			     byte == '.' || byte == '+' || byte == '-';
		if (!plain)
			return false;
	}
	return true;
}

bool
claim_is_value(struct bytes value)
{
	if (value.size == 0 || value.size > CLAIM_VALUE_MAX)
		return false;
	for (size_t at = 0; at < value.size; at++)
		if (value.data[at] <= ' ' || value.data[at] >= 0x7f)
			return false;
	return true;
}

struct digest
claim_key(const struct claim *claim)
{
	cleanup_buf struct buf encoding = BUF(BUF_MAX);
	buf_add(&encoding, digest_bytes(&claim->program));
	buf_add_byte(&encoding, claim->scoped);
	if (claim->scoped)
		buf_add(&encoding, digest_bytes(&claim->scope));
	buf_format(&encoding, "%s %s", claim->format, claim->value);
	return digest_derive("cab identity 1", buf_bytes(&encoding));
}

void
claim_encode(const struct claim *claim, struct buf *out)
{
	size_t start = record_start(out, "identity");
	record_add(out, "program", "%s", digest_print(&claim->program).text);
	if (claim->scoped)
		record_add(out, "scope", "%s", digest_print(&claim->scope).text);
	record_add(out, "identity", "%s %s", claim->format, claim->value);
	record_add(out, "hash", "%s", cab_hash_print(&claim->hash).text);
	record_add(out, "size", "%llu", (unsigned long long)claim->size);
	record_add(out, "files", "%llu", (unsigned long long)claim->files);
	struct bytes rest = bytes_text(claim->then);
	for (struct bytes line; rest.size && bytes_split(&rest, '\n', &line);)
		record_add(out, "then", "%.*s", BYTES_ARGS(line));
	vouch_encode(&claim->vouch, out);
	record_finish(out, start);
}

static bool
claim_is_line(struct bytes line)
{
	struct bytes format;
	return bytes_split(&line, ' ', &format) && claim_is_format(format) && claim_is_value(line);
}

static bool
claim_decode_then(struct record *record, struct claim *out, struct err *err)
{
	struct bytes line;
	size_t size = 0;
	for (size_t count = 0; record_maybe(record, "then", &line); count++) {
		if (count == CLAIM_THEN_LINES || !claim_is_line(line) ||
			line.size + 1 > CLAIM_THEN_MAX - size)
			return record_bad(record, "then", err);
		memcpy(out->then + size, line.data, line.size);
		size += line.size;
		out->then[size++] = '\n';
	}
	return true;
}

bool
claim_add_then(struct claim *claim, struct bytes format, struct bytes value)
{
	size_t size = strlen(claim->then);
	size_t lines = 0;
	for (size_t at = 0; at < size; at++)
		lines += claim->then[at] == '\n';
	if (lines == CLAIM_THEN_LINES || format.size + value.size + 2 > CLAIM_THEN_MAX - size)
		return false;
	(void)snprintf(claim->then + size, sizeof claim->then - size, "%.*s %.*s\n",
		BYTES_ARGS(format), BYTES_ARGS(value));
	return true;
}

static bool
claim_decode_body(struct record *record, struct claim *out, struct err *err)
{
	struct bytes value;
	if (!record_take_digest(record, "program", &out->program, err))
		return false;
	out->scoped = record_maybe(record, "scope", &value);
	if (out->scoped && !digest_parse(value, &out->scope))
		return record_bad(record, "scope", err);
	if (!record_take(record, "identity", &value, err))
		return false;
	struct bytes format;
	if (!bytes_split(&value, ' ', &format) || !value.size || !claim_is_format(format) ||
		!claim_is_value(value))
		return record_bad(record, "identity", err);
	memcpy(out->format, format.data, format.size);
	memcpy(out->value, value.data, value.size);
	if (!record_take(record, "hash", &value, err))
		return false;
	if (!cab_hash_parse(value, &out->hash))
		return record_bad(record, "hash", err);
	return record_take_number(record, "size", &out->size, err) &&
	       record_take_number(record, "files", &out->files, err) &&
	       claim_decode_then(record, out, err) && vouch_decode(record, &out->vouch, err) &&
	       record_end(record, err);
}

bool
claim_decode(struct bytes *rest, const struct digest *key, struct claim *out, struct err *err)
{
	struct record record;
	struct bytes after = *rest;
	struct claim claim = {0};
	if (!record_open(&after, "identity", &record, err) ||
		!claim_decode_body(&record, &claim, err))
		return false;
	struct digest follows = claim_key(&claim);
	if (!digest_equal(&follows, key))
		return err_set(err, ERR_CORRUPT, "record identity: it is not that of key %s",
			digest_print(key).text);
	*out = claim;
	*rest = after;
	return true;
}

void
claim_put(struct store *store, const struct claim *claim)
{
	must(claim_is_format(bytes_text(claim->format)) && claim_is_value(bytes_text(claim->value)),
		"an identity was checked when it was read");
	cleanup_buf struct buf block = BUF(BUF_MAX);
	claim_encode(claim, &block);
	struct digest key = claim_key(claim);
	struct shard_name shard = shard_digest(&key);
	store_pend(store, FOLDER_IDENTITIES, &shard, PENDING_APPEND, buf_bytes(&block));
}

/* What the store vouches for itself, else the first; of those the one that says what came behind. */
static bool
claim_is_better(const struct claim *one, const struct claim *held)
{
	bool own = one->vouch.kind == VOUCH_SELF;
	if (own != (held->vouch.kind == VOUCH_SELF))
		return own;
	return own && !held->then[0] && one->then[0] && cab_hash_equal(&one->hash, &held->hash);
}

static bool
claim_find_in(
	const struct store *store, const struct digest *key, struct claim *out, struct err *err)
{
	cleanup_buf struct buf blocks = BUF(RECORD_MAX);
	struct shard_name shard = shard_digest(key);
	if (!store_record(store, FOLDER_IDENTITIES, &shard, &blocks, err))
		return false;
	struct bytes rest = buf_bytes(&blocks);
	bool found = false;
	while (rest.size) {
		struct claim one = {0};
		if (!claim_decode(&rest, key, &one, err)) {
			if (found)
				break;
			return err_note(err, "store %s: identities/%s", store->root, shard.text);
		}
		if (!found || claim_is_better(&one, out))
			*out = one;
		found = true;
	}
	return found || err_set(err, ERR_NOT_FOUND, "identities/%s is empty", shard.text);
}

bool
claim_find(struct store *store, struct claim *claim, struct err *err)
{
	struct digest key = claim_key(claim);
	for (size_t at = 0; at <= store->caches.size; at++) {
		const struct store *from = at ? store->caches.data[at - 1] : store;
		if (claim_find_in(from, &key, claim, err)) {
			claim->cache = at ? from->root : NULL;
			return true;
		}
		if (err->kind != ERR_NOT_FOUND)
			store_warn(store, "%s", err->text);
	}
	return err_set(
		err, ERR_NOT_FOUND, "identity %s %s is not known", claim->format, claim->value);
}
