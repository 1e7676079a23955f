/* SPDX-License-Identifier: MPL-2.0 */
#include "store/memo.h"

#include <unistd.h>

#include "base/fd.h"
#include "store/claim.h"
#include "store/internal.h"
#include "store/record.h"

void
memo_release(struct memo *memo)
{
	buf_release(&memo->file);
}

struct digest
memo_key(const struct digest *program, const struct digest *derivation)
{
	cleanup_buf struct buf encoding = BUF((size_t)2 * DIGEST_SIZE);
	buf_add(&encoding, digest_bytes(program));
	buf_add(&encoding, digest_bytes(derivation));
	return digest_derive("cab memo 1", buf_bytes(&encoding));
}

void
memo_encode(const struct memo *memo, struct buf *out)
{
	size_t start = record_start(out, "memo");
	struct digest digest = digest_of(memo->data);
	record_add(out, "program", "%s", digest_print(&memo->program).text);
	record_add(out, "derivation", "%s", digest_print(&memo->derivation).text);
	record_add(
		out, "object", "%s", object_file_print(&memo->object.path, memo->object.name).text);
	record_add(out, "hash", "%s", cab_hash_print(&memo->hash).text);
	for (size_t at = 0; at < memo->identity_count; at++)
		record_add(out, "identity", "%.*s %.*s", BYTES_ARGS(memo->identities[at].format),
			BYTES_ARGS(memo->identities[at].value));
	record_add(out, "size", "%zu", memo->data.size);
	record_add(out, "digest", "%s", digest_print(&digest).text);
	record_finish(out, start);
	buf_add(out, memo->data);
}

static bool
memo_decode_identities(struct record *record, struct memo *out, struct err *err)
{
	struct bytes value;
	while (record_maybe(record, "identity", &value)) {
		struct bytes format;
		if (out->identity_count == MEMO_IDENTITIES || !bytes_split(&value, ' ', &format) ||
			!claim_is_format(format) || !claim_is_value(value))
			return record_bad(record, "identity", err);
		out->identities[out->identity_count++] = (struct memo_identity){format, value};
	}
	return true;
}

static bool
memo_decode_record(struct record *record, struct memo *out, uint64_t *size, struct digest *digest,
	struct err *err)
{
	struct bytes value;
	if (!record_take_digest(record, "program", &out->program, err) ||
		!record_take_digest(record, "derivation", &out->derivation, err) ||
		!record_take(record, "object", &value, err))
		return false;
	if (!object_file_parse(value, &out->object))
		return record_bad(record, "object", err);
	if (!record_take(record, "hash", &value, err))
		return false;
	if (!cab_hash_parse(value, &out->hash))
		return record_bad(record, "hash", err);
	return memo_decode_identities(record, out, err) &&
	       record_take_number(record, "size", size, err) &&
	       record_take_digest(record, "digest", digest, err) && record_end(record, err);
}

bool
memo_decode(
	struct bytes file, const struct digest *key, bool whole, struct memo *out, struct err *err)
{
	struct record record;
	struct memo memo = {.file = BUF(0)};
	struct digest said = {{0}};
	uint64_t size = 0;
	if (!record_open(&file, "memo", &record, err) ||
		!memo_decode_record(&record, &memo, &size, &said, err))
		return false;
	struct digest follows = memo_key(&memo.program, &memo.derivation);
	if (!digest_equal(&follows, key))
		return err_set(err, ERR_CORRUPT, "record memo: it is not that of key %s",
			digest_print(key).text);
	if (whole) {
		struct digest found = digest_of(file);
		if (file.size != size || !digest_equal(&found, &said))
			return err_set(
				err, ERR_CORRUPT, "record memo: its bytes are not those it says");
		memo.data = file;
	}
	*out = memo;
	return true;
}

bool
memo_put(struct store *store, const struct memo *memo, struct err *err)
{
	cleanup_buf struct buf file = BUF((size_t)MEMO_MAX + MEMO_HEAD_MAX);
	struct digest key = memo_key(&memo->program, &memo->derivation);
	struct shard_name shard = shard_digest(&key);
	memo_encode(memo, &file);
	return buf_check(&file, err, "memos/%s", shard.text) &&
	       store_write_record(store, FOLDER_MEMOS, shard.text, buf_bytes(&file), false, err);
}

bool
memo_read_record(
	int folder, const char *name, const struct digest *key, struct memo *out, struct err *err)
{
	cleanup_buf struct buf head = BUF(MEMO_HEAD_MAX);
	struct memo memo;
	cleanup_fd int fd = fd_open_at(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	ssize_t size =
		fd < 0 ? -1
		       : fd_read_some(fd, buf_reserve(&head, MEMO_HEAD_MAX), MEMO_HEAD_MAX, err);
	if (size < 0)
		return false;
	buf_commit(&head, (size_t)size);
	if (!memo_decode(buf_bytes(&head), key, false, &memo, err))
		return false;
	memo.file = buf_take(&head);
	*out = memo;
	return true;
}

bool
memo_find_record(const struct store *store, const struct digest *program,
	const struct digest *derivation, struct memo *out, struct err *err)
{
	int folder = store->folders[FOLDER_MEMOS];
	struct digest key = memo_key(program, derivation);
	struct shard_name shard = shard_digest(&key);
	if (folder >= 0 && memo_read_record(folder, shard.text, &key, out, err))
		return true;
	if (folder < 0 || err_is_absent(err))
		return err_set(
			err, ERR_NOT_FOUND, "no memos/%s in store %s", shard.text, store->root);
	return err_note(err, "store %s: memos/%s", store->root, shard.text);
}

bool
memo_find(const struct store *store, const struct digest *program, const struct digest *derivation,
	struct memo *out, struct err *err)
{
	cleanup_buf struct buf file = BUF((size_t)MEMO_MAX + MEMO_HEAD_MAX);
	struct digest key = memo_key(program, derivation);
	struct shard_name shard = shard_digest(&key);
	struct memo memo;
	if (!store_record_file(store, FOLDER_MEMOS, shard.text, &file, err))
		return false;
	if (!memo_decode(buf_bytes(&file), &key, true, &memo, err))
		return err_note(err, "store %s: memos/%s", store->root, shard.text);
	memo.file = buf_take(&file);
	*out = memo;
	return true;
}

void
memo_drop(struct store *store, const struct digest *program, const struct digest *derivation)
{
	struct digest key = memo_key(program, derivation);
	struct shard_name shard = shard_digest(&key);
	(void)unlinkat(store->folders[FOLDER_MEMOS], shard.text, 0);
}
