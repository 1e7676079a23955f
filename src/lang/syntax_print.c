/* SPDX-License-Identifier: MPL-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/printer.h"

/*
 * A stack of what is still to be written, the next on top. A node is written bare where the parser
 * would read it back into the same place, by the powers of LANGUAGE section 2, else in parentheses.
 */

void
printer_text(struct printer *printer, const char *text)
{
	*array_push(&printer->tasks) = (struct print_task){.kind = PRINT_TEXT, .text = text};
}

void
printer_node(
	struct printer *printer, const struct node *node, enum print_place place, unsigned power)
{
	*array_push(&printer->tasks) = (struct print_task){
		.kind = PRINT_NODE, .node = node, .place = place, .power = power};
}

void
printer_name(struct printer *printer, const struct node_name *name)
{
	*array_push(&printer->tasks) = (struct print_task){.kind = PRINT_NAME, .name = name};
}

void
printer_pattern(struct printer *printer, const struct pattern *pattern, enum print_place place)
{
	*array_push(&printer->tasks) =
		(struct print_task){.kind = PRINT_PATTERN, .pattern = pattern, .place = place};
}

void
printer_chars(struct printer *printer, enum print_quote quote, struct bytes text)
{
	*array_push(&printer->tasks) =
		(struct print_task){.kind = PRINT_CHARS, .quote = quote, .chars = text};
}

struct powers {
	unsigned left;
	unsigned right;
};

enum { POWER_ATOM = 1000 };

static const struct powers operator_powers[] = {
#define OPERATOR(name, token, text, left, right) {left, right},
#include "lang/node_list.h"
#undef OPERATOR
};

/* A prefix operator is bare only under another one and on the left of what is weaker. */
static struct powers
powers_of(const struct node *node)
{
	switch (node->kind) {
	case NODE_BINARY:
		return operator_powers[node->binary.operator];
	case NODE_CALL:
		if (node->call.form == CALL_PIPE_RIGHT)
			return (struct powers){50, 55};
		if (node->call.form == CALL_PIPE_LEFT)
			return (struct powers){55, 45};
		return (struct powers){170, POWER_ATOM};
	case NODE_HAS:
		return (struct powers){168, POWER_ATOM};
	case NODE_AT:
		return (struct powers){205, POWER_ATOM};
	case NODE_NEGATE:
		return (struct powers){0, 145};
	case NODE_NOT:
		return (struct powers){0, 125};
	case NODE_LAMBDA:
		return node->lambda->count == 1 ? (struct powers){45, 40}
						: (struct powers){POWER_ATOM, POWER_ATOM};
	case NODE_IF:
	case NODE_BLOCK:
		return (struct powers){0, 0};
	case NODE_ERROR:
	case NODE_NAME:
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_NULL:
	case NODE_INTEGER:
	case NODE_FLOAT:
	case NODE_STRING:
	case NODE_PATH:
	case NODE_ISLAND:
	case NODE_LIST:
	case NODE_SET:
	case NODE_SELECT:
	case NODE_SHARE:
	case NODE_SHARED:
		break;
	}
	return (struct powers){POWER_ATOM, POWER_ATOM};
}

static bool
has_fallback(const struct node *node)
{
	if (node->kind == NODE_SHARE)
		return node->share->form != SHARE_ENTRIES && node->share->body->kind == NODE_IF;
	return node->kind == NODE_SELECT && node->select.fallback;
}

static bool
is_group(const struct node *node)
{
	return node->kind == NODE_SHARE && node->share->form == SHARE_ENTRIES;
}

/* What can be followed by '.' as it stands. */
static bool
is_base(const struct node *node, bool select)
{
	if (node->kind == NODE_SELECT)
		return !select && !node->select.fallback;
	bool clauses = node->kind == NODE_LAMBDA && node->lambda->count > 1;
	return node->kind == NODE_NAME || node->kind == NODE_TRUE || node->kind == NODE_FALSE ||
	       node->kind == NODE_NULL || node->kind == NODE_STRING || node->kind == NODE_LIST ||
	       node->kind == NODE_SET || node->kind == NODE_ERROR || clauses ||
	       (node->kind == NODE_SHARE && !has_fallback(node));
}

static bool
is_postfix(const struct node *node)
{
	return is_base(node, false) || node->kind == NODE_SELECT || node->kind == NODE_SHARE ||
	       node->kind == NODE_INTEGER || node->kind == NODE_FLOAT || node->kind == NODE_PATH ||
	       node->kind == NODE_ISLAND;
}

static bool
is_pipe(const struct node *node)
{
	return node->kind == NODE_CALL && node->call.form != CALL_PLAIN;
}

static bool
is_prefix(const struct node *node)
{
	return node->kind == NODE_NEGATE || node->kind == NODE_NOT;
}

