/* SPDX-License-Identifier: MPL-2.0 */
#include "lang/scope.h"

#include "base/array.h"
#include "base/map.h"
#include "lang/token.h"

/* What a program of Nix says and Cab does not. */
struct foreign_row {
	const char *name;
	const char *help;
};

static const struct foreign_row foreign_rows[] = {
	{"rec", "a set that names itself is written: self @ { a = 1, b = self.a, }"},
	{"let", "a block is written: a = 1; b = 2; a + b"},
	{"in", "a block is written: a = 1; b = 2; a + b"},
	{"with", "names are taken out of a set one by one: { a, b, ... } = set;"},
	{"inherit", "names alone are inherited: { a, b, x.{c, d}, }"},
	{"builtins", "built-in functions stand alone: map, filter, …"},
};

enum { NEAREST_OFFERS_MAX = 200000 };

/* A name that is bound where the walk is now. */
struct local {
	struct bytes name;
	struct span span;
	struct place place; /* depth: how many functions deep */
	size_t group;       /* names of one block, pattern or set must differ */
	bool statement;
	bool used;
	struct local *shadowed;
};

struct frame {
	uint32_t next;
	uint32_t size;
};

enum task_kind { TASK_NODE, TASK_CLAUSE, TASK_LEAVE, TASK_LEAVE_FRAME };

struct task {
	enum task_kind kind;
	struct node *node;
	size_t number; /* of the clause; or how many names stay */
};

struct walk {
	const struct scope_names *names;
	bool lossy;
	struct diagnostics *diagnostics;
	struct arena *arena;
	ARRAY(struct task) tasks;
	ARRAY(struct local *) locals;
	ARRAY(struct frame) frames;
	struct map bound; /* name -> struct local, NULL when bound no more */
	struct map builtins;
	struct map ambient;
	size_t groups;
	size_t offers;
};

static void
later(struct walk *walk, struct node *node)
{
	if (node)
		*array_push(&walk->tasks) = (struct task){TASK_NODE, node, 0};
}

static void
later_leave(struct walk *walk)
{
	*array_push(&walk->tasks) = (struct task){TASK_LEAVE, NULL, walk->locals.size};
}

static void
later_path(struct walk *walk, const struct node_path *path)
{
	for (size_t at = path->count; at-- > 0;)
		later(walk, path->names[at].dynamic);
}

static uint32_t
slot_new(struct walk *walk)
{
	struct frame *frame = &walk->frames.data[walk->frames.size - 1];
	uint32_t slot = frame->next++;
	frame->size = frame->next > frame->size ? frame->next : frame->size;
	return slot;
}

static uint32_t
name_bind(struct walk *walk, struct bytes name, struct span span, bool statement)
{
	uint32_t slot = slot_new(walk);
	void **found = map_at(&walk->bound, name);
	struct local *before = *found;
	if (before && before->group == walk->groups) {
		struct diagnostic *fault = diagnostic_add(walk->diagnostics, SEVERITY_ERROR, span,
			"'%.*s' is defined twice", BYTES_ARGS(name));
		diagnostic_label(walk->diagnostics, fault, before->span, "first defined here");
	}
	if (bytes_equal_text(name, "true") || bytes_equal_text(name, "false") ||
		bytes_equal_text(name, "null"))
		diagnostic_add(walk->diagnostics, SEVERITY_WARNING, span,
			"'%.*s' is given another meaning", BYTES_ARGS(name));
	struct local *local = arena_new(walk->arena, struct local);
	uint32_t depth = (uint32_t)walk->frames.size - 1;
	*local = (struct local){.name = name,
		.span = span,
		.place = {PLACE_LOCAL, depth, slot},
		.group = walk->groups,
		.statement = statement,
		.shadowed = before};
	*found = local;
	*array_push(&walk->locals) = local;
	return slot;
}

