/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/derivation.h"

#include <stdlib.h>

#include "derivation/json.h"
#include "derivation/replace.h"

static void
write_list(struct json_writer *writer, const char *key, const struct bytes *items, size_t count)
{
	json_write_key(writer, bytes_text(key));
	json_write_open(writer, '[');
	for (size_t at = 0; at < count; at++)
		json_write_text(writer, items[at]);
	json_write_close(writer, ']');
}

static void
write_fixed(struct json_writer *writer, const struct derivation *derivation)
{
	switch (derivation->fixed) {
	case DERIVATION_ORDINARY:
		return;
	case DERIVATION_SELF:
		json_write_key(writer, BYTES_LITERAL("fixed"));
		json_write_text(writer, BYTES_LITERAL("self"));
		return;
	case DERIVATION_FIXED:
		break;
	}
	struct arena arena = ARENA;
	json_write_key(writer, BYTES_LITERAL("fixed"));
	json_write_open(writer, '[');
	for (size_t at = 0; at < derivation->identity_count; at++)
		json_write_text(writer, identity_print(&arena, derivation->identities[at]));
	json_write_close(writer, ']');
	arena_release(&arena);
}

void
derivation_encode(const struct derivation *derivation, struct buf *out)
{
	struct json_writer writer = {.out = out};
	json_write_open(&writer, '{');
	write_list(&writer, "arguments", derivation->arguments, derivation->argument_count);
	json_write_key(&writer, BYTES_LITERAL("environment"));
	json_write_open(&writer, '{');
	for (size_t at = 0; at < derivation->environment_count; at++) {
		json_write_key(&writer, derivation->environment[at].name);
		json_write_text(&writer, derivation->environment[at].value);
	}
	json_write_close(&writer, '}');
	write_fixed(&writer, derivation);
	write_list(&writer, "inputs", derivation->inputs, derivation->input_count);
	json_write_key(&writer, BYTES_LITERAL("name"));
	json_write_text(&writer, derivation->name);
	if (derivation->origin_count > 0)
		write_list(&writer, "origins", derivation->origins, derivation->origin_count);
	write_list(&writer, "outputs", derivation->outputs, derivation->output_count);
	json_write_key(&writer, BYTES_LITERAL("program"));
	json_write_text(&writer, derivation->program);
	write_list(&writer, "requiredRealizerFeatures", derivation->features,
		derivation->feature_count);
	json_write_close(&writer, '}');
}

struct digest
derivation_digest(const struct derivation *derivation)
{
	cleanup_buf struct buf json = BUF(BUF_MAX);
	derivation_encode(derivation, &json);
	return digest_of(buf_bytes(&json));
}

static const struct bytes *
copy_list(struct arena *arena, const struct bytes *items, size_t count)
{
	struct bytes *copy = arena_array(arena, struct bytes, count);
	for (size_t at = 0; at < count; at++)
		copy[at] = arena_copy(arena, items[at]);
	return copy;
}

struct derivation
derivation_copy(struct arena *arena, const struct derivation *derivation)
{
	struct derivation copy = *derivation;
	copy.name = arena_copy(arena, derivation->name);
	copy.program = arena_copy(arena, derivation->program);
	copy.arguments = copy_list(arena, derivation->arguments, derivation->argument_count);
	copy.inputs = copy_list(arena, derivation->inputs, derivation->input_count);
	copy.outputs = copy_list(arena, derivation->outputs, derivation->output_count);
	copy.features = copy_list(arena, derivation->features, derivation->feature_count);
	copy.origins = copy_list(arena, derivation->origins, derivation->origin_count);
	struct derivation_variable *variables =
		arena_array(arena, struct derivation_variable, derivation->environment_count);
	for (size_t at = 0; at < derivation->environment_count; at++) {
		variables[at].name = arena_copy(arena, derivation->environment[at].name);
		variables[at].value = arena_copy(arena, derivation->environment[at].value);
	}
	copy.environment = variables;
	struct identity *identities =
		arena_array(arena, struct identity, derivation->identity_count);
	for (size_t at = 0; at < derivation->identity_count; at++) {
		identities[at].format = arena_copy(arena, derivation->identities[at].format);
		identities[at].value = arena_copy(arena, derivation->identities[at].value);
	}
	copy.identities = identities;
	return copy;
}

struct bytes
derivation_file_name(
	struct arena *arena, const struct derivation *derivation, const struct digest *digest)
{
	return bytes_text(arena_format(
		arena, "%s-%.*s.drv", digest_print(digest).text, BYTES_ARGS(derivation->name)));
}

static bool
list_has(const struct bytes *items, size_t count, struct bytes item)
{
	for (size_t at = 0; at < count; at++)
		if (bytes_equal(items[at], item))
			return true;
	return false;
}

bool
derivation_has_feature(const struct derivation *derivation, struct bytes feature)
{
	return list_has(derivation->features, derivation->feature_count, feature);
}

bool
derivation_has_output(const struct derivation *derivation, struct bytes output)
{
	return list_has(derivation->outputs, derivation->output_count, output);
}

