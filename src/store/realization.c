/* SPDX-License-Identifier: MPL-2.0 */
#include "store/realization.h"

#include <stdlib.h>

#include "store/internal.h"
#include "store/record.h"
#include "store/vouch.h"

static const char *const realization_kinds[] = {
	[REALIZATION_RESOLVED] = "resolved",
	[REALIZATION_PINNED] = "pinned",
};

void
realization_release(struct realization *realization)
{
	array_release(&realization->outputs);
	array_release(&realization->made_from);
	*realization = (struct realization){0};
}

static int
realization_compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

struct digest
realization_key(enum realization_kind kind, const struct digest *derivation,
	const char *const *outputs, size_t count)
{
	const char **sorted = memory_zero(count + 1, sizeof *sorted);
	for (size_t at = 0; at < count; at++)
		sorted[at] = outputs[at];
	qsort(sorted, count, sizeof *sorted, realization_compare_texts);
	cleanup_buf struct buf encoding = BUF(BUF_MAX);
	buf_add_byte(&encoding, kind == REALIZATION_PINNED ? 'p' : 'r');
	buf_add(&encoding, digest_bytes(derivation));
	for (size_t at = 0; at < count; at++) {
		buf_add_text(&encoding, sorted[at]);
		buf_add_byte(&encoding, '\n');
	}
	free(sorted);
	return digest_derive("cab realization 1", buf_bytes(&encoding));
}

static struct digest
realization_own_key(const struct realization *realization)
{
	size_t count = realization->outputs.size;
	const char **names = memory_zero(count + 1, sizeof *names);
	for (size_t at = 0; at < count; at++)
		names[at] = realization->outputs.data[at].output;
	struct digest key =
		realization_key(realization->kind, &realization->derivation, names, count);
	free(names);
	return key;
}

void
realization_encode(const struct realization *realization, struct buf *out)
{
	size_t start = record_start(out, "realization");
	record_add(out, realization_kinds[realization->kind], "%s",
		digest_print(&realization->derivation).text);
	if (realization->kind == REALIZATION_PINNED)
		record_add(out, "ran", "%s", digest_print(&realization->resolved).text);
	for (size_t at = 0; at < realization->outputs.size; at++) {
		const struct realization_output *output = &realization->outputs.data[at];
		record_add(out, "output", "%s %s %s", output->output,
			cab_hash_print(&output->hash).text,
			object_file_print(&output->object.path, output->object.name).text);
	}
	for (size_t at = 0; at < realization->made_from.size; at++)
		record_add(out, "from", "%s", digest_print(&realization->made_from.data[at]).text);
	vouch_encode(&realization->vouch, out);
	record_finish(out, start);
}

static bool
realization_decode_output(
	struct record *record, struct bytes value, struct realization *out, struct err *err)
{
	struct realization_output output = {0};
	struct bytes name;
	struct bytes hash;
	if (!bytes_split(&value, ' ', &name) || !object_is_name(name) ||
		!bytes_split(&value, ' ', &hash) || !cab_hash_parse(hash, &output.hash) ||
		!object_file_parse(value, &output.object) ||
		out->outputs.size == REALIZATION_OUTPUTS_MAX)
		return record_bad(record, "output", err);
	memcpy(output.output, name.data, name.size);
	size_t size = out->outputs.size;
	if (size && strcmp(out->outputs.data[size - 1].output, output.output) >= 0)
		return record_bad(record, "order of outputs", err);
	*array_push(&out->outputs) = output;
	return true;
}

static bool
realization_decode_from(
	struct record *record, struct bytes value, struct realization *out, struct err *err)
{
	struct digest from;
	size_t size = out->made_from.size;
	if (size == REALIZATION_SOURCES_MAX || !digest_parse(value, &from))
		return record_bad(record, "from", err);
	if (size && memcmp(out->made_from.data[size - 1].bytes, from.bytes, DIGEST_SIZE) >= 0)
		return record_bad(record, "order of from", err);
	*array_push(&out->made_from) = from;
	return true;
}

static bool
realization_decode_body(struct record *record, struct realization *out, struct err *err)
{
	struct bytes value;
	bool pinned = record_maybe(record, "pinned", &value);
	out->kind = pinned ? REALIZATION_PINNED : REALIZATION_RESOLVED;
	if (!pinned && !record_take(record, "resolved", &value, err))
		return false;
	if (!digest_parse(value, &out->derivation))
		return record_bad(record, "derivation", err);
	if (pinned && !record_take_digest(record, "ran", &out->resolved, err))
		return false;
	if (!record_take(record, "output", &value, err))
		return false;
	do
		if (!realization_decode_output(record, value, out, err))
			return false;
	while (record_maybe(record, "output", &value));
	while (pinned && record_maybe(record, "from", &value))
		if (!realization_decode_from(record, value, out, err))
			return false;
	return vouch_decode(record, &out->vouch, err) && record_end(record, err);
}

