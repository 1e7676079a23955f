/* SPDX-License-Identifier: MPL-2.0 */
#include "store/node.h"

bool
node_read(const struct store *store, const struct digest *digest, struct buf *out, struct err *err)
{
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	struct digest_text text = digest_print(digest);
	if (!store_record_file(store, FOLDER_NODES, text.text, &node, err))
		return false;
	struct digest found = digest_of(buf_bytes(&node));
	if (!digest_equal(&found, digest))
		return err_set(err, ERR_CORRUPT, "store %s: nodes/%s has the digest %s",
			store->root, text.text, digest_print(&found).text);
	buf_add(out, buf_bytes(&node));
	return buf_check(out, err, "node %s", text.text);
}

bool
node_write(struct store *store, const struct digest *digest, struct bytes node, struct err *err)
{
	cleanup_buf struct buf there = BUF(node.size);
	if (node_read(store, digest, &there, err))
		return true;
	struct digest_text text = digest_print(digest);
	if (!store_write_record(store, FOLDER_NODES, text.text, node, false, err))
		return false;
	struct pending_name *made = array_push(&store->made);
	made->folder = FOLDER_NODES;
	(void)stpcpy(made->name, text.text);
	store->dirty = true;
	return true;
}
