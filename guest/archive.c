/* SPDX-License-Identifier: MPL-2.0 */
#include "archive.h"

#include "feature.h"
#include "heap.h"
#include "layer.h"
#include "report.h"
#include "request.h"

/* Entries are found by a key of their path: BLAKE3, so nobody can make two paths meet, or many of
 * them crowd. */
_Static_assert(TABLE_KEY == (int)SUM_BLAKE3, "a sum is a key");
static void
key_of(struct span path, uint8_t key_out[TABLE_KEY])
{
	hash_once(CAB_HASH_BLAKE3, path, key_out);
}

static struct archive_entry *
entry_add(struct archive *archive, struct archive_entry *parent, struct span path, struct span name,
	uint8_t kind)
{
	struct archive_entry *entry = (struct archive_entry *)heap_zero(sizeof *entry + name.size);
	uint8_t *kept = (uint8_t *)(entry + 1);
	memcpy(kept, name.data, name.size);
	key_of(path, entry->key);
	entry->folder.name = span_of(kept, name.size);
	entry->kind = kind;
	entry->layer = archive->layer;
	entry->older = archive->newest;
	archive->newest = entry;
	*table_slot(&archive->table, entry->key) = entry;
	archive->table.count++;
	if (parent) {
		entry->folder.parent = &parent->folder;
		entry->folder.depth = parent->folder.depth + 1;
		entry->sibling = parent->children;
		parent->children = entry;
	}
	return entry;
}

static struct archive_entry *
entry_find(struct archive *archive, struct span path)
{
	uint8_t key[TABLE_KEY];
	key_of(path, key);
	struct archive_entry *entry = (struct archive_entry *)*table_slot(&archive->table, key);
	return entry && entry->kind ? entry : NULL;
}

void
archive_layer(struct archive *archive)
{
	archive->layer++;
}

void
archive_start(struct archive *archive, struct output *output, uint8_t strip)
{
	archive->output = output;
	archive->strip = strip;
	archive->fd = -1;
	archive->root = entry_add(archive, NULL, SPAN(""), SPAN("unpacked"), 'd');
	folder_make(output, NULL, archive->root->folder.name);
}

static struct archive_entry *
folder_add(
	struct archive *archive, struct archive_entry *parent, struct span path, struct span name)
{
	folder_make(archive->output, &parent->folder, name);
	return entry_add(archive, parent, path, name, 'd');
}

/* The folder of a path, made with all above it where they are not there; the path's last name. */
static struct archive_entry *
parent_ensure(struct archive *archive, struct span path, struct span *name_out)
{
	size_t end = path.size;
	while (end && path.data[end - 1] != '/')
		end--;
	*name_out = span_from(path, end);
	struct archive_entry *parent = archive->root;
	size_t start = 0;
	/* From the longest folder that is there. */
	for (size_t known = end; known; known--) {
		if (path.data[known - 1] != '/')
			continue;
		struct archive_entry *found = entry_find(archive, span_of(path.data, known - 1));
		if (found) {
			parent = found;
			start = known;
			break;
		}
	}
	while (parent->kind == 'd' && start < end) {
		struct span rest = span_from(path, start);
		struct span name = span_word(&rest, '/');
		parent = folder_add(archive, parent, span_of(path.data, start + name.size), name);
		start += name.size + 1;
	}
	if (parent->kind != 'd')
		fail_about("a path lies beneath what is no folder", path);
	return parent;
}

/* Takes leading names away; false where nothing is left. */
static bool
path_strip(const struct archive *archive, struct span *path)
{
	for (unsigned left = archive->strip == STRIP_AUTO ? 0 : archive->strip; left; left--)
		(void)span_word(path, '/');
	return path->size > 0;
}

static void
hard_link_add(struct archive *archive, struct archive_entry *parent, struct span path,
	struct span name, struct span target)
{
	struct archive_entry *first =
		path_strip(archive, &target) ? entry_find(archive, target) : NULL;
	if (!first || (first->kind != 'f' && first->kind != 'x'))
		fail_about("a hard link to no file before it", path);
	file_copy(archive->output, first->folder.parent, first->folder.name, &parent->folder, name,
		first->size, first->kind == 'x');
	struct archive_entry *entry = entry_add(archive, parent, path, name, first->kind);
	entry->size = first->size;
	memcpy(entry->digest, first->digest, SUM_BLAKE3);
}

