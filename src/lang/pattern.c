/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "lang/parser.h"

bool
node_is_literal(const struct node *node)
{
	return node->kind == NODE_INTEGER || node->kind == NODE_FLOAT ||
	       node->kind == NODE_STRING || node->kind == NODE_PATH || node->kind == NODE_ISLAND ||
	       node->kind == NODE_LIST || node->kind == NODE_SET ||
	       (node->kind == NODE_SHARE && node->share->form == SHARE_ENTRIES);
}

const char *
node_describe(const struct node *node)
{
	static const char *const texts[] = {
		[NODE_ERROR] = "this",
		[NODE_NAME] = "a name",
		[NODE_TRUE] = "true",
		[NODE_FALSE] = "false",
		[NODE_NULL] = "null",
		[NODE_INTEGER] = "a number",
		[NODE_FLOAT] = "a number",
		[NODE_STRING] = "a string",
		[NODE_PATH] = "a path",
		[NODE_ISLAND] = "an island",
		[NODE_LIST] = "a list",
		[NODE_SET] = "a set",
		[NODE_BLOCK] = "a block",
		[NODE_IF] = "an 'if'",
		[NODE_LAMBDA] = "a lambda",
		[NODE_CALL] = "a call",
		[NODE_SELECT] = "a selection",
		[NODE_HAS] = "an attribute test",
		[NODE_NEGATE] = "a negation",
		[NODE_NOT] = "a negation",
		[NODE_BINARY] = "an operation",
		[NODE_AT] = "a named value",
		[NODE_SHARE] = "a selection",
		[NODE_SHARED] = "a selection",
	};
	return texts[node->kind];
}

static struct pattern *
pattern_new(struct parser *parser, enum pattern_kind kind, struct span span)
{
	struct pattern *pattern = arena_new(parser->arena, struct pattern);
	pattern->kind = kind;
	pattern->span = span;
	return pattern;
}

/* Stands for what was reported: matches anything. */
static struct pattern *
pattern_fault(struct parser *parser, const struct node *node, const char *help)
{
	if (node->kind != NODE_ERROR)
		parser_help(parser,
			parser_fault(parser, node->span, "%s is no pattern", node_describe(node)),
			"%s", help);
	parser->tree->lossy = true;
	return pattern_new(parser, PATTERN_ANY, node->span);
}

/* Quoted, they are names like any other. */
static bool
constant_kind(struct bytes text, struct span span, enum node_kind *kind)
{
	if (bytes_has_prefix(span_text(span), BYTES_LITERAL("`")))
		return false;
	if (bytes_equal_text(text, "true"))
		*kind = NODE_TRUE;
	else if (bytes_equal_text(text, "false"))
		*kind = NODE_FALSE;
	else if (bytes_equal_text(text, "null"))
		*kind = NODE_NULL;
	else
		return false;
	return true;
}

static struct pattern *
pattern_name(struct parser *parser, struct bytes text, struct span span)
{
	struct pattern *pattern = pattern_new(parser, PATTERN_ANY, span);
	enum node_kind kind;
	if (constant_kind(text, span, &kind)) {
		pattern->kind = PATTERN_LITERAL;
		pattern->literal = parser_node(parser, kind, span);
	} else if (!bytes_equal_text(text, "_")) {
		pattern->kind = PATTERN_NAME;
		pattern->name.text = text;
	}
	return pattern;
}

static struct pattern *
pattern_literal(struct parser *parser, struct node *node)
{
	struct pattern *pattern = pattern_new(parser, PATTERN_LITERAL, node->span);
	pattern->literal = node;
	return pattern;
}

static struct pattern *
convert_negative(struct parser *parser, struct node *node)
{
	struct node *operand = node->operand;
	if (operand->kind != NODE_INTEGER && operand->kind != NODE_FLOAT)
		return pattern_fault(parser, node, "a pattern has only literal numbers");
	struct node *literal = parser_node(parser, operand->kind, node->span);
	if (operand->kind == NODE_INTEGER)
		literal->integer = operand->integer == INT64_MIN ? INT64_MIN : -operand->integer;
	else
		literal->number = -operand->number;
	return pattern_literal(parser, literal);
}

