/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "lang/parser.h"

struct draft *
draft_new(struct parser *parser)
{
	struct draft *draft = arena_new(parser->arena, struct draft);
	*array_push(&parser->drafts) = draft;
	return draft;
}

struct node *
share_new(struct parser *parser, enum share_form form, struct node *value,
	const struct node_path *paths, size_t count)
{
	struct node *node = parser_node(parser, NODE_SHARE, value->span);
	struct node_share *share = arena_new(parser->arena, struct node_share);
	node->share = share;
	share->value = value;
	share->form = form;
	share->count = count;
	share->selects = arena_array(parser->arena, struct node *, count);
	struct node *shared = parser_node(parser, NODE_SHARED, value->span);
	shared->shared.share = node;
	share->body = parser_node(parser, form == SHARE_LIST ? NODE_LIST : NODE_SET, value->span);
	if (form == SHARE_LIST) {
		share->body->list.count = count;
		share->body->list.items = arena_array(parser->arena, struct node_item, count);
	}
	struct draft *draft = form == SHARE_SET ? draft_new(parser) : NULL;
	for (size_t at = 0; at < count; at++) {
		const struct node_name *last = &paths[at].names[paths[at].count - 1];
		struct node *select = parser_node(parser, NODE_SELECT, last->span);
		select->select.base = shared;
		select->select.path = paths[at];
		share->selects[at] = select;
		if (form == SHARE_LIST)
			share->body->list.items[at].value = select;
		else if (draft)
			*array_push(&draft->entries) = (struct draft_entry){.kind = DRAFT_INHERIT,
				.path = paths[at],
				.value = select,
				.span = last->span};
	}
	if (draft) {
		share->body->draft = draft;
		parser_doubt(parser, share->body);
	}
	return node;
}

/* The path that a node spells: a, a.b, "a b", or NULL. What was in doubt is settled by it. */
static bool
path_of(struct parser *parser, struct node *node, struct node_path *path)
{
	struct node *base = node;
	if (node->parenthesised)
		return false;
	if (node->kind == NODE_SELECT && !node->select.fallback)
		base = node->select.base;
	bool string = base->kind == NODE_STRING;
	if (base->parenthesised || (base->kind != NODE_NAME && !string))
		return false;
	struct node_name first = {.span = base->span};
	if (!string) {
		first.text = base->name.text;
	} else if (base->text.count == 0) {
		first.text = bytes_of("", 0);
	} else if (base->text.count == 1 && !base->text.parts[0].value) {
		first.text = base->text.parts[0].text;
	} else {
		first.dynamic = parser_node(parser, NODE_STRING, base->span);
		first.dynamic->text = base->text;
		base->kind = NODE_ERROR;
	}
	size_t more = base == node ? 0 : node->select.path.count;
	path->count = more + 1;
	path->names = arena_array(parser->arena, struct node_name, path->count);
	path->names[0] = first;
	if (more)
		memcpy(&path->names[1], node->select.path.names, more * sizeof *path->names);
	return true;
}

static void
draft_add(struct draft *draft, enum draft_kind kind, struct node_path path, struct node *value,
	struct span span)
{
	*array_push(&draft->entries) =
		(struct draft_entry){.kind = kind, .path = path, .value = value, .span = span};
}

/* { (e).{a, b}, }: one share around the whole set. */
static void
draft_group(struct draft *draft, struct node *node)
{
	struct draft *group = node->share->body->draft;
	for (size_t at = 0; at < group->entries.size; at++)
		*array_push(&draft->entries) = group->entries.data[at];
	/* The group's own set is no more; parser_settle passes it over. */
	node->share->body->kind = NODE_ERROR;
	node->share->form = SHARE_ENTRIES;
	*array_push(&draft->shares) = node;
}

