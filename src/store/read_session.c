/* SPDX-License-Identifier: MPL-2.0 */
#include "store/read_session.h"

#include <stdlib.h>

#include "store/internal.h"

static void
read_session_list(struct map *known, char kind, const struct digest *digests, size_t count)
{
	uint8_t key[1 + DIGEST_SIZE] = {(uint8_t)kind};
	for (size_t at = 0; at < count; at++) {
		memcpy(key + 1, digests[at].bytes, DIGEST_SIZE);
		map_put(known, bytes_of(key, sizeof key), known);
	}
}

static void
read_session_load(struct map *known, const struct read_record *record)
{
	read_session_list(known, LEASE_NODE, record->nodes, record->node_count);
	read_session_list(known, LEASE_BLOB, record->blobs, record->blob_count);
}

static int
read_session_compare(const void *left, const void *right)
{
	return memcmp(((const struct digest *)left)->bytes, ((const struct digest *)right)->bytes,
		DIGEST_SIZE);
}

static void
read_session_encode(const struct map *known, const struct cab_hash *hash, struct buf *out)
{
	struct read_record record = {
		.hash = *hash,
		.nodes = memory_zero(known->size + 1, DIGEST_SIZE),
		.blobs = memory_zero(known->size + 1, DIGEST_SIZE),
	};
	for (size_t at = 0; at < known->size; at++) {
		struct bytes key = known->entries[at].key;
		struct digest *slot = key.data[0] == LEASE_NODE
					      ? &record.nodes[record.node_count++]
					      : &record.blobs[record.blob_count++];
		memcpy(slot->bytes, key.data + 1, DIGEST_SIZE);
	}
	qsort(record.nodes, record.node_count, DIGEST_SIZE, read_session_compare);
	qsort(record.blobs, record.blob_count, DIGEST_SIZE, read_session_compare);
	read_record_encode(&record, out);
	read_record_release(&record);
}

bool
read_session_get(struct store *store, const struct cab_hash *hash, struct read_session **out,
	struct err *err)
{
	struct cab_hash_text text = cab_hash_print(hash);
	void **slot = map_at(&store->reads, bytes_text(text.text));
	if (*slot) {
		*out = *slot;
		return true;
	}
	/* Before what it lists is relied on. */
	if (store_is_shared(store) && !lease_add(store, LEASE_READ, text.text, err))
		return false;
	struct read_session *session = memory_zero(1, sizeof *session);
	session->hash = *hash;
	struct read_record record = {0};
	struct err failure;
	if (read_record_find(store, hash, &record, &failure))
		read_session_load(&session->known, &record);
	else if (failure.kind != ERR_NOT_FOUND)
		store_warn(store, "%s", failure.text);
	read_record_release(&record);
	*slot = session;
	*out = session;
	return true;
}

bool
read_session_has(
	const struct read_session *session, enum lease_kind kind, const struct digest *digest)
{
	uint8_t key[1 + DIGEST_SIZE] = {(uint8_t)kind};
	memcpy(key + 1, digest->bytes, DIGEST_SIZE);
	return map_has(&session->known, bytes_of(key, sizeof key));
}

void
read_session_add(struct store *store, struct read_session *session, enum lease_kind kind,
	const struct digest *digest)
{
	read_session_list(&session->known, (char)kind, digest, 1);
	session->more = true;
	store->read_more = true;
}

void
read_sessions_pend(struct store *store)
{
	if (!store->read_more)
		return;
	store->read_more = false;
	for (size_t at = 0; at < store->reads.size; at++) {
		struct read_session *session = store->reads.entries[at].value;
		if (!session || !session->more)
			continue;
		session->more = false;
		cleanup_buf struct buf record = BUF(BUF_MAX);
		read_session_encode(&session->known, &session->hash, &record);
		struct shard_name shard = shard_hash(&session->hash);
		store_pend(store, FOLDER_READS, &shard, PENDING_UNION, buf_bytes(&record));
	}
}

void
read_sessions_release(struct store *store)
{
	for (size_t at = 0; at < store->reads.size; at++) {
		struct read_session *session = store->reads.entries[at].value;
		if (session)
			map_release(&session->known);
		free(session);
	}
	map_release(&store->reads);
}

void
read_session_merge(const char *name, struct bytes old, struct bytes added, struct buf *out)
{
	struct err err;
	struct cab_hash hash;
	struct map known = {0};
	struct bytes both[] = {old, added};
	must(cab_hash_parse(bytes_from(bytes_text(name), 3), &hash), "a pending read has a hash");
	for (size_t at = 0; at < 2; at++) {
		struct read_record record;
		if (!both[at].size || !read_record_decode(both[at], &hash, &record, &err))
			continue;
		read_session_load(&known, &record);
		read_record_release(&record);
	}
	read_session_encode(&known, &hash, out);
	map_release(&known);
}
