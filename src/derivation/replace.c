/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/replace.h"

#include <stdlib.h>

struct replacement {
	struct bytes placeholder;
	struct bytes path;
};

enum { PREFIX = sizeof STORE_PREFIX - 1 };

void
replace_input(struct replace *replace, struct bytes input, struct bytes path)
{
	struct derivation_input parts;
	bool parsed = derivation_input_parse(input, &parts);
	must(parsed && !parts.is_object, "only an output of a derivation is replaced");
	struct replacement *replacement = arena_new(replace->arena, struct replacement);
	replacement->placeholder =
		derivation_placeholder(replace->arena, &parts.digest, parts.name, parts.output);
	replacement->path = path;
	map_put(&replace->inputs, input, replacement);
	map_put(&replace->paths,
		bytes_first(bytes_from(replacement->placeholder, PREFIX), DIGEST_TEXT),
		replacement);
}

/* The replacement whose placeholder stands at the start of a text, or NULL. */
static const struct replacement *
replacement_find(const struct replace *replace, struct bytes text)
{
	if (text.size < PREFIX + DIGEST_TEXT)
		return NULL;
	const struct replacement *found = (const struct replacement *)map_find(
		&replace->paths, bytes_first(bytes_from(text, PREFIX), DIGEST_TEXT));
	return found && bytes_has_prefix(text, found->placeholder) ? found : NULL;
}

struct bytes
replace_text(const struct replace *replace, struct bytes text)
{
	cleanup_buf struct buf out = BUF(BUF_MAX);
	struct bytes rest = text;
	bool changed = false;
	while (rest.size > 0) {
		const void *place = memmem(rest.data, rest.size, STORE_PREFIX, PREFIX);
		if (!place)
			break;
		size_t before = (size_t)((const uint8_t *)place - rest.data);
		buf_add(&out, bytes_first(rest, before));
		rest = bytes_from(rest, before);
		const struct replacement *found = replacement_find(replace, rest);
		buf_add(&out, found ? found->path : bytes_first(rest, PREFIX));
		rest = bytes_from(rest, found ? found->placeholder.size : PREFIX);
		changed = changed || found;
	}
	if (!changed)
		return text;
	buf_add(&out, rest);
	return arena_copy(replace->arena, buf_bytes(&out));
}

static int
compare_items(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

/* Two inputs may have become one path. */
static size_t
sort_distinct(struct bytes *items, size_t count)
{
	if (count == 0)
		return 0;
	qsort(items, count, sizeof *items, compare_items);
	size_t kept = 1;
	for (size_t at = 1; at < count; at++)
		if (!bytes_equal(items[at], items[kept - 1]))
			items[kept++] = items[at];
	return kept;
}

struct derivation
replace_derivation(const struct replace *replace, const struct derivation *derivation)
{
	struct arena *arena = replace->arena;
	struct derivation next = *derivation;
	next.program = replace_text(replace, derivation->program);

	struct bytes *arguments = arena_array(arena, struct bytes, derivation->argument_count);
	for (size_t at = 0; at < derivation->argument_count; at++)
		arguments[at] = replace_text(replace, derivation->arguments[at]);
	next.arguments = arguments;

	struct derivation_variable *variables =
		arena_array(arena, struct derivation_variable, derivation->environment_count);
	for (size_t at = 0; at < derivation->environment_count; at++) {
		variables[at].name = derivation->environment[at].name;
		variables[at].value = replace_text(replace, derivation->environment[at].value);
	}
	next.environment = variables;

	struct bytes *inputs = arena_array(arena, struct bytes, derivation->input_count);
	for (size_t at = 0; at < derivation->input_count; at++) {
		const struct replacement *found = (const struct replacement *)map_find(
			&replace->inputs, derivation->inputs[at]);
		inputs[at] = found ? found->path : derivation->inputs[at];
	}
	next.inputs = inputs;
	next.input_count = sort_distinct(inputs, derivation->input_count);
	return next;
}

void
replace_release(struct replace *replace)
{
	map_release(&replace->inputs);
	map_release(&replace->paths);
}

bool
derivation_resolve(struct arena *arena, const struct derivation *derivation,
	const struct derivation_resolution *resolutions, size_t count, struct derivation *out,
	struct err *err)
{
	struct replace replace = {.arena = arena};
	for (size_t at = 0; at < count; at++) {
		struct derivation_input parts;
		if (derivation_input_parse(resolutions[at].input, &parts) && !parts.is_object)
			replace_input(&replace, resolutions[at].input, resolutions[at].path);
	}
	bool whole = true;
	for (size_t at = 0; whole && at < derivation->input_count; at++) {
		struct derivation_input parts;
		bool parsed = derivation_input_parse(derivation->inputs[at], &parts);
		must(parsed, "a derivation's inputs were checked");
		if (!parts.is_object && !map_has(&replace.inputs, derivation->inputs[at]))
			whole = err_set(err, ERR_NOT_FOUND,
				"derivation %.*s: no path for its input %.*s",
				BYTES_ARGS(derivation->name), BYTES_ARGS(derivation->inputs[at]));
	}
	if (whole)
		*out = replace_derivation(&replace, derivation);
	replace_release(&replace);
	return whole;
}