bool
realization_decode(
	struct bytes *rest, const struct digest *key, struct realization *out, struct err *err)
{
	struct record record;
	struct bytes after = *rest;
	if (!record_open(&after, "realization", &record, err))
		return false;
	cleanup_realization struct realization realization = {0};
	if (!realization_decode_body(&record, &realization, err))
		return false;
	realization.key = realization_own_key(&realization);
	if (!digest_equal(&realization.key, key))
		return err_set(err, ERR_CORRUPT, "record realization: it is not that of key %s",
			digest_print(key).text);
	*out = realization;
	realization = (struct realization){0};
	*rest = after;
	return true;
}

static int
realization_compare_outputs(const void *left, const void *right)
{
	return strcmp(((const struct realization_output *)left)->output,
		((const struct realization_output *)right)->output);
}

static int
realization_compare_digests(const void *left, const void *right)
{
	return memcmp(((const struct digest *)left)->bytes, ((const struct digest *)right)->bytes,
		DIGEST_SIZE);
}

void
realization_put(struct store *store, struct realization *realization)
{
	must(realization->outputs.size, "a realization has an output");
	qsort(realization->outputs.data, realization->outputs.size,
		sizeof *realization->outputs.data, realization_compare_outputs);
	size_t kept = 0;
	if (realization->made_from.size > 1)
		qsort(realization->made_from.data, realization->made_from.size,
			sizeof *realization->made_from.data, realization_compare_digests);
	for (size_t at = 0; at < realization->made_from.size; at++)
		if (!kept || !digest_equal(&realization->made_from.data[kept - 1],
				     &realization->made_from.data[at]))
			realization->made_from.data[kept++] = realization->made_from.data[at];
	realization->made_from.size = kept;
	realization->key = realization_own_key(realization);
	cleanup_buf struct buf block = BUF(BUF_MAX);
	realization_encode(realization, &block);
	struct shard_name shard = shard_digest(&realization->key);
	store_pend(store, FOLDER_REALIZATIONS, &shard, PENDING_APPEND, buf_bytes(&block));
}

bool
realization_get(const struct store *store, const struct digest *key, size_t nth,
	struct realization *out, struct err *err)
{
	cleanup_buf struct buf blocks = BUF(RECORD_MAX);
	struct shard_name shard = shard_digest(key);
	if (!store_record(store, FOLDER_REALIZATIONS, &shard, &blocks, err))
		return false;
	struct bytes rest = buf_bytes(&blocks);
	for (size_t at = 0; rest.size; at++) {
		struct realization found;
		if (!realization_decode(&rest, key, &found, err))
			return err_note(err, "store %s: realizations/%s", store->root, shard.text);
		if (at == nth) {
			*out = found;
			out->from = store;
			return true;
		}
		realization_release(&found);
	}
	return err_set(err, ERR_NOT_FOUND, "no realization %zu of %s", nth, shard.text);
}

/* What the store vouches for itself, else the first. */
static bool
realization_choose(const struct store *store, const struct digest *key, struct realization *out,
	struct err *err)
{
	if (!realization_get(store, key, 0, out, err))
		return false;
	for (size_t nth = 1; out->vouch.kind != VOUCH_SELF; nth++) {
		struct err end;
		struct realization other = {0};
		if (!realization_get(store, key, nth, &other, &end))
			break;
		if (other.vouch.kind == VOUCH_SELF) {
			realization_release(out);
			*out = other;
		} else {
			realization_release(&other);
		}
	}
	return true;
}

bool
realization_find(
	struct store *store, const struct digest *key, struct realization *out, struct err *err)
{
	for (size_t at = 0; at <= store->caches.size; at++) {
		const struct store *from = at ? store->caches.data[at - 1] : store;
		if (realization_choose(from, key, out, err))
			return true;
		/* A damaged record is as good as none: what it told can be found out again. */
		if (err->kind != ERR_NOT_FOUND)
			store_warn(store, "%s", err->text);
	}
	return err_set(err, ERR_NOT_FOUND, "no realization %s", digest_print(key).text);
}
