/* SPDX-License-Identifier: MPL-2.0 */
/* A recipe of what is reused: each path that is taken is plain, no root, and is what the recipe says. */
#include "store/reuse.h"

#include <string.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct reuse_path *path, struct bytes said)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct bytes rest = path->folder.size ? path->folder : bytes_of(NULL, 0);
	struct bytes part;
	unsigned depth = 1;
	for (; bytes_split(&rest, '/', &part); depth++)
		must(path_is_name(part), "a folder is names between slashes");
	must(depth == path->depth && depth <= TREE_DEPTH_MAX + 1, "its names are counted");
	must(path_is_name(bytes_text(path->name)), "its last name is one");
	buf_add(&text, path->folder);
	buf_add_text(&text, path->folder.size ? "/" : "");
	buf_add_text(&text, path->name);
	must(bytes_equal(buf_bytes(&text), said), "a path is what the recipe says");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct bytes recipe = bytes_of(data, size);
	while (recipe.size) {
		struct reuse_path path;
		struct bytes said = bytes_first(recipe, bytes_find(recipe, 0));
		size_t before = recipe.size;
		if (!reuse_next_path(&recipe, &path, &err)) {
			must(err.kind == ERR_REFUSED, "an error has its kind");
			break;
		}
		must(before - recipe.size == said.size + 1, "a path is taken off with its end");
		check(&path, said);
	}
	return 0;
}
