/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "base/array.h"
#include "store/internal.h"
#include "store/read.h"
#include "store/record.h"

void
read_record_release(struct read_record *record)
{
	free(record->nodes);
	free(record->blobs);
	*record = (struct read_record){0};
}

void
read_record_encode(const struct read_record *record, struct buf *out)
{
	size_t start = record_start(out, "read");
	record_add(out, "hash", "%s", cab_hash_print(&record->hash).text);
	for (size_t at = 0; at < record->node_count; at++)
		record_add(out, "node", "%s", digest_print(&record->nodes[at]).text);
	for (size_t at = 0; at < record->blob_count; at++)
		record_add(out, "blob", "%s", digest_print(&record->blobs[at]).text);
	record_finish(out, start);
}

typedef ARRAY(struct digest) read_digests;

static bool
read_record_digests(struct record *record, const char *key, read_digests *out, struct err *err)
{
	struct bytes value;
	while (record_maybe(record, key, &value)) {
		struct digest digest;
		if (!digest_parse(value, &digest) ||
			(out->size && memcmp(out->data[out->size - 1].bytes, digest.bytes,
					      DIGEST_SIZE) >= 0)) {
			array_release(out);
			return record_bad(record, key, err);
		}
		*array_push(out) = digest;
	}
	return true;
}

bool
read_record_decode(
	struct bytes data, const struct cab_hash *hash, struct read_record *out, struct err *err)
{
	struct record record;
	struct bytes value;
	struct cab_hash said;
	if (!record_open(&data, "read", &record, err))
		return false;
	if (data.size)
		return err_set(err, ERR_CORRUPT, "record read: bytes after its end");
	if (!record_take(&record, "hash", &value, err))
		return false;
	if (!cab_hash_parse(value, &said) || !cab_hash_equal(&said, hash))
		return record_bad(&record, "hash", err);
	read_digests nodes = {0};
	read_digests blobs = {0};
	if (!read_record_digests(&record, "node", &nodes, err))
		return false;
	if (!read_record_digests(&record, "blob", &blobs, err) || !record_end(&record, err)) {
		array_release(&nodes);
		array_release(&blobs);
		return false;
	}
	*out = (struct read_record){*hash, nodes.data, nodes.size, blobs.data, blobs.size};
	return true;
}

bool
read_record_find(const struct store *store, const struct cab_hash *hash, struct read_record *out,
	struct err *err)
{
	cleanup_buf struct buf data = BUF(READ_RECORD_MAX);
	struct shard_name shard = shard_hash(hash);
	return store_record_file(store, FOLDER_READS, shard.text, &data, err) &&
	       read_record_decode(buf_bytes(&data), hash, out, err);
}
