/* SPDX-License-Identifier: MPL-2.0 */
#include "store/tree_nodes.h"

#include "store/internal.h"

#define TREE_NODES_MAGIC "cab nodes 1\n"

bool
tree_nodes_write(struct store *store, const struct inventory *inventory, struct err *err)
{
	struct map seen = {0};
	cleanup_buf struct buf file = BUF(TREE_NODES_MAX);
	cleanup_buf struct buf node = BUF(BUF_MAX);
	buf_add_text(&file, TREE_NODES_MAGIC);
	for (size_t at = 0; at < inventory->entries.size; at++) {
		const struct inventory_entry *entry = &inventory->entries.data[at];
		if (entry->kind != TREE_DIRECTORY || map_has(&seen, digest_bytes(&entry->digest)))
			continue;
		map_put(&seen, digest_bytes(&entry->digest), &seen);
		buf_clear(&node);
		inventory_node(inventory, at, false, &node);
		buf_add(&file, digest_bytes(&entry->digest));
		buf_add_u32(&file, (uint32_t)node.size);
		buf_add(&file, buf_bytes(&node));
	}
	map_release(&seen);
	struct cab_hash hash = inventory_hash(inventory);
	struct shard_name shard = shard_hash(&hash);
	return buf_check(&file, err, "trees/%s", shard.text) &&
	       store_write_record(store, FOLDER_TREES, shard.text, buf_bytes(&file), false, err);
}

void
tree_nodes_release(struct tree_nodes *nodes)
{
	buf_release(&nodes->file);
	array_release(&nodes->entries);
	array_release(&nodes->folders);
	map_release(&nodes->by_digest);
}

/* One node off the front of the rest. */
static bool
tree_nodes_take(struct tree_nodes *nodes, struct bytes *rest, struct err *err)
{
	struct tree_reader reader;
	struct tree_entry entry;
	struct tree_nodes_folder *folder = array_push(&nodes->folders);
	if (rest->size < DIGEST_SIZE + 4)
		return err_set(err, ERR_CORRUPT, "cut off");
	memcpy(folder->digest.bytes, rest->data, DIGEST_SIZE);
	const uint8_t *number = rest->data + DIGEST_SIZE;
	size_t size = (size_t)number[0] | (size_t)number[1] << 8 | (size_t)number[2] << 16 |
		      (size_t)number[3] << 24;
	*rest = bytes_from(*rest, DIGEST_SIZE + 4);
	if (size > rest->size)
		return err_set(err, ERR_CORRUPT, "cut off");
	struct bytes node = bytes_first(*rest, size);
	*rest = bytes_from(*rest, size);
	struct digest found = digest_of(node);
	if (!digest_equal(&found, &folder->digest))
		return err_set(err, ERR_CORRUPT, "a node of it has the digest %s, not %s",
			digest_print(&found).text, digest_print(&folder->digest).text);
	folder->first = nodes->entries.size;
	if (!tree_reader_start(&reader, node, err))
		return false;
	while (tree_reader_next(&reader, &entry, err)) {
		*array_push(&nodes->entries) = entry;
		folder->count++;
	}
	return reader.done;
}

static bool
tree_nodes_is_whole(const struct tree_nodes *nodes, struct err *err)
{
	if (!tree_nodes_folder(nodes, &nodes->root))
		return err_set(err, ERR_CORRUPT, "the root's node is not there");
	for (size_t at = 0; at < nodes->entries.size; at++) {
		const struct tree_entry *entry = &nodes->entries.data[at];
		if (entry->kind == TREE_DIRECTORY && !tree_nodes_folder(nodes, &entry->digest))
			return err_set(err, ERR_CORRUPT, "the node of %.*s is not there",
				BYTES_ARGS(entry->name));
	}
	return true;
}

static bool
tree_nodes_parse(struct tree_nodes *nodes, struct err *err)
{
	struct bytes rest = buf_bytes(&nodes->file);
	if (!bytes_has_prefix(rest, BYTES_LITERAL(TREE_NODES_MAGIC)))
		return err_set(err, ERR_CORRUPT, "it is of another version");
	rest = bytes_from(rest, sizeof TREE_NODES_MAGIC - 1);
	while (rest.size)
		if (!tree_nodes_take(nodes, &rest, err))
			return false;
	for (size_t at = 0; at < nodes->folders.size; at++)
		map_put(&nodes->by_digest, digest_bytes(&nodes->folders.data[at].digest),
			&nodes->folders.data[at]);
	return tree_nodes_is_whole(nodes, err);
}

bool
tree_nodes_decode(
	struct buf *file, const struct digest *root, struct tree_nodes *out, struct err *err)
{
	*out = (struct tree_nodes){.file = buf_take(file), .root = *root};
	if (tree_nodes_parse(out, err))
		return true;
	tree_nodes_release(out);
	return false;
}

bool
tree_nodes_load(const struct store *store, const struct cab_hash *hash, struct tree_nodes *out,
	struct err *err)
{
	cleanup_buf struct buf file = BUF(TREE_NODES_MAX);
	struct shard_name shard = shard_hash(hash);
	if (hash->kind != TREE_DIRECTORY)
		return err_set(err, ERR_NOT_FOUND, "%s is no folder", cab_hash_print(hash).text);
	if (!store_record_file(store, FOLDER_TREES, shard.text, &file, err))
		return false;
	return tree_nodes_decode(&file, &hash->digest, out, err) ||
	       err_note(err, "store %s: trees/%s", store->root, shard.text);
}

const struct tree_nodes_folder *
tree_nodes_folder(const struct tree_nodes *nodes, const struct digest *digest)
{
	return map_find(&nodes->by_digest, digest_bytes(digest));
}

bool
tree_nodes_find_in(const struct tree_nodes *nodes, const struct tree_nodes_folder *folder,
	struct bytes name, struct tree_entry *out)
{
	size_t low = folder->first;
	size_t high = low + folder->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = bytes_compare(nodes->entries.data[middle].name, name);
		if (order == 0) {
			*out = nodes->entries.data[middle];
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool
tree_nodes_find(const struct tree_nodes *nodes, struct bytes path, struct tree_entry *out)
{
	struct tree_entry entry = {.kind = TREE_DIRECTORY, .digest = nodes->root};
	struct bytes part;
	while (bytes_split(&path, '/', &part))
		if (entry.kind != TREE_DIRECTORY ||
			!tree_nodes_find_in(
				nodes, tree_nodes_folder(nodes, &entry.digest), part, &entry))
			return false;
	*out = entry;
	return true;
}
