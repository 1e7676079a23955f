/* SPDX-License-Identifier: MPL-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "lang/evaluator.h"

struct text
text_start(struct evaluator *evaluator)
{
	return (struct text){BUF(heap_ceiling(evaluator->heap)), NULL};
}

void
text_release(struct text *text)
{
	buf_release(&text->buf);
}

struct value *
text_finish(struct evaluator *evaluator, struct text *text, struct span span)
{
	if (text->buf.over || !heap_has_room(evaluator->heap, text->buf.size)) {
		eval_fail(evaluator, span, "a string would pass the heap's ceiling of %zu MiB",
			heap_ceiling(evaluator->heap) >> 20);
		evaluator->failure.cause = ERR_LIMIT;
		return NULL;
	}
	return heap_new_string(evaluator->heap, buf_bytes(&text->buf), text->context);
}

void
coerce_float(double real, struct buf *out)
{
	char digits[40];
	for (int precision = 1; precision <= 17; precision++) {
		(void)snprintf(digits, sizeof digits, "%.*g", precision, real);
		if (strtod(digits, NULL) == real)
			break;
	}
	/* C writes an exponent as e+06: the sign and the zeros say nothing. */
	char *exponent = strchr(digits, 'e');
	if (!exponent) {
		buf_format(out, "%s%s", digits, strchr(digits, '.') ? "" : ".0");
		return;
	}
	*exponent = 0;
	buf_format(out, "%se%ld", digits, strtol(exponent + 1, NULL, 10));
}

static void
text_add_item(struct evaluator *evaluator, struct text *text, const struct context_item *item)
{
	buf_add_text(&text->buf, item->path);
	struct context *context = heap_new_context(evaluator->heap, item);
	text->context = heap_join_contexts(evaluator->heap, text->context, context);
}

static bool
text_add_path(struct evaluator *evaluator, struct text *text, struct path *path,
	enum coerce_mode mode, struct span span)
{
	struct err err = {0};
	const struct context_item *item = NULL;
	if (!path->root && mode == COERCE_SHOW) {
		buf_add(&text->buf, path_bytes(path));
		return true;
	}
	if (!path->root) {
		struct host_path host_path = {NULL, path_bytes(path), false};
		if (!evaluator->host.path_store(evaluator->host.context, &host_path, &item, &err)) {
			eval_fail_err(evaluator, span, &err);
			return false;
		}
		text_add_item(evaluator, text, item);
		return true;
	}
	if (!evaluator->host.island_output(evaluator->host.context, path->root, &item, &err)) {
		eval_fail_err(evaluator, span, &err);
		return false;
	}
	text_add_item(evaluator, text, item);
	if (path->size > 1)
		buf_add(&text->buf, path_bytes(path));
	return true;
}

bool
coerce_is_derivation(struct evaluator *evaluator, struct value *value, bool *out)
{
	*out = false;
	if (!value_is(value, VALUE_SET))
		return true;
	struct value *type = set_find(as_set(value), BYTES_LITERAL("type"));
	if (!type)
		return true;
	type = eval_force(evaluator, type);
	if (!type)
		return false;
	*out = value_is(type, VALUE_STRING) &&
	       bytes_equal_text(string_bytes(as_string(type)), "derivation");
	return true;
}

static bool
text_add_derivation(struct evaluator *evaluator, struct text *text, struct value *value,
	enum coerce_mode mode, struct span span)
{
	bool derivation = false;
	if (!coerce_is_derivation(evaluator, value, &derivation))
		return false;
	struct value *path = set_find(as_set(value), BYTES_LITERAL("outputPath"));
	if (derivation && path)
		return text_add(evaluator, text, path, mode, span);
	eval_fail(evaluator, span, "a set that is no derivation is not text: %s",
		failure_show(evaluator, value));
	return false;
}

static bool
text_refuse(struct evaluator *evaluator, struct value *value, struct span span)
{
	eval_fail(evaluator, span, "%s is not text: %s", value_describe(value),
		failure_show(evaluator, value));
	if (value_is(value, VALUE_FLOAT) || value_is(value, VALUE_BOOLEAN))
		eval_help(evaluator, "toString makes text of it");
	else if (value_is(value, VALUE_LIST))
		eval_help(evaluator, "join makes text of a list of strings");
	return false;
}