static void
entry_fault(struct parser *parser, const struct node *node)
{
	if (node->kind == NODE_ERROR)
		return;
	struct diagnostic *fault =
		parser_fault(parser, node->span, "%s is no entry of a set", node_describe(node));
	bool call = node->kind == NODE_CALL && node->call.function->kind == NODE_NAME &&
		    !node->parenthesised;
	if (call && bytes_equal_text(node->call.function->name.text, "inherit"))
		parser_help(parser, fault, "names alone are inherited: { a, b, x.{c, d}, }");
	else if (call)
		parser_help(parser, fault, "entries are separated by ',': { a, b, }");
	else
		parser_help(parser, fault,
			"an entry is 'name = value', or 'name' alone for 'name = name'");
}

/* An entry that is no definition: inherits what it names. */
static void
draft_inherit(struct parser *parser, struct draft *draft, struct node *node)
{
	struct node_path path;
	bool group = node->kind == NODE_SHARE && !node->parenthesised &&
		     node->share->form == SHARE_SET && node->share->body->kind == NODE_SET;
	if (group) {
		draft_group(draft, node);
		return;
	}
	if (!path_of(parser, node, &path)) {
		entry_fault(parser, node);
		return;
	}
	if (path.names[0].dynamic) {
		parser_help(parser,
			parser_fault(parser, path.names[0].span,
				"a name with an interpolation cannot be inherited"),
			"write: \"\\(…)\" = value");
		return;
	}
	struct node *base = node->kind == NODE_SELECT ? node->select.base : node;
	if (base->kind == NODE_STRING) {
		base->kind = NODE_NAME;
		base->name.text = path.names[0].text;
		base->name.place = (struct place){PLACE_NONE, 0, 0};
	}
	draft_add(draft, DRAFT_INHERIT, path, node, node->span);
}

/* Set spreads do not exist; `...` alone is for patterns. */
static void
parse_ellipsis(struct parser *parser, struct draft *draft)
{
	struct span span = parser_span(parser);
	parser_advance(parser);
	enum token_kind kind = parser_kind(parser);
	if (kind == TOKEN_COMMA || parser_is_closer(kind)) {
		draft_add(draft, DRAFT_ELLIPSIS, (struct node_path){NULL, 0}, NULL, span);
		return;
	}
	parser_help(parser, parser_fault(parser, span, "a set does not spread"),
		"to update one set by another, write: x // { … }");
	(void)parse_inner(parser, VALUE_OTHER);
}

static void
parse_entry(struct parser *parser, struct draft *draft)
{
	if (parser_kind(parser) == TOKEN_ELLIPSIS) {
		parse_ellipsis(parser, draft);
		return;
	}
	uint32_t start = parser_peek(parser)->start;
	struct node_path path;
	if (parser_kind(parser) == TOKEN_NAME && parser_kind_after(parser, 1) == TOKEN_QUESTION) {
		path.count = 1;
		path.names = arena_new(parser->arena, struct node_name);
		path.names[0] = parse_name(parser);
		parser_advance(parser);
		struct node *value = parse_inner(parser, VALUE_ENTRY);
		draft_add(draft, DRAFT_DEFAULT, path, value, parser_span_since(parser, start));
		return;
	}
	struct node *node = parse_inner(parser, VALUE_OTHER);
	if (parser_kind(parser) != TOKEN_ASSIGN) {
		draft_inherit(parser, draft, node);
		return;
	}
	bool named = path_of(parser, node, &path);
	if (!named && node->kind != NODE_ERROR)
		parser_help(parser,
			parser_fault(parser, node->span, "%s cannot be defined in a set",
				node_describe(node)),
			"an entry is name = value, or name.path = value");
	parser_advance(parser);
	struct node *value = parse_inner(parser, VALUE_ENTRY);
	if (named)
		draft_add(draft, DRAFT_DEFINE, path, value, parser_span_since(parser, start));
}