static bool
has_name_bytes(struct bytes name, size_t limit)
{
	static const char others[] = "+-._?=";
	if (name.size == 0 || name.size > limit)
		return false;
	for (size_t at = 0; at < name.size; at++) {
		uint8_t byte = name.data[at];
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool digit = byte >= '0' && byte <= '9';
		if (!letter && !digit && !memchr(others, byte, sizeof others - 1))
			return false;
	}
	return true;
}

bool
derivation_is_name(struct bytes name, size_t limit)
{
	return has_name_bytes(name, limit) && name.data[0] != '.' && name.data[0] != '-';
}

/* "<digest>-" at the start of a span. */
static bool
take_digest(struct bytes *rest, struct digest *out)
{
	if (rest->size <= DIGEST_TEXT || rest->data[DIGEST_TEXT] != '-')
		return false;
	if (!digest_parse(bytes_first(*rest, DIGEST_TEXT), out))
		return false;
	*rest = bytes_from(*rest, DIGEST_TEXT + 1);
	return true;
}

bool
derivation_input_parse(struct bytes input, struct derivation_input *out)
{
	struct bytes prefix = BYTES_LITERAL(STORE_PREFIX);
	struct derivation_input parsed = {.is_object = bytes_has_prefix(input, prefix)};
	struct bytes rest = parsed.is_object ? bytes_from(input, prefix.size) : input;
	if (!take_digest(&rest, &parsed.digest))
		return false;
	if (parsed.is_object) {
		/* The store's own rule allows a '-' at the start. */
		if (!has_name_bytes(rest, DERIVATION_OBJECT) || rest.data[0] == '.')
			return false;
		parsed.name = rest;
		*out = parsed;
		return true;
	}
	struct bytes ending = BYTES_LITERAL(".drv");
	size_t mark = bytes_find(rest, '#');
	struct bytes file = bytes_first(rest, mark);
	if (mark == SIZE_MAX || !bytes_has_suffix(file, ending))
		return false;
	parsed.name = bytes_first(file, file.size - ending.size);
	parsed.output = bytes_from(rest, mark + 1);
	if (!derivation_is_name(parsed.name, DERIVATION_NAME) ||
		!derivation_is_name(parsed.output, DERIVATION_OUTPUT))
		return false;
	*out = parsed;
	return true;
}

struct bytes
derivation_input_print(struct arena *arena, const struct derivation *derivation,
	const struct digest *digest, struct bytes output)
{
	return bytes_text(arena_format(arena, "%s-%.*s.drv#%.*s", digest_print(digest).text,
		BYTES_ARGS(derivation->name), BYTES_ARGS(output)));
}

struct bytes
derivation_output_name(struct arena *arena, struct bytes name, struct bytes output)
{
	if (bytes_equal_text(output, "out"))
		return name;
	return bytes_text(arena_format(arena, "%.*s-%.*s", BYTES_ARGS(name), BYTES_ARGS(output)));
}

struct bytes
derivation_path(struct arena *arena, const char *context, struct bytes key, struct bytes name,
	struct bytes output)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add(&text, key);
	buf_add_byte(&text, 0);
	buf_add(&text, output);
	struct digest digest = digest_derive(context, buf_bytes(&text));
	struct bytes outname = derivation_output_name(arena, name, output);
	return bytes_text(arena_format(
		arena, STORE_PREFIX "%s-%.*s", digest_print(&digest).text, BYTES_ARGS(outname)));
}

struct bytes
derivation_placeholder(
	struct arena *arena, const struct digest *digest, struct bytes name, struct bytes output)
{
	struct digest_text text = digest_print(digest);
	return derivation_path(arena, "cab placeholder 1", bytes_text(text.text), name, output);
}

struct bytes
derivation_own_path(struct arena *arena, struct bytes name, struct bytes output)
{
	return derivation_path(arena, "cab out 1", name, name, output);
}

static int
compare_items(const void *left, const void *right)
{
	return bytes_compare(*(const struct bytes *)left, *(const struct bytes *)right);
}

void
derivation_annotate(struct arena *arena, struct derivation *derivation,
	const struct derivation_annotation *annotations, size_t count)
{
	struct bytes *features = arena_array(arena, struct bytes, derivation->feature_count);
	for (size_t at = 0; at < derivation->feature_count; at++) {
		features[at] = derivation->features[at];
		for (size_t row = 0; row < count; row++)
			if (bytes_equal(annotations[row].feature, derivation->features[at]))
				features[at] = bytes_text(arena_format(arena, "%.*s=%.*s",
					BYTES_ARGS(annotations[row].feature),
					BYTES_ARGS(annotations[row].value)));
	}
	if (derivation->feature_count > 0)
		qsort(features, derivation->feature_count, sizeof *features, compare_items);
	derivation->features = features;
}

struct digest
derivation_digest_annotated(const struct derivation *derivation,
	const struct derivation_annotation *annotations, size_t count)
{
	cleanup_arena struct arena arena = ARENA;
	struct derivation annotated = *derivation;
	derivation_annotate(&arena, &annotated, annotations, count);
	return derivation_digest(&annotated);
}
