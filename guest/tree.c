/* SPDX-License-Identifier: MPL-2.0 */
#include "tree.h"

#include "feature.h"

/* U+200C-200F, U+202A-202E, U+206A-206F and U+FEFF, which HFS+ leaves out of comparisons. */
static bool
is_ignored(const uint8_t *at)
{
	if (at[0] == 0xef)
		return at[1] == 0xbb && at[2] == 0xbf;
	if (at[0] != 0xe2)
		return false;
	return (at[1] == 0x80 &&
		       ((at[2] >= 0x8c && at[2] <= 0x8f) || (at[2] >= 0xaa && at[2] <= 0xae))) ||
	       (at[1] == 0x81 && at[2] >= 0xaa && at[2] <= 0xaf);
}

/* ".git" or its short name "git~1", whatever the case, with what HFS+ ignores inside, and what
 * NTFS ignores behind: dots, spaces, and a stream's name after ':'. */
static bool
is_git_folder(struct span name)
{
	uint8_t plain[6];
	size_t size = 0;
	bool ended = false;
	for (size_t at = 0; at < name.size;) {
		if (name.size - at >= 3 && is_ignored(name.data + at)) {
			at += 3;
			continue;
		}
		uint8_t byte = name.data[at++];
		if (byte >= 'A' && byte <= 'Z')
			byte |= 32;
		if (byte == ':' && size >= 4)
			break;
		if (size >= 4 && (byte == '.' || byte == ' ')) {
			ended = true;
			continue;
		}
		if (ended || size == sizeof plain - 1)
			return false;
		plain[size++] = byte;
	}
	return span_is(span_of(plain, size), ".git") || span_is(span_of(plain, size), "git~1");
}

const char *
tree_name_problem(struct span name)
{
	if (!span_is_name(name))
		return "a name leads elsewhere, is empty, or too long";
	if (is_git_folder(name))
		return "a name stands for the folder .git";
	return NULL;
}

static bool
tree_mode(struct tree *tree, uint32_t mode)
{
	switch (mode & 0170000) {
	case 0100000:
		tree->kind = mode & 0100 ? TREE_EXECUTABLE : TREE_FILE;
		return true;
	case 0120000:
		tree->kind = TREE_LINK;
		return true;
	case 0040000:
		tree->kind = TREE_FOLDER;
		return true;
	case 0160000:
		tree->kind = TREE_SUBMODULE;
		return true;
	default:
		return false;
	}
}

/* Git's order: bytewise, a folder's name as if it ended in '/'. */
static bool
comes_after(const struct tree *tree)
{
	struct span left = tree->before;
	struct span right = tree->name;
	size_t common = size_min(left.size, right.size);
	int order = memcmp(left.data, right.data, common);
	if (order)
		return order < 0;
	if (left.size == right.size)
		return false;
	uint8_t left_end = left.size > common ? left.data[common]
					      : (uint8_t)(tree->before_is_folder ? '/' : 0);
	uint8_t right_end = right.size > common ? right.data[common]
						: (uint8_t)(tree->kind == TREE_FOLDER ? '/' : 0);
	return left_end < right_end;
}

static bool
tree_bad(struct tree *tree, const char *sentence)
{
	tree->sentence = sentence;
	return false;
}

bool
tree_next(struct tree *tree)
{
	if (tree->rest.size == 0)
		return false;
	uint32_t mode = 0;
	size_t at = 0;
	for (; at < tree->rest.size && tree->rest.data[at] != ' '; at++) {
		unsigned digit = tree->rest.data[at] - (unsigned)'0';
		if (digit > 7 || at > 7)
			return tree_bad(tree, "a mode is no number");
		mode = mode << 3 | digit;
	}
	struct span rest = span_from(tree->rest, at + 1);
	tree->name = span_of(rest.data, span_find(rest, 0));
	size_t size = id_size(tree->id_size);
	if (tree->name.size + 1 + size > rest.size)
		return tree_bad(tree, "an entry is cut off");
	tree->id = rest.data + tree->name.size + 1;
	tree->rest = span_from(rest, tree->name.size + 1 + size);
	if (!tree_mode(tree, mode))
		return tree_bad(tree, "an entry is no file, link, folder or submodule");
	const char *problem = tree_name_problem(tree->name);
	if (problem)
		return tree_bad(tree, problem);
	if (tree->before.data && !comes_after(tree))
		return tree_bad(tree, "entries are out of order or twice");
	tree->before = tree->name;
	tree->before_is_folder = tree->kind == TREE_FOLDER;
	return true;
}