struct node *
parse_set(struct parser *parser)
{
	struct span opener = parser_span(parser);
	struct node *node = parser_node(parser, NODE_SET, opener);
	node->draft = draft_new(parser);
	if (!parser_accept(parser, TOKEN_BRACE_OPEN) || !parser_enter(parser, opener)) {
		node->kind = NODE_ERROR;
		return node;
	}
	parser_doubt(parser, node);
	parser->open_braces++;
	bool semicolon = false;
	bool more = parser_kind(parser) != TOKEN_BRACE_CLOSE;
	while (more) {
		parse_entry(parser, node->draft);
		more = parser_separate(parser, TOKEN_BRACE_CLOSE, "entries", &semicolon);
	}
	parser_close(parser, TOKEN_BRACE_CLOSE, opener);
	parser->open_braces--;
	parser_leave(parser);
	node->span = parser_span_since(parser, opener.start);
	return node;
}

/* Entries of one first name: at most one with a value of its own, any number with longer paths. */
struct group {
	struct node_name name;
	struct node *value;
	struct span value_span;
	struct draft *rest; /* the longer paths without their first name */
};

struct set_maker {
	struct parser *parser;
	struct map names;
	ARRAY(struct group *) groups; /* in the order met */
	ARRAY(struct draft_entry) dynamic;
};

static void
group_repeat(struct set_maker *maker, const struct group *group, struct span again)
{
	struct diagnostic *fault = parser_fault(maker->parser, again,
		"'%.*s' is defined twice in a set", BYTES_ARGS(group->name.text));
	if (fault)
		diagnostic_label(
			maker->parser->diagnostics, fault, group->name.span, "first defined here");
}

static struct group *
group_of(struct set_maker *maker, const struct node_name *name)
{
	void **found = map_at(&maker->names, name->text);
	if (!*found) {
		struct group *group = arena_new(maker->parser->arena, struct group);
		group->name = *name;
		*array_push(&maker->groups) = group;
		*found = group;
	}
	return *found;
}

static void
maker_add(struct set_maker *maker, const struct draft_entry *entry)
{
	/* What is inherited goes by its last name. */
	bool inherit = entry->kind == DRAFT_INHERIT;
	const struct node_name *name = &entry->path.names[inherit ? entry->path.count - 1 : 0];
	if (name->dynamic) {
		*array_push(&maker->dynamic) = *entry;
		return;
	}
	struct group *group = group_of(maker, name);
	if (inherit || entry->path.count == 1) {
		if (group->value) {
			group_repeat(maker, group, name->span);
			return;
		}
		group->value = entry->value;
		group->value_span = name->span;
		return;
	}
	if (!group->rest)
		group->rest = draft_new(maker->parser);
	struct draft_entry shorter = *entry;
	shorter.path.names++;
	shorter.path.count--;
	*array_push(&group->rest->entries) = shorter;
}

static struct node *
implicit_set(struct parser *parser, struct span span, struct draft *draft)
{
	struct node *node = parser_node(parser, NODE_SET, span);
	node->draft = draft;
	parser_doubt(parser, node);
	return node;
}

/* Paths merge with one set literal, which is settled after this set. */
static struct node *
group_value(struct set_maker *maker, struct group *group)
{
	if (!group->rest)
		return group->value;
	if (!group->value)
		return implicit_set(maker->parser, group->name.span, group->rest);
	if (group->value->kind == NODE_SET) {
		for (size_t at = 0; at < group->rest->entries.size; at++)
			*array_push(&group->value->draft->entries) = group->rest->entries.data[at];
	} else if (group->value->kind != NODE_ERROR) {
		struct diagnostic *fault = parser_fault(maker->parser,
			group->rest->entries.data[0].span,
			"'%.*s' is defined as a whole and by a path", BYTES_ARGS(group->name.text));
		if (fault)
			diagnostic_label(maker->parser->diagnostics, fault, group->value_span,
				"as a whole here");
		parser_help(maker->parser, fault,
			"only a set literal merges with paths; or write: value // { … }");
	}
	return group->value;
}

static int
order_entries(const void *left, const void *right)
{
	return bytes_compare(((const struct node_entry *)left)->name.text,
		((const struct node_entry *)right)->name.text);
}