bool
text_add(struct evaluator *evaluator, struct text *text, struct value *value, enum coerce_mode mode,
	struct span span)
{
	value = eval_force(evaluator, value);
	if (!value)
		return false;
	if (value_is(value, VALUE_STRING)) {
		buf_add(&text->buf, string_bytes(as_string(value)));
		text->context = heap_join_contexts(
			evaluator->heap, text->context, as_string(value)->context);
		return true;
	}
	if (mode == COERCE_NAME)
		return text_refuse(evaluator, value, span);
	if (value_is(value, VALUE_INTEGER)) {
		buf_format(&text->buf, "%lld", (long long)as_number(value)->integer);
		return true;
	}
	if (value_is(value, VALUE_PATH))
		return text_add_path(evaluator, text, as_path(value), mode, span);
	if (value_is(value, VALUE_SET))
		return text_add_derivation(evaluator, text, value, mode, span);
	if (mode == COERCE_SHOW && value_is(value, VALUE_BOOLEAN)) {
		buf_add_text(&text->buf, value->flag ? "true" : "false");
		return true;
	}
	if (mode == COERCE_SHOW && value_is(value, VALUE_FLOAT)) {
		coerce_float(as_number(value)->real, &text->buf);
		return true;
	}
	return text_refuse(evaluator, value, span);
}

struct value *
coerce_value(
	struct evaluator *evaluator, struct value *value, enum coerce_mode mode, struct span span)
{
	cleanup_text struct text text = text_start(evaluator);
	value = eval_force(evaluator, value);
	if (!value || value_is(value, VALUE_STRING))
		return value;
	if (!text_add(evaluator, &text, value, mode, span))
		return NULL;
	return text_finish(evaluator, &text, span);
}

struct value *
coerce_parts(struct evaluator *evaluator, const struct node_text *parts,
	struct environment *environment, enum coerce_mode mode, struct span span)
{
	if (parts->count == 1 && !parts->parts[0].value)
		return heap_new_string(evaluator->heap, parts->parts[0].text, NULL);
	cleanup_text struct text text = text_start(evaluator);
	for (size_t at = 0; at < parts->count; at++) {
		const struct node_part *part = &parts->parts[at];
		if (!part->value) {
			buf_add(&text.buf, part->text);
			continue;
		}
		struct value *value = eval_node(evaluator, part->value, environment);
		if (!value || !text_add(evaluator, &text, value, mode, part->span)) {
			failure_place(evaluator, part->span);
			return NULL;
		}
	}
	return text_finish(evaluator, &text, span);
}

static bool
refuse_context(struct evaluator *evaluator, struct value *value, struct span span, const char *what)
{
	const struct context *context = as_string(value)->context;
	if (!context)
		return true;
	eval_fail(evaluator, span, "%s cannot mention what is in the store: %s", what,
		context->items[0]->path);
	return false;
}

bool
coerce_name(struct evaluator *evaluator, const struct node_name *name,
	struct environment *environment, struct bytes *out, bool *null_out)
{
	const struct node *node = name->dynamic;
	struct value *value = NULL;
	if (node->kind == NODE_STRING && node->text.count == 1 && node->text.parts[0].value) {
		value = eval_node(evaluator, node->text.parts[0].value, environment);
		if (value && value_is(value, VALUE_NULL)) {
			if (null_out)
				*null_out = true;
			else
				eval_fail(evaluator, name->span, "null is not a name");
			return null_out != NULL;
		}
		if (value)
			value = coerce_value(evaluator, value, COERCE_NAME, name->span);
	} else
		value = eval_node(evaluator, node, environment);
	if (!value || !refuse_context(evaluator, value, name->span, "a name"))
		return false;
	*out = heap_name(evaluator->heap, string_bytes(as_string(value)));
	return true;
}

/* The text of a path or of a part of an island: no context, no NUL. NULL is a failure. */
static struct string *
plain_parts(struct evaluator *evaluator, const struct node_text *parts,
	struct environment *environment, struct span span, const char *what)
{
	struct value *value = coerce_parts(evaluator, parts, environment, COERCE_INTERPOLATE, span);
	if (!value || !refuse_context(evaluator, value, span, what))
		return NULL;
	if (memchr(as_string(value)->text, 0, as_string(value)->size)) {
		eval_fail(evaluator, span, "%s cannot hold a NUL", what);
		return NULL;
	}
	return as_string(value);
}

