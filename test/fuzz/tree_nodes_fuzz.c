/* SPDX-License-Identifier: MPL-2.0 */
/* Files of trees/: those that are taken are whole. The root is the first node's digest, as the file says it; the digests are made right
 * once more, so that what lies behind them is reached too. */
#include "store/tree_nodes.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAGIC = 12, HEAD = DIGEST_SIZE + 4 };

static void
decode(struct bytes data)
{
	struct tree_nodes nodes;
	struct digest root = {{0}};
	struct err err;
	cleanup_buf struct buf file = BUF(BUF_MAX);
	buf_add(&file, data);
	if (data.size >= MAGIC + DIGEST_SIZE)
		memcpy(root.bytes, data.data + MAGIC, DIGEST_SIZE);
	if (!tree_nodes_decode(&file, &root, &nodes, &err))
		return;
	const struct tree_nodes_folder *folder = tree_nodes_folder(&nodes, &root);
	must(folder, "the root is there");
	for (size_t at = folder->first; at < folder->first + folder->count; at++) {
		struct tree_entry entry;
		must(tree_nodes_find(&nodes, nodes.entries.data[at].name, &entry) &&
				entry.kind == nodes.entries.data[at].kind,
			"an entry is found by its name");
	}
	tree_nodes_release(&nodes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode(bytes_of(data, size));
	cleanup_buf struct buf right = BUF(BUF_MAX);
	buf_add(&right, bytes_of(data, size));
	for (size_t at = MAGIC; at + HEAD <= right.size;) {
		const uint8_t *number = right.data + at + DIGEST_SIZE;
		size_t length = number[0] | (size_t)number[1] << 8 | (size_t)number[2] << 16;
		if (length > right.size - at - HEAD)
			break;
		struct digest digest = digest_of(bytes_of(right.data + at + HEAD, length));
		memcpy(right.data + at, digest.bytes, DIGEST_SIZE);
		at += HEAD + length;
	}
	decode(buf_bytes(&right));
	return 0;
}
