/* SPDX-License-Identifier: MPL-2.0 */
#include "store/object.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/record.h"
#include "store/vouch.h"

void
object_release(struct object *object)
{
	for (size_t at = 0; at < object->selves.size; at++)
		free((void *)(uintptr_t)object->selves.data[at].path.data);
	array_release(&object->selves);
	array_release(&object->references);
	*object = (struct object){0};
}

struct object
object_take(struct object *object)
{
	struct object taken = *object;
	*object = (struct object){0};
	return taken;
}

static void
object_add_self(object_selves *selves, struct bytes path, uint64_t offset)
{
	uint8_t *copy = memory_new(path.size + 1);
	if (path.size)
		memcpy(copy, path.data, path.size);
	*array_push(selves) = (struct object_self){bytes_of(copy, path.size), offset};
}

void
object_copy(const struct object *object, struct object *out)
{
	*out = *object;
	out->references = (object_references){0};
	out->selves = (object_selves){0};
	for (size_t at = 0; at < object->references.size; at++)
		*array_push(&out->references) = object->references.data[at];
	for (size_t at = 0; at < object->selves.size; at++)
		object_add_self(
			&out->selves, object->selves.data[at].path, object->selves.data[at].offset);
}

bool
object_is_name(struct bytes name)
{
	if (name.size == 0 || name.size > OBJECT_NAME_MAX || name.data[0] == '.')
		return false;
	for (size_t at = 0; at < name.size; at++) {
		uint8_t byte = name.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			      (byte >= '0' && byte <= '9');
		if (!letter && (byte == 0 || !strchr("+._?=-", byte)))
			return false;
	}
	return true;
}

static int
object_reference_compare(const void *left, const void *right)
{
	return memcmp(((const struct object_reference *)left)->path.bytes,
		((const struct object_reference *)right)->path.bytes, DIGEST_SIZE);
}