static struct node *
dynamic_value(struct set_maker *maker, struct draft_entry entry)
{
	if (entry.kind == DRAFT_INHERIT || entry.path.count == 1)
		return entry.value;
	struct draft *rest = draft_new(maker->parser);
	entry.path.names++;
	entry.path.count--;
	*array_push(&rest->entries) = entry;
	return implicit_set(maker->parser, entry.span, rest);
}

static void
maker_finish(struct set_maker *maker, struct node *node)
{
	size_t count = maker->groups.size + maker->dynamic.size;
	struct node_entry *entries = arena_array(maker->parser->arena, struct node_entry, count);
	for (size_t at = 0; at < maker->groups.size; at++) {
		struct group *group = maker->groups.data[at];
		entries[at] = (struct node_entry){group->name, group_value(maker, group)};
	}
	qsort(entries, maker->groups.size, sizeof *entries, order_entries);
	for (size_t at = 0; at < maker->dynamic.size; at++) {
		struct draft_entry entry = maker->dynamic.data[at];
		size_t name = entry.kind == DRAFT_INHERIT ? entry.path.count - 1 : 0;
		entries[maker->groups.size + at] =
			(struct node_entry){entry.path.names[name], dynamic_value(maker, entry)};
	}
	node->set.entries = entries;
	node->set.count = count;
	node->set.static_count = maker->groups.size;
}

/* The set itself goes into a node of its own, and this one becomes the outermost share. */
static void
wrap_shares(struct parser *parser, struct node *node, struct draft *draft)
{
	if (!draft->shares.size)
		return;
	struct node *body = parser_node(parser, NODE_SET, node->span);
	*body = *node;
	for (size_t at = draft->shares.size; at-- > 0;) {
		struct node *share = draft->shares.data[at];
		share->share->body = body;
		share->span = node->span;
		body = share;
	}
	/* The outermost share keeps its node, to which its selects point: this one names it too. */
	node->kind = NODE_SHARE;
	node->share = body->share;
}

static void
settle_set(struct parser *parser, struct node *node)
{
	struct draft *draft = node->draft;
	struct set_maker maker = {.parser = parser};
	for (size_t at = 0; at < draft->entries.size; at++) {
		const struct draft_entry *entry = &draft->entries.data[at];
		if (entry->kind == DRAFT_ELLIPSIS)
			parser_help(parser,
				parser_fault(parser, entry->span,
					"'...' alone stands only in a pattern"),
				"a lambda is written { a, ... } => value");
		else if (entry->kind == DRAFT_DEFAULT)
			parser_help(parser,
				parser_fault(
					parser, entry->span, "a default stands only in a pattern"),
				"in a set, write '='; a lambda is written { a ? 1 } => value");
		else
			maker_add(&maker, entry);
	}
	maker_finish(&maker, node);
	map_release(&maker.names);
	array_release(&maker.groups);
	array_release(&maker.dynamic);
	wrap_shares(parser, node, draft);
}

void
parser_settle(struct parser *parser)
{
	/* Outer sets come first, so a literal gets the paths beside it before its own turn. */
	for (size_t at = 0; at < parser->doubts.size; at++) {
		struct node *node = parser->doubts.data[at];
		parser->fault_start = UINT32_MAX;
		if (node->kind == NODE_SET) {
			settle_set(parser, node);
		} else if (node->kind == NODE_LIST) {
			parser_help(parser,
				parser_fault(
					parser, node->span, "'...' alone stands only in a pattern"),
				"to spread a list into another, write [a, ...b]");
		} else if (node->kind == NODE_AT && !node->at.value) {
			parser_help(parser,
				parser_fault(
					parser, node->span, "'@' alone stands only in a pattern"),
				"to name a value, write: name @ value");
			node->kind = NODE_ERROR;
		} else if (node->kind == NODE_STRING) {
			parser_fault(parser, node->span,
				"a name with an interpolation is only an attribute's name");
		} else if (node->kind == NODE_INTEGER) {
			parser_help(parser,
				parser_fault(parser, node->span, "an integer beyond 64 bits"),
				"only -9223372036854775808 itself, with its sign, is an integer");
		}
	}
}