static struct pattern *
convert_string(struct parser *parser, struct node *node)
{
	for (size_t at = 0; at < node->text.count; at++)
		if (node->text.parts[at].value) {
			/* A quoted name in doubt is reported here, and not again. */
			struct pattern *pattern =
				pattern_fault(parser, node, "a pattern has no interpolations");
			node->kind = NODE_ERROR;
			return pattern;
		}
	return pattern_literal(parser, node);
}

/* The tail of a list pattern; a list in its turn is joined with it. */
static void
list_join(struct parser *parser, struct pattern *pattern, struct pattern *tail)
{
	if (tail->kind != PATTERN_LIST) {
		pattern->list.tail = tail;
		return;
	}
	size_t count = pattern->list.count + tail->list.count;
	struct pattern **items = arena_array(parser->arena, struct pattern *, count);
	if (pattern->list.count)
		memcpy(items, pattern->list.items, pattern->list.count * sizeof(struct pattern *));
	if (tail->list.count)
		memcpy(items + pattern->list.count, tail->list.items,
			tail->list.count * sizeof(struct pattern *));
	pattern->list.items = items;
	pattern->list.count = count;
	pattern->list.tail = tail->list.tail;
}

static struct pattern *
convert_list(struct parser *parser, struct node *node)
{
	struct pattern *pattern = pattern_new(parser, PATTERN_LIST, node->span);
	size_t count = node->list.count;
	pattern->list.items = arena_array(parser->arena, struct pattern *, count);
	struct pattern *tail = NULL;
	for (size_t at = 0; at < count; at++) {
		struct node_item item = node->list.items[at];
		if (!item.spread) {
			pattern->list.items[pattern->list.count++] =
				pattern_convert(parser, item.value);
			continue;
		}
		struct span span = item.value ? item.value->span : node->span;
		if (at + 1 < count)
			parser_fault(parser, span, "'...' stands last in a pattern");
		tail = item.value ? pattern_convert(parser, item.value)
				  : pattern_new(parser, PATTERN_ANY, span);
		if (!pattern_is_plain(tail))
			parser_help(parser,
				parser_fault(parser, span,
					"'...' in a pattern is followed by a name or by nothing"),
				"write x : rest");
	}
	pattern->list.tail = tail;
	node->kind = NODE_ERROR;
	return pattern;
}

/* a : b : tail */
static struct pattern *
convert_cons(struct parser *parser, struct node *node)
{
	struct pattern *pattern = pattern_new(parser, PATTERN_LIST, node->span);
	ARRAY(struct pattern *) items = {0};
	while (node->kind == NODE_BINARY && node->binary.operator== OPERATOR_CONS) {
		*array_push(&items) = pattern_convert(parser, node->binary.left);
		node = node->binary.right;
	}
	pattern->list.count = items.size;
	pattern->list.items = arena_array(parser->arena, struct pattern *, items.size);
	for (size_t at = 0; at < items.size; at++)
		pattern->list.items[at] = items.data[at];
	array_release(&items);
	list_join(parser, pattern, pattern_convert(parser, node));
	return pattern;
}

static void
entry_fault(struct parser *parser, struct span span, const char *help)
{
	parser_help(parser, parser_fault(parser, span, "this entry is no pattern"), "%s", help);
	parser->tree->lossy = true;
}

/* False for an entry that is no field. */
static bool
convert_entry(struct parser *parser, const struct draft_entry *entry, struct pattern_field *field)
{
	const struct node_name *name = &entry->path.names[0];
	if (entry->path.count != 1 || name->dynamic) {
		entry_fault(parser, entry->span,
			"a field is a name, name ? default, name = pattern, or ...");
		return false;
	}
	*field = (struct pattern_field){.name = name->text, .span = name->span};
	if (entry->kind == DRAFT_DEFINE) {
		if (entry->value->kind == NODE_HAS)
			entry_fault(parser, entry->span,
				"a field is renamed or has a default, not both");
		else
			field->pattern = pattern_convert(parser, entry->value);
		return field->pattern;
	}
	bool selected = entry->kind == DRAFT_INHERIT && entry->value->kind == NODE_SELECT;
	enum node_kind constant;
	bool written = token_is_name(name->text) ||
		       bytes_has_prefix(span_text(name->span), BYTES_LITERAL("`"));
	if (selected || !written || constant_kind(name->text, name->span, &constant)) {
		entry_fault(parser, entry->span, "write: name = pattern, which names the value");
		return false;
	}
	field->pattern = pattern_name(parser, name->text, name->span);
	field->fallback = entry->kind == DRAFT_DEFAULT ? entry->value : NULL;
	return true;
}

