/* SPDX-License-Identifier: MPL-2.0 */
#include "store/git_object.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/path.h"
#include "store/tree.h"

_Static_assert((int)GIT_NAME_MAX == (int)TREE_NAME_MAX, "a name of git's is one of a folder");

bool
git_id_parse(struct bytes text, struct git_id *out)
{
	struct git_id id = {.size = (uint8_t)(text.size / 2)};
	if ((text.size != (size_t)2 * GIT_ID_SHA1 && text.size != GIT_ID_TEXT) ||
		!hex_parse(text, id.bytes))
		return false;
	*out = id;
	return true;
}

struct git_id_text
git_id_print(const struct git_id *id)
{
	struct git_id_text text;
	hex_print(bytes_of(id->bytes, id->size), text.text);
	return text;
}

bool
git_object_prove(const struct git_id *id, enum git_type type, struct bytes content, struct err *err)
{
	static const char *const names[] = {
		[GIT_COMMIT] = "commit", [GIT_TREE] = "tree", [GIT_BLOB] = "blob"};
	char head[32];
	uint8_t sum[HASH_SIZE_MAX];
	int size = snprintf(head, sizeof head, "%s %zu", names[type], content.size);
	struct hasher *hasher = hasher_new(id->size == GIT_ID_SHA1 ? HASH_SHA1 : HASH_SHA256);
	/* The NUL belongs to it. */
	hasher_add(hasher, bytes_of(head, (size_t)size + 1));
	hasher_add(hasher, content);
	size_t done = hasher_finish(hasher, sum, err);
	hasher_free(hasher);
	if (done && memcmp(sum, id->bytes, id->size) == 0)
		return true;
	if (done)
		(void)err_set(err, ERR_CORRUPT, "its content has another id");
	return err_note(err, "%s %s", names[type], git_id_print(id).text);
}

bool
git_commit_tree(const struct git_id *id, struct bytes content, struct git_id *tree_out)
{
	struct bytes word = BYTES_LITERAL("tree ");
	size_t digits = 2 * (size_t)id->size;
	struct bytes rest = bytes_from(content, word.size);
	return bytes_has_prefix(content, word) && rest.size > digits && rest.data[digits] == '\n' &&
	       git_id_parse(bytes_first(rest, digits), tree_out);
}

struct git_tree
git_tree_start(const struct git_id *id, struct bytes content)
{
	return (struct git_tree){.rest = content, .id_size = id->size};
}

static bool
tree_kind_of(uint32_t mode, struct git_entry *out)
{
	out->is_submodule = false;
	switch (mode & 0170000) {
	case 0100000:
		out->kind = mode & 0100 ? TREE_EXECUTABLE : TREE_FILE;
		return true;
	case 0120000:
		out->kind = TREE_SYMLINK;
		return true;
	case 0160000:
		out->is_submodule = true;
		out->kind = TREE_DIRECTORY;
		return true;
	case 0040000:
		out->kind = TREE_DIRECTORY;
		return true;
	default:
		return false;
	}
}

/* Git's order: bytewise, a folder's name as if it ended in '/'. */
static bool
tree_comes_after(const struct git_tree *tree, const struct git_entry *entry, bool is_folder)
{
	struct bytes left = tree->before;
	struct bytes right = entry->name;
	size_t common = left.size < right.size ? left.size : right.size;
	int order = memcmp(left.data, right.data, common);
	if (order || left.size == right.size)
		return order < 0;
	uint8_t left_end = tree->before_is_folder ? '/' : 0;
	uint8_t right_end = is_folder ? '/' : 0;
	if (left.size > common)
		left_end = left.data[common];
	if (right.size > common)
		right_end = right.data[common];
	return left_end < right_end;
}

/* Whether a name is new, which comes after the last one. Between a file and a folder of one name stand others that begin
 * with it: "a", "a.b", "a/". */
static bool
tree_is_new(struct git_tree *tree, struct bytes name, bool is_folder)
{
	size_t common = 0;
	while (common < tree->before.size && common < name.size &&
		tree->before.data[common] == name.data[common])
		common++;
	memset(tree->is_name + common + 1, 0, sizeof tree->is_name - common - 1);
	if (is_folder)
		return !tree->is_name[name.size];
	tree->is_name[name.size] = true;
	return true;
}

static bool
tree_bad(const char *sentence, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "a tree of git: %s", sentence);
}

bool
git_tree_next(struct git_tree *tree, struct git_entry *out, struct err *err)
{
	if (!tree->rest.size) {
		tree->done = true;
		return false;
	}
	uint32_t mode = 0;
	size_t at = 0;
	for (; at < tree->rest.size && tree->rest.data[at] != ' '; at++) {
		uint8_t digit = tree->rest.data[at];
		if (digit < '0' || digit > '7' || at > 7)
			return tree_bad("a mode is no number", err);
		mode = mode << 3 | (uint32_t)(digit - '0');
	}
	struct bytes rest = bytes_from(tree->rest, at + 1);
	size_t name = bytes_find(rest, 0);
	if (name == SIZE_MAX || rest.size - name - 1 < tree->id_size)
		return tree_bad("an entry is cut off", err);
	out->name = bytes_first(rest, name);
	out->id = (struct git_id){.size = tree->id_size};
	memcpy(out->id.bytes, rest.data + name + 1, tree->id_size);
	tree->rest = bytes_from(rest, name + 1 + tree->id_size);
	if (!tree_kind_of(mode, out))
		return tree_bad("an entry is no file, link, folder or submodule", err);
	if (!path_is_name(out->name))
		return tree_bad("a name leads elsewhere, is empty, or too long", err);
	bool is_folder = out->kind == TREE_DIRECTORY && !out->is_submodule;
	if (tree->before.size && !tree_comes_after(tree, out, is_folder))
		return tree_bad("entries are out of order or twice", err);
	if (!tree_is_new(tree, out->name, is_folder))
		return tree_bad("entries are out of order or twice", err);
	tree->before = out->name;
	tree->before_is_folder = is_folder;
	return true;
}

bool
git_records_start(struct git_records *records, struct bytes data, struct err *err)
{
	struct bytes line = BYTES_LITERAL("cab git 1\n");
	if (!bytes_has_prefix(data, line))
		return err_set(err, ERR_CORRUPT, "these are no objects of git");
	*records = (struct git_records){.rest = bytes_from(data, line.size)};
	return true;
}

bool
git_records_next(struct git_records *records, struct git_record *out, struct err *err)
{
	const uint8_t *head = records->rest.data;
	if (!records->rest.size) {
		records->done = true;
		return false;
	}
	struct bytes rest = bytes_from(records->rest, GIT_ID_MAX + 4);
	size_t size = 0;
	if (records->rest.size >= GIT_ID_MAX + 4)
		size = (size_t)head[GIT_ID_MAX] | (size_t)head[GIT_ID_MAX + 1] << 8 |
		       (size_t)head[GIT_ID_MAX + 2] << 16 | (size_t)head[GIT_ID_MAX + 3] << 24;
	if (records->rest.size < GIT_ID_MAX + 4 || rest.size < size)
		return err_set(err, ERR_CORRUPT, "an object of git is cut off");
	*out = (struct git_record){bytes_of(head, GIT_ID_MAX), bytes_first(rest, size)};
	records->rest = bytes_from(rest, size);
	return true;
}