struct value *
coerce_path(struct evaluator *evaluator, const struct node *node, struct environment *environment)
{
	const struct source_file *file = file_of(evaluator, node->span.source);
	struct string *text =
		plain_parts(evaluator, &node->text, environment, node->span, "a path");
	if (!text)
		return NULL;
	cleanup_buf struct buf normal = BUF(BUF_MAX);
	bool absolute = text->size > 0 && text->text[0] == '/';
	path_join(bytes_text(absolute ? "/" : file->folder), string_bytes(text), &normal);
	return heap_new_path(evaluator->heap, file->root, buf_bytes(&normal));
}

static bool
island_option(struct evaluator *evaluator, const struct set_entry *entry, struct span span,
	struct island_option *out)
{
	struct value *value = eval_force(evaluator, entry->value);
	if (!value)
		return false;
	*out = (struct island_option){.name = entry->name};
	if (value_is(value, VALUE_STRING)) {
		out->kind = OPTION_TEXT;
		out->text = string_bytes(as_string(value));
		return refuse_context(evaluator, value, span, "an island");
	}
	if (value_is(value, VALUE_INTEGER)) {
		out->kind = OPTION_NUMBER;
		out->number = as_number(value)->integer;
		return true;
	}
	if (value_is(value, VALUE_BOOLEAN)) {
		out->kind = OPTION_TRUTH;
		out->number = value->flag;
		return true;
	}
	eval_fail(evaluator, span,
		"the island's '%.*s' is %s; a string, an integer or a boolean "
		"is wanted",
		BYTES_ARGS(entry->name), value_describe(value));
	return false;
}

static struct value *
open_island(struct evaluator *evaluator, struct island_literal *literal, struct set *config,
	struct bytes outer, struct span span)
{
	size_t count = config ? config->value.count : 0;
	struct island_option *options =
		(struct island_option *)memory_zero(count + 1, sizeof *options);
	bool good = true;
	for (size_t at = 0; at < count && good; at++)
		good = island_option(evaluator, &config->entries[at], span, &options[at]);
	literal->options = options;
	literal->option_count = count;
	const struct island_ref *island = NULL;
	struct err err = {0};
	if (good && !evaluator->host.island_open(evaluator->host.context, literal, &island, &err))
		eval_fail_err(evaluator, span, &err);
	free(options);
	if (!island)
		return NULL;
	cleanup_buf struct buf normal = BUF(BUF_MAX);
	path_join(BYTES_LITERAL("/"), outer, &normal);
	return heap_new_path(evaluator->heap, island, buf_bytes(&normal));
}

/* The host's own schemes mean what they mean everywhere; of any other the nearest binding counts, then the configuration's. */
static bool
island_fetcher(struct evaluator *evaluator, const struct node *node,
	struct environment *environment, struct bytes scheme, struct host_fetcher *out)
{
	const struct eval_host *host = &evaluator->host;
	const struct place *place = &node->island->fetcher;
	struct value *value = NULL;
	if (!host->scheme_is_own || host->scheme_is_own(host->context, scheme))
		return true;
	if (place->kind != PLACE_NONE)
		value = eval_place(evaluator, place, environment);
	else if (evaluator->schemes)
		value = set_find(as_set(evaluator->schemes), scheme);
	return !value || fetcher_read(evaluator, value, scheme, node->span, out);
}

struct value *
coerce_island(struct evaluator *evaluator, const struct node *node, struct environment *environment)
{
	const struct node_island *island = node->island;
	const struct node_text *parts[] = {
		&island->scheme, &island->reference, &island->subpath, &island->outer};
	struct bytes texts[4];
	for (size_t at = 0; at < 4; at++) {
		struct string *text =
			plain_parts(evaluator, parts[at], environment, node->span, "an island");
		if (!text)
			return NULL;
		texts[at] = string_bytes(text);
	}
	struct value *config = NULL;
	if (island->config) {
		config = eval_node(evaluator, island->config, environment);
		if (!config || !eval_expect(evaluator, config, VALUE_SET, island->config->span,
				       "an island's configuration"))
			return NULL;
	}
	struct host_fetcher fetcher = {0};
	if (!island_fetcher(evaluator, node, environment, texts[0], &fetcher))
		return NULL;
	const struct source_file *file = file_of(evaluator, node->span.source);
	struct island_literal literal = {.scheme = texts[0],
		.fetcher = fetcher.program.size ? &fetcher : NULL,
		.ref = texts[1],
		.subpath = texts[2],
		.from_root = file->root,
		.from = bytes_text(file->path)};
	struct value *value = open_island(
		evaluator, &literal, config ? as_set(config) : NULL, texts[3], node->span);
	free((void *)(uintptr_t)fetcher.origins);
	return value;
}