/* Operators that want parentheses although the powers would do: chained comparisons. */
static bool
is_chained(const struct node *node, unsigned power)
{
	return (power == 100 || power == 88) && node->kind == NODE_BINARY &&
	       operator_powers[node->binary.operator].left == power;
}

static bool
is_bare(const struct node *node, enum print_place place, unsigned power)
{
	struct powers powers = powers_of(node);
	switch (place) {
	case PRINT_IN_BLOCK:
		return true;
	case PRINT_IN_ANY:
		return node->kind != NODE_BLOCK;
	case PRINT_IN_LEFT:
		return powers.right > power && !is_chained(node, power);
	case PRINT_IN_RIGHT:
		return powers.left >= power;
	case PRINT_IN_PREFIX:
		return is_prefix(node) ? powers.right >= power : powers.left >= power;
	case PRINT_IN_SELECT_BASE:
		return is_base(node, true);
	case PRINT_IN_SHARE_BASE:
		return is_base(node, false);
	case PRINT_IN_FALLBACK:
		return is_postfix(node);
	case PRINT_IN_ARGUMENT:
		return is_postfix(node) || node->kind == NODE_AT;
	}
	must(false, "a place must be one of those that are known");
}

static void
print_path(struct printer *printer, const struct node_path *path)
{
	for (size_t at = path->count; at-- > 0;) {
		printer_name(printer, &path->names[at]);
		if (at)
			printer_text(printer, ".");
	}
}

/* Texts and holes between two quotes. */
static void
print_parts(struct printer *printer, struct node_text text, enum print_quote quote)
{
	for (size_t at = text.count; at-- > 0;) {
		const struct node_part *part = &text.parts[at];
		if (part->value) {
			printer_text(printer, ")");
			printer_node(printer, part->value, PRINT_IN_BLOCK, 0);
			printer_text(printer, "\\(");
		} else {
			bool first = quote == PRINT_QUOTE_PATH ? text.count == 1 : at == 0;
			printer_chars(
				printer, first ? quote | PRINT_QUOTE_FIRST : quote, part->text);
		}
	}
}

static void
print_island(struct printer *printer, const struct node_island *island)
{
	print_parts(printer, island->outer, PRINT_QUOTE_PATH);
	printer_text(printer, ">");
	print_parts(printer, island->subpath, PRINT_QUOTE_PLACE);
	if (island->subpath.count)
		printer_text(printer, island->config ? ":" : "::");
	if (island->config) {
		printer_node(printer, island->config, PRINT_IN_ANY, 0);
		printer_text(printer, ":");
	}
	print_parts(printer, island->reference, PRINT_QUOTE_PLACE);
	if (island->reference.count)
		printer_text(printer, ":");
	print_parts(printer, island->scheme, PRINT_QUOTE_SCHEME);
	printer_text(printer, "<");
}

static void
print_list(struct printer *printer, const struct node *node)
{
	printer_text(printer, "]");
	for (size_t at = node->list.count; at-- > 0;) {
		printer_node(printer, node->list.items[at].value, PRINT_IN_ANY, 0);
		if (node->list.items[at].spread)
			printer_text(printer, "...");
		if (at)
			printer_text(printer, ", ");
	}
	printer_text(printer, "[");
}

static void
print_selects(struct printer *printer, const struct node_share *share, const char *end)
{
	printer_text(printer, end);
	for (size_t at = share->count; at-- > 0;) {
		print_path(printer, &share->selects[at]->select.path);
		if (at)
			printer_text(printer, ", ");
	}
}

static bool
is_shared(const struct node *node)
{
	return node->kind == NODE_SELECT && node->select.base->kind == NODE_SHARED;
}

static void
print_group(struct printer *printer, const struct node_share *share)
{
	print_selects(printer, share, "}, ");
	printer_text(printer, ".{");
	printer_node(printer, share->value, PRINT_IN_SHARE_BASE, 0);
}

/* Sets of one entry are a path: a.b.c = value. */
static void
print_entry(struct printer *printer, const struct node_entry *entry)
{
	ARRAY(const struct node_name *) names = {0};
	*array_push(&names) = &entry->name;
	while (entry->value->kind == NODE_SET && entry->value->set.count == 1 &&
		!is_shared(entry->value->set.entries[0].value)) {
		entry = &entry->value->set.entries[0];
		*array_push(&names) = &entry->name;
	}
	printer_node(printer, entry->value, PRINT_IN_ANY, 0);
	printer_text(printer, " = ");
	while (names.size) {
		printer_name(printer, names.data[--names.size]);
		if (names.size)
			printer_text(printer, ".");
	}
	array_release(&names);
}

