/* SPDX-License-Identifier: MPL-2.0 */
#include "session/config_place.h"

#include <stdlib.h>

#include "base/buf.h"
#include "lang/syntax.h"

/* What stands around a pair, so that it reads as a set. */
#define PAIR_OPEN  "{ "
#define PAIR_CLOSE ", }"

struct config_text {
	enum config_shape shape;
	struct source *shown;
	struct source *read; /* a pair within its braces; else the shown one */
	struct tree *tree;   /* once it was asked for */
};

struct config_text *
config_text_new(const char *name, struct bytes text, enum config_shape shape, struct err *err)
{
	struct source *shown = source_new(name, text, err);
	if (!shown)
		return NULL;
	struct source *read = shown;
	if (shape == CONFIG_PAIR) {
		cleanup_buf struct buf whole = BUF(SOURCE_MAX);
		buf_format(&whole, PAIR_OPEN "%.*s" PAIR_CLOSE, BYTES_ARGS(text));
		read = buf_check(&whole, err, "%s", name) ? source_new(name, buf_bytes(&whole), err)
							  : NULL;
	}
	if (!read) {
		source_free(shown);
		return NULL;
	}
	struct config_text *made = (struct config_text *)memory_zero(1, sizeof *made);
	*made = (struct config_text){.shape = shape, .shown = shown, .read = read};
	return made;
}

void
config_text_free(struct config_text *text)
{
	if (!text)
		return;
	if (text->tree)
		tree_free(text->tree);
	if (text->read != text->shown)
		source_free(text->read);
	source_free(text->shown);
	free(text);
}

const char *
config_text_name(const struct config_text *text)
{
	return text->shown->name;
}

/* A place in what was read as a place in what the user wrote. */
static struct span
place_shown(const struct config_text *text, struct span span)
{
	if (text->read == text->shown)
		return span;
	size_t before = sizeof PAIR_OPEN - 1;
	size_t end = text->shown->text.size;
	size_t first = span.start > before ? span.start - before : 0;
	size_t last = span.end > before ? span.end - before : 0;
	return span_of(text->shown, first < end ? first : end, last < end ? last : end);
}

static const struct node_entry *
place_entry(const struct node *set, struct bytes name)
{
	for (size_t at = 0; at < set->set.static_count; at++)
		if (bytes_equal(set->set.entries[at].name.text, name))
			return &set->set.entries[at];
	return NULL;
}

/* The entry of a name in a set written out, also at a block's end or beside `//`, whose right side wins. */
static const struct node_entry *
place_find(const struct node *node, struct bytes name)
{
	for (;;) {
		if (node->kind == NODE_SET)
			return place_entry(node, name);
		if (node->kind == NODE_BLOCK) {
			node = node->block->value;
			continue;
		}
		if (node->kind != NODE_BINARY || node->binary.operator!= OPERATOR_UPDATE)
			return NULL;
		const struct node *right = node->binary.right;
		const struct node_entry *entry =
			right->kind == NODE_SET ? place_entry(right, name) : NULL;
		if (entry)
			return entry;
		node = node->binary.left;
	}
}

static const struct node *
place_root(struct config_text *text)
{
	if (!text->tree) {
		struct diagnostics ignored = DIAGNOSTICS;
		text->tree = tree_new(text->read);
		/* It was evaluated before, so it is sound; what warnings it has were told then. */
		(void)!syntax_parse(text->tree, &ignored);
		diagnostics_release(&ignored);
	}
	return text->tree->root;
}

struct config_place
config_place(struct config_text *text, const char *path)
{
	const struct node *node = place_root(text);
	struct config_place place = {node->span, node->span};
	struct bytes rest = bytes_text(path);
	struct bytes part;
	while (rest.size && bytes_split(&rest, '\x01', &part)) {
		const struct node_entry *entry = place_find(node, part);
		if (!entry) {
			place.name = node->span;
			break;
		}
		node = entry->value;
		place = (struct config_place){entry->name.span, node->span};
	}
	return (struct config_place){place_shown(text, place.name), place_shown(text, place.value)};
}
