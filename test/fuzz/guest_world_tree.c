/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

/* Files, with what was reused. */
enum { REUSED = 2 * WORLD_FILES };

static int
entry_compare(const void *left, const void *right)
{
	const struct world_file *const *files[] = {left, right};
	return strcmp((*files[0])->path, (*files[1])->path);
}

/* What lies in a folder, in order; the caller's. */
static const struct world_file **
entries_of(const struct world_file *folder, size_t *count_out)
{
	size_t count = 0, capacity = 1;
	for (const struct world_file *file = world_files(); file; file = file->next)
		capacity++;
	const struct world_file **entries =
		(const struct world_file **)memory_zero(capacity, sizeof(void *));
	for (const struct world_file *file = world_files(); file; file = file->next)
		if (bytes_equal_text(world_folder(bytes_text(file->path)), folder->path))
			entries[count++] = file;
	qsort(entries, count, sizeof(void *), entry_compare);
	*count_out = count;
	return entries;
}

/* A folder's node, and where `nodes` is not NULL the records of it and of all beneath it there. */
static struct digest
folder_digest(const struct world_file *folder, struct buf *nodes)
{
	cleanup_buf struct buf node = BUF(BUF_MAX);
	cleanup_buf struct buf inner = BUF(BUF_MAX);
	size_t count;
	const struct world_file **entries = entries_of(folder, &count);
	buf_add_text(&node, "cab tree 1\n");
	for (size_t at = 0; at < count; at++) {
		struct bytes name = bytes_text(entries[at]->path + strlen(folder->path) + 1);
		struct bytes content = buf_bytes(&entries[at]->content);
		buf_add_byte(&node, entries[at]->kind);
		buf_add_u16(&node, (uint16_t)name.size);
		buf_add(&node, name);
		if (entries[at]->kind == 'l') {
			buf_add_u16(&node, (uint16_t)content.size);
			buf_add(&node, content);
			continue;
		}
		struct digest digest = entries[at]->kind == 'd'
					       ? folder_digest(entries[at], nodes ? &inner : NULL)
					       : digest_of(content);
		buf_add(&node, digest_bytes(&digest));
	}
	free(entries);
	struct digest digest = digest_of(buf_bytes(&node));
	if (nodes) {
		buf_add(nodes, digest_bytes(&digest));
		buf_add_u32(nodes, (uint32_t)node.size);
		buf_add(nodes, buf_bytes(&node));
		buf_add(nodes, buf_bytes(&inner));
	}
	return digest;
}

struct digest
world_digest(const struct world_file *file)
{
	return file->kind == 'd' ? folder_digest(file, NULL) : digest_of(buf_bytes(&file->content));
}

void
world_nodes(const struct world_file *folder, struct buf *out)
{
	buf_add_text(out, "cab nodes 1\n");
	(void)folder_digest(folder, out);
}

/* The path behind a folder's. */
static struct bytes
beneath(const char *folder, struct bytes path, struct buf *out)
{
	buf_clear(out);
	buf_add_text(out, folder);
	buf_add_byte(out, '/');
	buf_add(out, path);
	return buf_bytes(out);
}

/* What lies at one path is at another too; false where that would be too many. */
static bool
copy(struct bytes from, struct bytes to)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	bool is_there = false;
	size_t count = 0;
	struct bytes folder = world_folder(to);
	/* New files come before what was there. */
	for (const struct world_file *file = world_files(); file; file = file->next) {
		struct bytes old = bytes_text(file->path);
		must(!bytes_equal(old, to), "nothing is there yet");
		is_there |= file->kind == 'd' && bytes_equal(old, folder);
		count++;
	}
	must(is_there, "its folder is there");
	is_there = false;
	for (const struct world_file *file = world_files(); file; file = file->next) {
		struct bytes old = bytes_text(file->path);
		if (!bytes_has_prefix(old, from) ||
			(old.size > from.size && old.data[from.size] != '/'))
			continue;
		is_there |= old.size == from.size;
		if (++count > REUSED)
			return false;
		buf_clear(&path);
		buf_add(&path, to);
		buf_add(&path, bytes_from(old, from.size));
		buf_add(&world_add(buf_bytes(&path), file->kind)->content,
			buf_bytes(&file->content));
	}
	must(is_there, "the former object has it");
	return true;
}

bool
world_reuse(void)
{
	const struct world_file *recipe = world_find("reuse");
	if (!recipe)
		return true;
	cleanup_buf struct buf from = BUF(BUF_MAX);
	cleanup_buf struct buf to = BUF(BUF_MAX);
	struct bytes rest = buf_bytes(&recipe->content), line;
	while (rest.size && bytes_split(&rest, 0, &line)) {
		struct bytes source = beneath("former", line, &from);
		if (!bytes_split(&rest, 0, &line) || !copy(source, beneath("out", line, &to)))
			return false;
	}
	return true;
}