/* A set, with the groups of the shares around it. */
static void
print_set(struct printer *printer, const struct node *node)
{
	const struct node *outer = node;
	while (is_group(node))
		node = node->share->body;
	bool empty = outer == node && node->set.count == 0;
	printer_text(printer, empty ? "}" : " }");
	bool last = true;
	for (size_t at = node->set.count; at-- > 0;) {
		const struct node_entry *entry = &node->set.entries[at];
		if (is_shared(entry->value))
			continue;
		if (!last)
			printer_text(printer, ", ");
		last = false;
		print_entry(printer, entry);
	}
	ARRAY(const struct node_share *) groups = {0};
	for (; is_group(outer); outer = outer->share->body)
		*array_push(&groups) = outer->share;
	while (groups.size)
		print_group(printer, groups.data[--groups.size]);
	array_release(&groups);
	printer_text(printer, empty ? "{" : "{ ");
}

static void
print_share(struct printer *printer, const struct node *node)
{
	const struct node_share *share = node->share;
	if (has_fallback(node)) {
		printer_node(printer, share->body->branch.no, PRINT_IN_FALLBACK, 0);
		printer_text(printer, " or ");
	}
	print_selects(printer, share, share->form == SHARE_SET ? "}" : "]");
	printer_text(printer, share->form == SHARE_SET ? ".{" : ".[");
	printer_node(printer, share->value, PRINT_IN_SHARE_BASE, 0);
}

static void
print_lambda(struct printer *printer, const struct node_lambda *lambda)
{
	bool many = lambda->count > 1;
	printer_text(printer, many ? ")" : "");
	for (size_t at = lambda->count; at-- > 0;) {
		printer_node(printer, lambda->clauses[at].body, PRINT_IN_ANY, 0);
		printer_text(printer, " => ");
		printer_pattern(printer, lambda->clauses[at].pattern, PRINT_IN_ANY);
		if (at)
			printer_text(printer, ", ");
	}
	printer_text(printer, many ? "(" : "");
}

static void
print_block(struct printer *printer, const struct node_block *block)
{
	printer_node(printer, block->value, PRINT_IN_ANY, 0);
	for (size_t at = block->step_count; at-- > 0;) {
		printer_text(printer, "; ");
		printer_node(printer, block->steps[at], PRINT_IN_ANY, 0);
	}
	for (size_t at = block->binding_count; at-- > 0;) {
		printer_text(printer, "; ");
		printer_node(printer, block->bindings[at].value, PRINT_IN_ANY, 0);
		printer_text(printer, " = ");
		printer_pattern(printer, block->bindings[at].pattern, PRINT_IN_ANY);
	}
}

static void
print_side(struct printer *printer, const struct node *node, const struct node *parent,
	enum print_place place, unsigned power)
{
	/* Pipes of both directions never meet bare. */
	bool mixed = is_pipe(parent) && is_pipe(node) && parent->call.form != node->call.form;
	printer_node(printer, node, mixed ? PRINT_IN_SELECT_BASE : place, power);
}

static void
print_call(struct printer *printer, const struct node *node)
{
	struct powers powers = powers_of(node);
	if (node->call.form == CALL_PIPE_RIGHT) {
		print_side(printer, node->call.function, node, PRINT_IN_RIGHT, powers.right);
		printer_text(printer, " |> ");
		print_side(printer, node->call.arguments[0], node, PRINT_IN_LEFT, powers.left);
	} else if (node->call.form == CALL_PIPE_LEFT) {
		print_side(printer, node->call.arguments[0], node, PRINT_IN_RIGHT, powers.right);
		printer_text(printer, " <| ");
		print_side(printer, node->call.function, node, PRINT_IN_LEFT, powers.left);
	} else {
		for (size_t at = node->call.count; at-- > 0;) {
			printer_node(printer, node->call.arguments[at], PRINT_IN_ARGUMENT, 0);
			printer_text(printer, " ");
		}
		printer_node(printer, node->call.function, PRINT_IN_ARGUMENT, 0);
	}
}

static void
print_binary(struct printer *printer, const struct node *node)
{
	struct powers powers = powers_of(node);
	printer_node(printer, node->binary.right, PRINT_IN_RIGHT, powers.right);
	printer_text(printer, " ");
	printer_text(printer, operator_text(node->binary.operator));
	printer_text(printer, " ");
	printer_node(printer, node->binary.left, PRINT_IN_LEFT, powers.left);
}

static void
print_integer(struct buf *out, int64_t integer)
{
	buf_format(out, integer == INT64_MIN ? "(%" PRId64 ")" : "%" PRId64, integer);
}

/* The shortest decimal that reads back, and never an integer's form. */
static void
print_number(struct buf *out, double number)
{
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	buf_add_text(out, text);
	if (!strpbrk(text, ".e"))
		buf_add_text(out, ".0");
}