static void
locals_leave(struct walk *walk, size_t count)
{
	while (walk->locals.size > count) {
		struct local *local = walk->locals.data[--walk->locals.size];
		*map_at(&walk->bound, local->name) = local->shadowed;
		if (local->statement && !local->used && !walk->lossy && local->name.size &&
			local->name.data[0] != '_') {
			struct diagnostic *fault =
				diagnostic_add(walk->diagnostics, SEVERITY_WARNING, local->span,
					"'%.*s' is not used", BYTES_ARGS(local->name));
			diagnostic_help(
				walk->diagnostics, fault, "remove it, or begin its name with '_'");
		}
	}
}

/* Binds the names of a pattern, and walks its defaults later. Goes down only where brackets do. */
static void
pattern_bind(struct walk *walk, struct pattern *pattern, bool statement)
{
	while (pattern->kind == PATTERN_AT) {
		pattern->name.slot = name_bind(walk, pattern->name.text, pattern->span, statement);
		pattern = pattern->name.inner;
	}
	switch (pattern->kind) {
	case PATTERN_ANY:
	case PATTERN_LITERAL:
	case PATTERN_AT:
		return;
	case PATTERN_NAME:
		pattern->name.slot = name_bind(walk, pattern->name.text, pattern->span, statement);
		return;
	case PATTERN_LIST:
		for (size_t at = 0; at < pattern->list.count; at++)
			pattern_bind(walk, pattern->list.items[at], statement);
		if (pattern->list.tail)
			pattern_bind(walk, pattern->list.tail, statement);
		return;
	case PATTERN_SET:
		for (size_t at = 0; at < pattern->set.count; at++) {
			pattern_bind(walk, pattern->set.fields[at].pattern, statement);
			later(walk, pattern->set.fields[at].fallback);
		}
		return;
	}
}

static bool
is_visible(const struct walk *walk, struct bytes name)
{
	return map_find(&walk->bound, name) || map_has(&walk->builtins, name) ||
	       (walk->names->entry && map_has(&walk->ambient, name));
}

/* a-b where a and b are there: meant to subtract. */
static bool
is_difference(const struct walk *walk, struct bytes name)
{
	if (bytes_find(name, '-') == SIZE_MAX)
		return false;
	struct bytes part;
	while (bytes_split(&name, '-', &part)) {
		bool number = part.size && part.data[0] >= '0' && part.data[0] <= '9';
		if (!number && !is_visible(walk, part))
			return false;
	}
	return true;
}

static void
offer_all(struct walk *walk, const struct map *map, struct diagnostic_nearest *nearest)
{
	for (size_t at = 0; at < map->size && walk->offers < NEAREST_OFFERS_MAX; at++) {
		if (!map->entries[at].value)
			continue;
		walk->offers++;
		diagnostic_nearest_offer(nearest, map->entries[at].key);
	}
}

static struct bytes
nearest_name(struct walk *walk, struct bytes name)
{
	struct diagnostic_nearest nearest = diagnostic_nearest(name);
	offer_all(walk, &walk->bound, &nearest);
	offer_all(walk, &walk->builtins, &nearest);
	if (walk->names->entry)
		offer_all(walk, &walk->ambient, &nearest);
	return nearest.best;
}

static const char *
foreign_help(struct bytes name)
{
	for (size_t at = 0; at < sizeof foreign_rows / sizeof *foreign_rows; at++)
		if (bytes_equal_text(name, foreign_rows[at].name))
			return foreign_rows[at].help;
	return NULL;
}

static void
report_undefined(struct walk *walk, const struct node *node, bool lambda)
{
	struct bytes name = node->name.text;
	struct diagnostics *list = walk->diagnostics;
	if (walk->lossy)
		return;
	if (bytes_equal_text(name, "_")) {
		struct diagnostic *fault =
			diagnostic_add(list, SEVERITY_ERROR, node->span, "'_' cannot be read");
		diagnostic_help(list, fault, "it only stands in a pattern for what is not wanted");
		return;
	}
	struct diagnostic *fault = diagnostic_add(
		list, SEVERITY_ERROR, node->span, "undefined name '%.*s'", BYTES_ARGS(name));
	const char *foreign = foreign_help(name);
	struct bytes near = nearest_name(walk, name);
	if (lambda)
		diagnostic_help(list, fault, "a lambda is written '%.*s => …'", BYTES_ARGS(name));
	else if (map_has(&walk->ambient, name))
		diagnostic_help(list, fault,
			"only the entry file sees '%.*s'; pass it on: import ./this.cab { %.*s, }",
			BYTES_ARGS(name), BYTES_ARGS(name));
	else if (foreign)
		diagnostic_help(list, fault, "%s", foreign);
	else if (is_difference(walk, name))
		diagnostic_help(list, fault, "write spaces around '-' to subtract");
	else if (near.size)
		diagnostic_help(list, fault, "did you mean '%.*s'?", BYTES_ARGS(near));
}

