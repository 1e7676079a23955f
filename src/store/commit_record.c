/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "store/commit.h"
#include "store/record.h"

void
commit_record_release(struct commit_record *record)
{
	map_release(&record->parts);
	map_release(&record->paths);
}

static int
record_compare(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

/* The keys of a map in bytewise order. */
static struct bytes *
record_sorted(const struct map *map)
{
	struct bytes *keys = memory_zero(map->size + 1, sizeof *keys);
	for (size_t at = 0; at < map->size; at++)
		keys[at] = map->entries[at].key;
	qsort(keys, map->size, sizeof *keys, record_compare);
	return keys;
}

void
commit_record_encode(const struct commit_record *record, struct buf *out)
{
	struct bytes *parts = record_sorted(&record->parts);
	struct bytes *paths = record_sorted(&record->paths);
	size_t start = record_start(out, "commit");
	record_add(out, "id", "%s", git_id_print(&record->id).text);
	for (size_t at = 0; at < record->parts.size; at++) {
		struct digest digest;
		memcpy(digest.bytes, parts[at].data, DIGEST_SIZE);
		record_add(out, "part", "%s", digest_print(&digest).text);
	}
	for (size_t at = 0; at < record->paths.size; at++) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		record_escape(&text, paths[at]);
		record_add(out, "path", "%s", buf_text(&text));
	}
	record_finish(out, start);
	free(parts);
	free(paths);
}

static bool
record_is_next(struct bytes before, struct bytes value)
{
	return !before.data || bytes_compare(before, value) < 0;
}

/* In the order of their bytes, which is not that of their texts. */
static bool
record_parts(struct record *record, struct map *parts, struct err *err)
{
	struct bytes value;
	struct digest digest;
	struct digest before = {0};
	for (bool first = true; record_maybe(record, "part", &value); first = false) {
		if (!digest_parse(value, &digest) ||
			(!first && memcmp(before.bytes, digest.bytes, DIGEST_SIZE) >= 0))
			return record_bad(record, "part", err);
		map_put(parts, digest_bytes(&digest), parts);
		before = digest;
	}
	return true;
}

static bool
record_paths(struct record *record, struct map *paths, struct err *err)
{
	struct bytes value;
	cleanup_buf struct buf before = BUF(RECORD_MAX);
	for (bool first = true; record_maybe(record, "path", &value); first = false) {
		cleanup_buf struct buf path = BUF(RECORD_MAX);
		if (!record_unescape(value, &path) || !path.size ||
			!record_is_next(
				first ? bytes_of(NULL, 0) : buf_bytes(&before), buf_bytes(&path)))
			return record_bad(record, "path", err);
		if (paths->size < COMMIT_PATHS)
			map_put(paths, buf_bytes(&path), paths);
		buf_clear(&before);
		buf_add(&before, buf_bytes(&path));
	}
	return true;
}

bool
commit_record_decode(
	struct bytes data, const struct git_id *id, struct commit_record *out, struct err *err)
{
	struct record record;
	struct bytes value;
	struct git_id said;
	if (!record_open(&data, "commit", &record, err))
		return false;
	if (data.size)
		return err_set(err, ERR_CORRUPT, "record commit: bytes after its end");
	if (!record_take(&record, "id", &value, err))
		return false;
	if (!git_id_parse(value, &said) || !bytes_equal(git_id_key(&said), git_id_key(id)) ||
		said.size != id->size)
		return record_bad(&record, "id", err);
	out->id = said;
	return record_parts(&record, &out->parts, err) && record_paths(&record, &out->paths, err) &&
	       record_end(&record, err);
}

void
commit_record_merge(const char *name, struct bytes old, struct bytes added, struct buf *out)
{
	struct err err;
	struct bytes both[] = {old, added};
	struct commit_record merged = {0};
	must(git_id_parse(bytes_from(bytes_text(name), 3), &merged.id),
		"a pending record of a commit has its id for a name");
	struct git_id id = merged.id;
	for (size_t at = 0; at < 2; at++) {
		struct commit_record one = {0};
		if (both[at].size && commit_record_decode(both[at], &id, &one, &err)) {
			for (size_t part = 0; part < one.parts.size; part++)
				map_put(&merged.parts, one.parts.entries[part].key, &merged);
			for (size_t path = 0; path < one.paths.size; path++)
				if (merged.paths.size < COMMIT_PATHS)
					map_put(&merged.paths, one.paths.entries[path].key,
						&merged);
		}
		commit_record_release(&one);
	}
	commit_record_encode(&merged, out);
	commit_record_release(&merged);
}