static void
print_atom(struct printer *printer, const struct node *node)
{
	if (node->kind == NODE_INTEGER)
		print_integer(printer->out, node->integer);
	else if (node->kind == NODE_FLOAT)
		print_number(printer->out, node->number);
	else if (node->kind == NODE_TRUE)
		buf_add_text(printer->out, "true");
	else if (node->kind == NODE_FALSE)
		buf_add_text(printer->out, "false");
	else if (node->kind == NODE_NULL)
		buf_add_text(printer->out, "null");
	else
		buf_add_text(printer->out, node->kind == NODE_SHARED ? "<shared>" : "<error>");
}

static void
print_bare(struct printer *printer, const struct node *node) /* NOLINT: a case a kind */
{
	switch (node->kind) {
	case NODE_ERROR:
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_NULL:
	case NODE_INTEGER:
	case NODE_FLOAT:
	case NODE_SHARED:
		print_atom(printer, node);
		return;
	case NODE_NAME:
		printer_chars(printer, PRINT_QUOTE_NAME, node->name.text);
		return;
	case NODE_STRING:
		printer_text(printer, "\"");
		print_parts(printer, node->text, PRINT_QUOTE_STRING);
		printer_text(printer, "\"");
		return;
	case NODE_PATH:
		print_parts(printer, node->text, PRINT_QUOTE_PATH);
		return;
	case NODE_ISLAND:
		print_island(printer, node->island);
		return;
	case NODE_LIST:
		print_list(printer, node);
		return;
	case NODE_SET:
		print_set(printer, node);
		return;
	case NODE_BLOCK:
		print_block(printer, node->block);
		return;
	case NODE_IF:
		printer_node(printer, node->branch.no, PRINT_IN_ANY, 0);
		printer_text(printer, " else ");
		printer_node(printer, node->branch.yes, PRINT_IN_ANY, 0);
		printer_text(printer, " then ");
		printer_node(printer, node->branch.condition, PRINT_IN_ANY, 0);
		printer_text(printer, "if ");
		return;
	case NODE_LAMBDA:
		print_lambda(printer, node->lambda);
		return;
	case NODE_CALL:
		print_call(printer, node);
		return;
	case NODE_SELECT:
		if (node->select.fallback) {
			printer_node(printer, node->select.fallback, PRINT_IN_FALLBACK, 0);
			printer_text(printer, " or ");
		}
		print_path(printer, &node->select.path);
		printer_text(printer, ".");
		printer_node(printer, node->select.base, PRINT_IN_SELECT_BASE, 0);
		return;
	case NODE_HAS:
		print_path(printer, &node->select.path);
		printer_text(printer, " ? ");
		printer_node(printer, node->select.base, PRINT_IN_LEFT, 167);
		return;
	case NODE_NEGATE:
	case NODE_NOT:
		printer_node(printer, node->operand, PRINT_IN_PREFIX, powers_of(node).right);
		printer_text(printer, node->kind == NODE_NEGATE ? "-" : "!");
		return;
	case NODE_BINARY:
		print_binary(printer, node);
		return;
	case NODE_AT:
		printer_node(printer, node->at.value, PRINT_IN_ARGUMENT, 0);
		printer_text(printer, " @ ");
		printer_chars(printer, PRINT_QUOTE_NAME, node->at.name);
		return;
	case NODE_SHARE:
		if (is_group(node))
			print_set(printer, node);
		else
			print_share(printer, node);
		return;
	}
}

static void
print_task_node(struct printer *printer, struct print_task task)
{
	if (is_bare(task.node, task.place, task.power)) {
		print_bare(printer, task.node);
		return;
	}
	printer_text(printer, ")");
	printer_node(printer, task.node, PRINT_IN_BLOCK, 0);
	printer_text(printer, "(");
}

static void
print_task_name(struct printer *printer, const struct node_name *name)
{
	if (name->dynamic) {
		printer_node(printer, name->dynamic, PRINT_IN_ANY, 0);
	} else if (token_is_name(name->text)) {
		buf_add(printer->out, name->text);
	} else {
		printer_text(printer, "\"");
		printer_chars(printer, PRINT_QUOTE_STRING | PRINT_QUOTE_FIRST, name->text);
		printer_text(printer, "\"");
	}
}

void
syntax_print(const struct node *node, struct buf *out)
{
	struct printer printer = {.out = out};
	printer_node(&printer, node, PRINT_IN_BLOCK, 0);
	while (printer.tasks.size && !out->over) {
		struct print_task task = printer.tasks.data[--printer.tasks.size];
		switch (task.kind) {
		case PRINT_TEXT:
			buf_add_text(out, task.text);
			break;
		case PRINT_CHARS:
			print_chars(out, task.quote, task.chars);
			break;
		case PRINT_NAME:
			print_task_name(&printer, task.name);
			break;
		case PRINT_NODE:
			print_task_node(&printer, task);
			break;
		case PRINT_PATTERN:
			print_pattern(&printer, task.pattern, task.place);
			break;
		}
	}
	array_release(&printer.tasks);
}