static void
link_add(struct archive *archive, struct archive_entry *parent, struct span path, struct span name,
	struct span target)
{
	link_make(archive->output, &parent->folder, name, target);
	struct archive_entry *entry = entry_add(archive, parent, path, name, 'l');
	uint8_t *kept = (uint8_t *)heap_take(target.size);
	memcpy(kept, target.data, target.size);
	entry->target = span_of(kept, target.size);
}

/* Does what a mark of a layer says; false where the path is none. */
static bool
mark_obey(struct archive *archive, struct span path)
{
	struct text marked = {0};
	enum layer_mark mark = layer_mark(path, &marked);
	if (mark == LAYER_HIDES || mark == LAYER_OPAQUE) {
		struct archive_entry *there = entry_find(archive, text_span(&marked));
		if (there)
			layer_hide(archive, there, mark == LAYER_HIDES);
	}
	text_release(&marked);
	return mark != LAYER_ENTRY;
}

void
archive_begin(struct archive *archive, const struct item *item)
{
	struct span path = item->path;
	bool is_folder = item->kind == ITEM_FOLDER;
	if (!path_strip(archive, &path)) {
		if (!is_folder)
			fail_about("strip leaves nothing of a name", item->path);
		return;
	}
	bool is_layer = feature_whole && archive->layer;
	if (is_layer && mark_obey(archive, path))
		return;
	struct archive_entry *there = entry_find(archive, path);
	if (there && is_layer && there->layer < archive->layer) {
		there->is_told = false;
		if (there->kind == 'd' && is_folder)
			layer_touch(archive, there);
		else
			layer_hide(archive, there, true);
		if (!there->kind)
			there = NULL;
	}
	if (there) {
		if (there->is_told || there->kind != 'd' || !is_folder)
			fail_about("two entries of one name", path);
		there->is_told = true;
		return;
	}
	struct span name;
	struct archive_entry *parent = parent_ensure(archive, path, &name);
	if (is_folder) {
		(void)folder_add(archive, parent, path, name);
	} else if (item->kind == ITEM_LINK) {
		link_add(archive, parent, path, name, item->target);
	} else if (item->kind == ITEM_HARD_LINK) {
		hard_link_add(archive, parent, path, name, item->target);
	} else {
		archive->fd = file_create(archive->output, &parent->folder, name);
		archive->file = entry_add(archive, parent, path, name, (uint8_t)item->kind);
		archive->file->size = item->size;
	}
	archive->newest->is_told = true;
	if (is_layer)
		layer_touch(archive, parent);
}

void
archive_write(struct archive *archive, struct span bytes)
{
	file_write(archive->output, archive->fd, bytes);
}

void
archive_close(struct archive *archive)
{
	if (archive->file)
		file_finish(archive->fd, archive->file->kind == 'x', archive->file->digest);
	archive->file = NULL;
}

static void
archive_hash(struct archive *archive)
{
	struct node node = {0};
	/* The newest first: children are younger than their folder. */
	for (struct archive_entry *entry = archive->newest; entry; entry = entry->older) {
		if (entry->kind != 'd')
			continue;
		for (struct archive_entry *child = entry->children; child; child = child->sibling)
			node_add(&node, child->kind, child->folder.name,
				child->kind == 'l' ? child->target
						   : span_of(child->digest, SUM_BLAKE3));
		node_digest(&node, entry->digest);
	}
	struct archive_entry *taken = archive->taken;
	if (taken->kind == 'l')
		hash_once(CAB_HASH_BLAKE3, taken->target, taken->digest);
	report_cab(taken->kind, taken->digest);
}

void
archive_finish(struct archive *archive, struct span subpath)
{
	struct archive_entry *taken = archive->root;
	struct archive_entry *top = taken->children;
	if (archive->strip == STRIP_AUTO && top && !top->sibling && top->kind == 'd')
		taken = top;
	while (subpath.size) {
		struct span name = span_word(&subpath, '/');
		taken = taken->children;
		while (taken && !span_equal(taken->folder.name, name))
			taken = taken->sibling;
		if (!taken)
			fail_about("the subpath is not there", name);
	}
	archive->taken = taken;
	file_move(archive->output, taken->folder.parent, taken->folder.name, NULL, SPAN("out"),
		false);
	archive_hash(archive);
}
