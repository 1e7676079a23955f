/* SPDX-License-Identifier: MPL-2.0 */
#include "store/tree.h"

#include "base/path.h"

static const char tree_magic[] = "cab tree 1\n";

struct cab_hash_text
cab_hash_print(const struct cab_hash *hash)
{
	struct cab_hash_text out;
	struct digest_text digest = digest_print(&hash->digest);
	out.text[0] = hash->kind;
	memcpy(out.text + 1, digest.text, sizeof digest.text);
	return out;
}

static bool
tree_is_kind(uint8_t kind)
{
	return kind == TREE_DIRECTORY || kind == TREE_FILE || kind == TREE_EXECUTABLE ||
	       kind == TREE_SYMLINK;
}

bool
cab_hash_parse(struct bytes text, struct cab_hash *out)
{
	if (text.size != CAB_HASH_TEXT || !tree_is_kind(text.data[0]))
		return false;
	if (!digest_parse(bytes_from(text, 1), &out->digest))
		return false;
	out->kind = (char)text.data[0];
	return true;
}

bool
tree_reader_start(struct tree_reader *reader, struct bytes node, struct err *err)
{
	if (node.size > TREE_NODE_MAX)
		return err_set(err, ERR_LIMIT, "directory node: more than %d bytes", TREE_NODE_MAX);
	struct bytes magic = bytes_text(tree_magic);
	if (!bytes_has_prefix(node, magic))
		return err_set(
			err, ERR_CORRUPT, "directory node: does not begin with \"cab tree 1\"");
	*reader = (struct tree_reader){.rest = bytes_from(node, magic.size)};
	return true;
}

/* A number of two bytes, and as many bytes after it. */
static bool
tree_take_sized(struct bytes *rest, struct bytes *out)
{
	if (rest->size < 2)
		return false;
	size_t size = rest->data[0] | (size_t)rest->data[1] << 8;
	if (rest->size - 2 < size)
		return false;
	*out = bytes_of(rest->data + 2, size);
	*rest = bytes_from(*rest, 2 + size);
	return true;
}

static bool
tree_take_content(struct bytes *rest, struct tree_entry *entry, struct err *err)
{
	if (entry->kind == TREE_SYMLINK) {
		if (!tree_take_sized(rest, &entry->target))
			return err_set(err, ERR_CORRUPT, "directory node: cut off");
		if (entry->target.size == 0 || entry->target.size > TREE_TARGET_MAX ||
			bytes_find(entry->target, 0) != SIZE_MAX)
			return err_set(err, ERR_CORRUPT,
				"directory node: bad target of symlink %.*s",
				BYTES_ARGS(entry->name));
		return true;
	}
	if (rest->size < DIGEST_SIZE)
		return err_set(err, ERR_CORRUPT, "directory node: cut off");
	memcpy(entry->digest.bytes, rest->data, DIGEST_SIZE);
	*rest = bytes_from(*rest, DIGEST_SIZE);
	return true;
}

bool
tree_reader_next(struct tree_reader *reader, struct tree_entry *out, struct err *err)
{
	struct bytes rest = reader->rest;
	if (rest.size == 0) {
		reader->done = true;
		return false;
	}
	if (!tree_is_kind(rest.data[0]))
		return err_set(
			err, ERR_CORRUPT, "directory node: unknown kind 0x%02x", rest.data[0]);
	struct tree_entry entry = {.kind = (char)rest.data[0]};
	rest = bytes_from(rest, 1);
	if (!tree_take_sized(&rest, &entry.name))
		return err_set(err, ERR_CORRUPT, "directory node: cut off");
	if (!path_is_name(entry.name))
		return err_set(err, ERR_CORRUPT, "directory node: \"%.*s\" cannot be a name",
			BYTES_ARGS(entry.name));
	if (bytes_compare(reader->last, entry.name) >= 0)
		return err_set(err, ERR_CORRUPT, "directory node: %.*s is out of order",
			BYTES_ARGS(entry.name));
	if (!tree_take_content(&rest, &entry, err))
		return false;
	reader->rest = rest;
	reader->last = entry.name;
	*out = entry;
	return true;
}

bool
tree_node_check(struct bytes node, struct err *err)
{
	struct tree_reader reader;
	if (!tree_reader_start(&reader, node, err))
		return false;
	struct tree_entry entry;
	while (tree_reader_next(&reader, &entry, err))
		;
	return reader.done;
}

bool
tree_node_find(struct bytes node, struct bytes name, struct tree_entry *out, struct err *err)
{
	struct tree_reader reader = {0};
	if (!tree_reader_start(&reader, node, err))
		return false;
	bool found = false;
	struct tree_entry entry = {0};
	struct tree_entry match = {0};
	/* To the end even after a match: a node that breaks a rule anywhere is no node. */
	while (tree_reader_next(&reader, &entry, err)) {
		if (!bytes_equal(entry.name, name))
			continue;
		match = entry;
		found = true;
	}
	if (!reader.done)
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "no entry %.*s", BYTES_ARGS(name));
	*out = match;
	return true;
}

void
tree_write_start(struct buf *node)
{
	buf_add(node, bytes_text(tree_magic));
}

void
tree_write(struct buf *node, const struct tree_entry *entry)
{
	must(entry->name.size >= 1 && entry->name.size <= TREE_NAME_MAX, "a name fits");
	buf_add_byte(node, (uint8_t)entry->kind);
	buf_add_u16(node, (uint16_t)entry->name.size);
	buf_add(node, entry->name);
	if (entry->kind != TREE_SYMLINK) {
		buf_add(node, digest_bytes(&entry->digest));
		return;
	}
	must(entry->target.size >= 1 && entry->target.size <= TREE_TARGET_MAX, "a target fits");
	buf_add_u16(node, (uint16_t)entry->target.size);
	buf_add(node, entry->target);
}
