/* SPDX-License-Identifier: MPL-2.0 */
#include "layer.h"

enum { MARK = 4 };

enum layer_mark
layer_mark(struct span path, struct text *marked)
{
	size_t start = path.size;
	while (start && path.data[start - 1] != '/')
		start--;
	struct span name = span_after(path, start);
	if (!span_has_prefix(name, ".wh."))
		return LAYER_ENTRY;
	name = span_after(name, MARK);
	text_add(marked, span_of(path.data, start ? start - 1 : 0));
	if (span_is(name, ".wh..opq"))
		return LAYER_OPAQUE;
	if (!name.size || span_has_prefix(name, ".wh."))
		return LAYER_NOTHING;
	if (start)
		text_byte(marked, '/');
	text_add(marked, name);
	return LAYER_HIDES;
}

/* A folder's parent as the entry that it is part of; NULL for the tree's own folder. */
static struct archive_entry *
parent_of(const struct archive_entry *entry)
{
	const struct folder *parent = entry->folder.parent;
	if (!parent)
		return NULL;
	return (struct archive_entry *)(uintptr_t)((uintptr_t)parent -
						   offsetof(struct archive_entry, folder));
}

static bool
is_within(const struct archive_entry *each, const struct archive_entry *entry)
{
	while (each && each != entry)
		each = parent_of(each);
	return each;
}

static void
entry_drop(struct archive *archive, struct archive_entry *entry)
{
	static const struct folder dropped = {NULL, {(const uint8_t *)"dropped", 7}, 0};
	struct text name = {0};
	struct archive_entry **place = &parent_of(entry)->children;
	while (*place != entry)
		place = &(*place)->sibling;
	*place = entry->sibling;
	if (archive->dropped++ == 0)
		folder_make(archive->output, NULL, dropped.name);
	text_number(&name, archive->dropped);
	file_move(archive->output, entry->folder.parent, entry->folder.name, &dropped,
		text_span(&name), false);
	text_release(&name);
	entry->kind = 0;
}

void
layer_hide(struct archive *archive, struct archive_entry *entry, bool itself)
{
	/* The newest first: what is in a folder goes before it. */
	for (struct archive_entry *each = archive->newest; each; each = each->older)
		if (each->kind && each->layer < archive->layer && is_within(each, entry) &&
			(itself || each != entry))
			entry_drop(archive, each);
}

void
layer_touch(const struct archive *archive, struct archive_entry *folder)
{
	for (; folder && folder->layer < archive->layer; folder = parent_of(folder))
		folder->layer = archive->layer;
}