static int
object_self_compare(const void *left_self, const void *right_self)
{
	const struct object_self *left = left_self;
	const struct object_self *right = right_self;
	int order = bytes_compare(left->path, right->path);
	return order ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

void
object_references_sort(object_references *references)
{
	if (references->size < 2)
		return;
	qsort(references->data, references->size, sizeof *references->data,
		object_reference_compare);
	size_t kept = 1;
	for (size_t at = 1; at < references->size; at++)
		if (!digest_equal(&references->data[at].path, &references->data[kept - 1].path))
			references->data[kept++] = references->data[at];
	references->size = kept;
}

void
object_selves_sort(object_selves *selves)
{
	if (selves->size > 1)
		qsort(selves->data, selves->size, sizeof *selves->data, object_self_compare);
}

struct digest
object_path(const struct cab_hash *blanked, const char *name, object_references *references,
	object_selves *selves)
{
	object_references_sort(references);
	object_selves_sort(selves);
	cleanup_buf struct buf encoding = BUF(BUF_MAX);
	buf_add_byte(&encoding, (uint8_t)blanked->kind);
	buf_add(&encoding, digest_bytes(&blanked->digest));
	buf_add_u32(&encoding, (uint32_t)selves->size);
	for (size_t at = 0; at < selves->size; at++) {
		buf_add_u32(&encoding, (uint32_t)selves->data[at].path.size);
		buf_add(&encoding, selves->data[at].path);
		buf_add_u64(&encoding, selves->data[at].offset);
	}
	buf_add_u16(&encoding, (uint16_t)strlen(name));
	buf_add_text(&encoding, name);
	buf_add_u32(&encoding, (uint32_t)references->size);
	for (size_t at = 0; at < references->size; at++)
		buf_add(&encoding, digest_bytes(&references->data[at].path));
	return digest_derive("cab path 1", buf_bytes(&encoding));
}

struct digest
object_plain_path(const struct cab_hash *hash, const char *name)
{
	object_references references = {0};
	object_selves selves = {0};
	return object_path(hash, name, &references, &selves);
}

struct object_file
object_file_print(const struct digest *path, const char *name)
{
	struct object_file file;
	(void)snprintf(file.text, sizeof file.text, "%s-%s", digest_print(path).text, name);
	return file;
}

bool
object_file_parse(struct bytes text, struct object_reference *out)
{
	struct object_reference reference = {0};
	if (text.size < DIGEST_TEXT + 2 || text.data[DIGEST_TEXT] != '-' ||
		!digest_parse(bytes_first(text, DIGEST_TEXT), &reference.path))
		return false;
	struct bytes name = bytes_from(text, DIGEST_TEXT + 1);
	if (!object_is_name(name))
		return false;
	memcpy(reference.name, name.data, name.size);
	*out = reference;
	return true;
}

struct store_path
store_path_print(const struct digest *path, const char *name)
{
	struct store_path text;
	(void)snprintf(
		text.text, sizeof text.text, STORE_PREFIX "%s-%s", digest_print(path).text, name);
	return text;
}

bool
store_path_parse(struct bytes text, struct object_reference *out)
{
	struct bytes prefix = BYTES_LITERAL(STORE_PREFIX);
	return bytes_has_prefix(text, prefix) &&
	       object_file_parse(bytes_from(text, prefix.size), out);
}

void
object_encode(const struct object *object, const struct cab_hash *blanked, struct buf *out)
{
	size_t start = record_start(out, "object");
	record_add(out, "path", "%s", object_file_print(&object->path, object->name).text);
	record_add(out, "hash", "%s", cab_hash_print(&object->hash).text);
	record_add(out, "size", "%llu", (unsigned long long)object->size);
	record_add(out, "files", "%llu", (unsigned long long)object->files);
	for (size_t at = 0; at < object->references.size; at++) {
		const struct object_reference *reference = &object->references.data[at];
		record_add(out, "reference", "%s",
			object_file_print(&reference->path, reference->name).text);
	}
	if (object->selves.size)
		record_add(out, "blanked", "%s", cab_hash_print(blanked).text);
	for (size_t at = 0; at < object->selves.size; at++) {
		cleanup_buf struct buf path = BUF(BUF_MAX);
		record_escape(&path, object->selves.data[at].path);
		record_add(out, "self", "%llu %s",
			(unsigned long long)object->selves.data[at].offset, buf_text(&path));
	}
	vouch_encode(&object->vouch, out);
	record_finish(out, start);
}

static bool
object_decode_references(struct record *record, struct object *object, struct err *err)
{
	struct bytes value;
	while (record_maybe(record, "reference", &value)) {
		struct object_reference reference;
		if (object->references.size == OBJECT_REFERENCES_MAX ||
			!object_file_parse(value, &reference))
			return record_bad(record, "reference", err);
		size_t size = object->references.size;
		if (size && object_reference_compare(
				    &object->references.data[size - 1], &reference) >= 0)
			return record_bad(record, "order of references", err);
		*array_push(&object->references) = reference;
	}
	return true;
}

static bool
object_decode_self(
	struct record *record, struct bytes value, struct object *object, struct err *err)
{
	size_t space = bytes_find(value, ' ');
	uint64_t offset;
	cleanup_buf struct buf path = BUF((size_t)(TREE_NAME_MAX + 1) * (TREE_DEPTH_MAX + 1));
	if (space == SIZE_MAX || !record_number(bytes_first(value, space), &offset) ||
		!record_unescape(bytes_from(value, space + 1), &path) ||
		object->selves.size == OBJECT_SELVES_MAX)
		return record_bad(record, "self", err);
	struct object_self self = {buf_bytes(&path), offset};
	size_t size = object->selves.size;
	if (size && object_self_compare(&object->selves.data[size - 1], &self) >= 0)
		return record_bad(record, "order of selves", err);
	object_add_self(&object->selves, self.path, offset);
	return true;
}

static bool
object_decode_body(
	struct record *record, struct object *object, struct cab_hash *blanked, struct err *err)
{
	struct bytes value;
	struct object_reference own;
	if (!record_take(record, "path", &value, err))
		return false;
	if (!object_file_parse(value, &own))
		return record_bad(record, "path", err);
	object->path = own.path;
	memcpy(object->name, own.name, sizeof own.name);
	if (!record_take(record, "hash", &value, err))
		return false;
	if (!cab_hash_parse(value, &object->hash))
		return record_bad(record, "hash", err);
	if (!record_take_number(record, "size", &object->size, err) ||
		!record_take_number(record, "files", &object->files, err) ||
		!object_decode_references(record, object, err))
		return false;
	*blanked = object->hash;
	if (record_maybe(record, "blanked", &value)) {
		if (!cab_hash_parse(value, blanked) || blanked->kind != object->hash.kind)
			return record_bad(record, "blanked", err);
		if (!record_take(record, "self", &value, err))
			return false;
		do
			if (!object_decode_self(record, value, object, err))
				return false;
		while (record_maybe(record, "self", &value));
	}
	return vouch_decode(record, &object->vouch, err) && record_end(record, err);
}

bool
object_decode(struct bytes data, const struct digest *path, struct object *out, struct err *err)
{
	struct record record;
	if (!record_open(&data, "object", &record, err))
		return false;
	if (data.size)
		return err_set(err, ERR_CORRUPT, "record object: bytes after its end");
	cleanup_object struct object object = {0};
	struct cab_hash blanked = {0};
	if (!object_decode_body(&record, &object, &blanked, err))
		return false;
	struct digest follows =
		object_path(&blanked, object.name, &object.references, &object.selves);
	if (!digest_equal(&follows, &object.path) || !digest_equal(&follows, path))
		return err_set(err, ERR_CORRUPT, "record object: path %s does not follow from it",
			digest_print(path).text);
	*out = object_take(&object);
	return true;
}
