/* SPDX-License-Identifier: MPL-2.0 */
/* Directory nodes: whatever is taken must write back to the same bytes. */
#include "base/must.h"
#include "store/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes node = bytes_of(data, size);
	struct tree_reader reader;
	struct tree_entry entry;
	struct err err;
	if (!tree_reader_start(&reader, node, &err))
		return 0;
	cleanup_buf struct buf back = BUF(TREE_NODE_MAX);
	tree_write_start(&back);
	while (tree_reader_next(&reader, &entry, &err)) {
		struct tree_entry found;
		tree_write(&back, &entry);
		if (tree_node_find(node, entry.name, &found, &err))
			must(found.kind == entry.kind, "an entry is found by its name");
	}
	must(reader.done == tree_node_check(node, &err), "a node is good whole or not at all");
	if (reader.done)
		must(bytes_equal(buf_bytes(&back), node), "one tree has one node");
	return 0;
}
