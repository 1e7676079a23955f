/* SPDX-License-Identifier: MPL-2.0 */
#include "tree.h"

#include "feature.h"

ONCE struct tree
tree_start(struct span content, size_t id_size)
{
	return (struct tree){.rest = content, .id_size = (uint8_t)id_size};
}

/* U+200C-200F, U+202A-202E, U+206A-206F and U+FEFF, which HFS+ leaves out of comparisons. */
static bool
is_ignored(const uint8_t *at)
{
	unsigned letter = (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
	return letter == 0xefbbbf || letter - 0xe2808c < 4 || letter - 0xe280aa < 5 ||
	       letter - 0xe281aa < 6;
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
	static const char kinds[] = "    d   f l   s ";
	tree->kind = (enum tree_kind)kinds[mode >> 12 & 017];
	if (tree->kind == TREE_FILE && mode & 0100)
		tree->kind = TREE_EXECUTABLE;
	return kinds[mode >> 12 & 017] != ' ';
}

/* A byte of a name, or the NUL behind it; behind a folder's, '/'. */
static uint8_t
name_byte(uint8_t byte, bool is_folder)
{
	return byte || !is_folder ? byte : '/';
}

/* Git's order: bytewise, a folder's name as if it ended in '/'. */
static bool
comes_after(const struct tree *tree)
{
	const uint8_t *left = tree->before;
	const uint8_t *right = tree->name.data;
	while (*left == *right) {
		if (!*left)
			return false;
		left++;
		right++;
	}
	return name_byte(*left, tree->before_is_folder) <
	       name_byte(*right, tree->kind == TREE_FOLDER);
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
	if (tree->before && !comes_after(tree))
		return tree_bad(tree, "entries are out of order or twice");
	tree->before = tree->name.data;
	tree->before_is_folder = tree->kind == TREE_FOLDER;
	return true;
}
