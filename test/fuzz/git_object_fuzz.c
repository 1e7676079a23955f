/* SPDX-License-Identifier: MPL-2.0 */
/* Files of records, with each content taken for a tree and for a commit too, of either kind of ids. */
#include "base/must.h"
#include "store/git_object.h"
#include "store/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_content(struct bytes content, uint8_t id_size)
{
	struct err err;
	struct git_id tree_id;
	struct git_entry entry;
	struct git_id id = {.size = id_size};
	struct bytes last = {NULL, 0};
	if (git_commit_tree(&id, content, &tree_id))
		must(tree_id.size == id_size, "a commit's tree has an id of its kind");
	struct git_tree tree = git_tree_start(&id, content);
	while (git_tree_next(&tree, &entry, &err)) {
		must(entry.name.size && entry.name.size <= TREE_NAME_MAX &&
				bytes_find(entry.name, '/') == SIZE_MAX,
			"a name may stand in a folder");
		must(!bytes_equal(entry.name, last), "no name is there twice in a row");
		last = entry.name;
	}
	must(!tree.done || tree.rest.size == 0, "a tree is read to its end");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct git_records records;
	struct git_record record;
	fuzz_content(bytes_of(data, size), GIT_ID_SHA1);
	fuzz_content(bytes_of(data, size), GIT_ID_MAX);
	if (!git_records_start(&records, bytes_of(data, size), &err))
		return 0;
	while (git_records_next(&records, &record, &err)) {
		must(record.id.size == GIT_ID_MAX, "an id is whole");
		fuzz_content(record.content, GIT_ID_SHA1);
		fuzz_content(record.content, GIT_ID_MAX);
	}
	return 0;
}