static int
order_fields(const void *left, const void *right)
{
	const struct pattern_field *first = left;
	const struct pattern_field *second = right;
	int order = bytes_compare(first->name, second->name);
	return order ? order
		     : (first->span.start > second->span.start) -
			       (first->span.start < second->span.start);
}

static void
check_fields(struct parser *parser, const struct pattern *pattern)
{
	for (size_t at = 1; at < pattern->set.count; at++) {
		const struct pattern_field *before = &pattern->set.fields[at - 1];
		const struct pattern_field *field = &pattern->set.fields[at];
		if (!bytes_equal(before->name, field->name))
			continue;
		struct diagnostic *fault = parser_fault(parser, field->span,
			"'%.*s' stands twice in a pattern", BYTES_ARGS(field->name));
		if (fault)
			diagnostic_label(parser->diagnostics, fault, before->span, "first here");
	}
}

static struct pattern *
convert_set(struct parser *parser, struct node *node)
{
	struct pattern *pattern = pattern_new(parser, PATTERN_SET, node->span);
	const struct draft *draft = node->draft;
	pattern->set.fields = arena_array(parser->arena, struct pattern_field, draft->entries.size);
	for (size_t at = 0; at < draft->entries.size; at++) {
		const struct draft_entry *entry = &draft->entries.data[at];
		if (entry->kind == DRAFT_ELLIPSIS)
			pattern->set.open = true;
		else if (convert_entry(parser, entry, &pattern->set.fields[pattern->set.count]))
			pattern->set.count++;
	}
	qsort(pattern->set.fields, pattern->set.count, sizeof *pattern->set.fields, order_fields);
	check_fields(parser, pattern);
	node->kind = NODE_ERROR;
	return pattern;
}

/* name @ inner, to the right; @name. */
static struct pattern *
convert_at(struct parser *parser, struct node *node)
{
	struct pattern *first = NULL;
	struct pattern **end = &first;
	while (node && node->kind == NODE_AT) {
		struct pattern *pattern = pattern_name(parser, node->at.name, node->at.span);
		if (pattern->kind == PATTERN_LITERAL)
			parser_fault(parser, node->at.span, "a literal names nothing");
		struct node *value = node->at.value;
		if (!value)
			node->kind = NODE_ERROR;
		if (pattern->kind == PATTERN_NAME && value) {
			pattern->kind = PATTERN_AT;
			*end = pattern;
			end = &pattern->name.inner;
		} else if (!value) {
			*end = pattern;
			return first;
		}
		node = value;
	}
	*end = pattern_convert(parser, node);
	return first;
}

/* Recursion is bounded: it goes down only where brackets do, chains are loops. */
struct pattern *
pattern_convert(struct parser *parser, struct node *node)
{
	switch (node->kind) {
	case NODE_NAME:
		return pattern_name(parser, node->name.text, node->span);
	case NODE_INTEGER:
	case NODE_FLOAT:
		return pattern_literal(parser, node);
	case NODE_STRING:
		return convert_string(parser, node);
	case NODE_NEGATE:
		return convert_negative(parser, node);
	case NODE_LIST:
		return convert_list(parser, node);
	case NODE_SET:
		return convert_set(parser, node);
	case NODE_AT:
		return convert_at(parser, node);
	case NODE_BINARY:
		if (node->binary.operator== OPERATOR_CONS)
			return convert_cons(parser, node);
		return pattern_fault(parser, node,
			"a lambda on the right of an operator wants parentheses: a + (x => …)");
	case NODE_HAS:
		return pattern_fault(
			parser, node, "a default stands in a set pattern: { name ? default }");
	case NODE_SELECT:
		return pattern_fault(parser, node, "a pattern binds names: { a = name, ... }");
	case NODE_PATH:
	case NODE_ISLAND:
		return pattern_fault(parser, node, "paths are not matched; compare them by '=='");
	case NODE_CALL:
		return pattern_fault(parser, node,
			"a lambda has one parameter: x => y => …, or ({ x, y } => …)");
	case NODE_ERROR:
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_NULL:
	case NODE_BLOCK:
	case NODE_IF:
	case NODE_LAMBDA:
	case NODE_NOT:
	case NODE_SHARE:
	case NODE_SHARED:
		break;
	}
	return pattern_fault(
		parser, node, "patterns are names, literals, lists and sets of patterns");
}