static bool
constant_take(struct node *node)
{
	struct bytes name = node->name.text;
	if (bytes_equal_text(name, "true"))
		node->kind = NODE_TRUE;
	else if (bytes_equal_text(name, "false"))
		node->kind = NODE_FALSE;
	else if (bytes_equal_text(name, "null"))
		node->kind = NODE_NULL;
	else
		return false;
	return true;
}

/* Rows of a caller's table are kept as their number and one. */
static bool
row_take(const struct map *map, enum place_kind kind, struct node *node)
{
	uintptr_t row = (uintptr_t)map_find(map, node->name.text);
	if (row)
		node->name.place = (struct place){kind, 0, (uint32_t)(row - 1)};
	return row != 0;
}

static bool
local_take(const struct walk *walk, struct bytes name, struct place *out)
{
	struct local *local = map_find(&walk->bound, name);
	if (!local)
		return false;
	local->used = true;
	uint32_t depth = (uint32_t)walk->frames.size - 1;
	*out = local->place;
	out->depth = depth - local->place.depth;
	return true;
}

static void
name_resolve(struct walk *walk, struct node *node)
{
	if (local_take(walk, node->name.text, &node->name.place))
		return;
	if (!constant_take(node) && !row_take(&walk->builtins, PLACE_BUILTIN, node) &&
		!(walk->names->entry && row_take(&walk->ambient, PLACE_AMBIENT, node))) {
		report_undefined(walk, node, false);
	}
}

static bool
binds_nothing(const struct walk *walk, size_t before, const struct pattern *pattern)
{
	return pattern->kind != PATTERN_ANY && walk->locals.size == before;
}

static void
binding_check(struct walk *walk, const struct node_binding *binding, size_t before)
{
	const struct pattern *pattern = binding->pattern;
	const struct node *value = binding->value;
	if (pattern->kind == PATTERN_NAME && value->kind == NODE_NAME &&
		bytes_equal(pattern->name.text, value->name.text)) {
		struct diagnostic *fault =
			diagnostic_add(walk->diagnostics, SEVERITY_ERROR, binding->span,
				"'%.*s' is defined as itself", BYTES_ARGS(pattern->name.text));
		diagnostic_help(walk->diagnostics, fault,
			"names of a block see each other; an outer '%.*s' needs no definition",
			BYTES_ARGS(pattern->name.text));
	}
	if (binds_nothing(walk, before, pattern)) {
		struct diagnostic *fault = diagnostic_add(walk->diagnostics, SEVERITY_ERROR,
			pattern->span, "a definition that binds no name");
		diagnostic_help(walk->diagnostics, fault,
			"to check a value, write: assert (value == …) \"why\";");
	}
}

static void
block_enter(struct walk *walk, struct node_block *block)
{
	later_leave(walk);
	walk->groups++;
	for (size_t at = 0; at < block->binding_count; at++) {
		struct node_binding *binding = &block->bindings[at];
		size_t before = walk->locals.size;
		pattern_bind(walk, binding->pattern, true);
		if (!pattern_is_plain(binding->pattern))
			binding->slot = slot_new(walk);
		binding_check(walk, binding, before);
		later(walk, binding->value);
	}
	for (size_t at = 0; at < block->step_count; at++)
		later(walk, block->steps[at]);
	later(walk, block->value);
}

static bool
is_catch_all(const struct pattern *pattern)
{
	while (pattern->kind == PATTERN_AT)
		pattern = pattern->name.inner;
	return pattern_is_plain(pattern);
}

static void
lambda_enter(struct walk *walk, struct node *node)
{
	*array_push(&walk->frames) = (struct frame){0, 0};
	*array_push(&walk->tasks) = (struct task){TASK_LEAVE_FRAME, node, 0};
	const struct node_lambda *lambda = node->lambda;
	for (size_t at = lambda->count; at-- > 0;)
		*array_push(&walk->tasks) = (struct task){TASK_CLAUSE, node, at};
	for (size_t at = 0; at + 1 < lambda->count; at++) {
		if (!is_catch_all(lambda->clauses[at].pattern))
			continue;
		struct diagnostic *fault = diagnostic_add(walk->diagnostics, SEVERITY_WARNING,
			lambda->clauses[at + 1].pattern->span, "this clause is never reached");
		diagnostic_label(walk->diagnostics, fault, lambda->clauses[at].pattern->span,
			"this matches everything");
		break;
	}
}

static void
clause_enter(struct walk *walk, const struct node_clause *clause)
{
	walk->frames.data[walk->frames.size - 1].next = 0;
	later_leave(walk);
	walk->groups++;
	pattern_bind(walk, clause->pattern, false);
	later(walk, clause->body);
}

static void
frame_leave(struct walk *walk, struct node *node)
{
	struct frame frame = walk->frames.data[--walk->frames.size];
	node->lambda->frame_size = frame.size;
}

static void
text_enter(struct walk *walk, struct node_text text)
{
	for (size_t at = text.count; at-- > 0;)
		later(walk, text.parts[at].value);
}

/* `x: x` and `{ a, b }: a`: said once, then read as the lambdas that were meant. */
static void
cons_enter(struct walk *walk, struct node *node)
{
	struct node *left = node->binary.left;
	bool glued = left->span.end == node->binary.span.start;
	later_leave(walk);
	later(walk, node->binary.right);
	if (glued && left->kind == NODE_NAME && !is_visible(walk, left->name.text)) {
		report_undefined(walk, left, true);
		walk->groups++;
		(void)name_bind(walk, left->name.text, left->span, false);
		return;
	}
	bool reported = false;
	for (size_t at = 0; glued && left->kind == NODE_SET && at < left->set.count; at++) {
		struct node *value = left->set.entries[at].value;
		if (value->kind != NODE_NAME || is_visible(walk, value->name.text))
			continue;
		if (!reported)
			diagnostic_help(walk->diagnostics,
				diagnostic_add(walk->diagnostics, SEVERITY_ERROR, left->span,
					"a set of undefined names before ':'"),
				"a lambda is written '{ … } => …'");
		reported = true;
		walk->groups++;
		(void)name_bind(walk, value->name.text, value->span, false);
	}
	later(walk, left);
}

static void
island_enter(struct walk *walk, struct node_island *island)
{
	/* Builtins and ambient names bind no scheme: <map:x> is one that nobody has. */
	if (island->scheme.count == 1 && !island->scheme.parts[0].value)
		(void)local_take(walk, island->scheme.parts[0].text, &island->fetcher);
	text_enter(walk, island->scheme);
	text_enter(walk, island->reference);
	later(walk, island->config);
	text_enter(walk, island->subpath);
	text_enter(walk, island->outer);
}

/* What is inherited shares its name with the selection, which is walked by itself: walking both
 * would double at each level. */
static void
set_enter(struct walk *walk, const struct node *node)
{
	for (size_t at = 0; at < node->set.count; at++) {
		const struct node_entry *entry = &node->set.entries[at];
		const struct node *value = entry->value;
		const struct node_path *path = &value->select.path;
		bool inherited = value->kind == NODE_SELECT &&
				 path->names[path->count - 1].dynamic == entry->name.dynamic;
		if (!inherited)
			later(walk, entry->name.dynamic);
		later(walk, entry->value);
	}
}

static void
at_enter(struct walk *walk, struct node *node)
{
	later_leave(walk);
	walk->groups++;
	node->at.slot = name_bind(walk, node->at.name, node->at.span, false);
	later(walk, node->at.value);
}

static void
node_enter(struct walk *walk, struct node *node) /* NOLINT: a case a kind */
{
	switch (node->kind) {
	case NODE_ERROR:
	case NODE_TRUE:
	case NODE_FALSE:
	case NODE_NULL:
	case NODE_INTEGER:
	case NODE_FLOAT:
	case NODE_SHARED:
		return;
	case NODE_NAME:
		name_resolve(walk, node);
		return;
	case NODE_STRING:
	case NODE_PATH:
		text_enter(walk, node->text);
		return;
	case NODE_ISLAND:
		island_enter(walk, node->island);
		return;
	case NODE_LIST:
		for (size_t at = 0; at < node->list.count; at++)
			later(walk, node->list.items[at].value);
		return;
	case NODE_SET:
		set_enter(walk, node);
		return;
	case NODE_BLOCK:
		block_enter(walk, node->block);
		return;
	case NODE_IF:
		later(walk, node->branch.condition);
		later(walk, node->branch.yes);
		later(walk, node->branch.no);
		return;
	case NODE_LAMBDA:
		lambda_enter(walk, node);
		return;
	case NODE_CALL:
		later(walk, node->call.function);
		for (size_t at = 0; at < node->call.count; at++)
			later(walk, node->call.arguments[at]);
		return;
	case NODE_SELECT:
	case NODE_HAS:
		/* A test of a share has the path of a selection that is walked by itself. */
		if (node->kind == NODE_SELECT || node->select.base->kind != NODE_SHARED)
			later_path(walk, &node->select.path);
		later(walk, node->select.base);
		later(walk, node->select.fallback);
		return;
	case NODE_NEGATE:
	case NODE_NOT:
		later(walk, node->operand);
		return;
	case NODE_BINARY:
		if (node->binary.operator== OPERATOR_CONS) {
			cons_enter(walk, node);
			return;
		}
		later(walk, node->binary.right);
		later(walk, node->binary.left);
		return;
	case NODE_AT:
		at_enter(walk, node);
		return;
	case NODE_SHARE:
		node->share->slot = slot_new(walk);
		later(walk, node->share->body);
		later(walk, node->share->value);
		return;
	}
}

static void
rows_map(struct map *map, const char *const *names, size_t count)
{
	for (size_t at = 0; at < count; at++) {
		uintptr_t row = at + 1;
		map_put(map, bytes_text(names[at]), (void *)row);
	}
}

static void
walk_step(struct walk *walk)
{
	struct task task = walk->tasks.data[--walk->tasks.size];
	switch (task.kind) {
	case TASK_NODE:
		node_enter(walk, task.node);
		return;
	case TASK_CLAUSE:
		clause_enter(walk, &task.node->lambda->clauses[task.number]);
		return;
	case TASK_LEAVE:
		locals_leave(walk, task.number);
		return;
	case TASK_LEAVE_FRAME:
		frame_leave(walk, task.node);
		return;
	}
}

bool
scope_resolve(struct tree *tree, const struct scope_names *names, struct diagnostics *diagnostics)
{
	size_t errors = diagnostics->errors;
	struct walk walk = {.names = names,
		.lossy = tree->lossy,
		.diagnostics = diagnostics,
		.arena = &tree->arena};
	rows_map(&walk.builtins, names->builtins, names->builtin_count);
	rows_map(&walk.ambient, names->ambient, names->ambient_count);
	*array_push(&walk.frames) = (struct frame){0, 0};
	later(&walk, tree->root);
	while (walk.tasks.size)
		walk_step(&walk);
	tree->frame_size = walk.frames.data[0].size;
	map_release(&walk.bound);
	map_release(&walk.builtins);
	map_release(&walk.ambient);
	array_release(&walk.tasks);
	array_release(&walk.locals);
	array_release(&walk.frames);
	return diagnostics->errors == errors;
}
