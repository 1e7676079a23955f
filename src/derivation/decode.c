/* SPDX-License-Identifier: MPL-2.0 */
/* A derivation's JSON, read strictly: what is accepted encodes to the same bytes. */
#include "derivation/derivation.h"

#include "derivation/json.h"

enum { DEPTH = 2 };

struct decoder {
	struct arena *arena;
	json_t *root;
	struct derivation derivation;
};

static bool
decode_text(struct decoder *decoder, const json_t *value, const char *key, struct bytes *out,
	struct err *err)
{
	struct bytes text;
	if (!json_read_text(value, &text))
		return err_set(err, ERR_CORRUPT, "`%s`: a string is wanted", key);
	*out = arena_copy(decoder->arena, text);
	return true;
}

static bool
decode_list(struct decoder *decoder, const char *key, const struct bytes **out, size_t *count_out,
	struct err *err)
{
	const json_t *value = json_object_get(decoder->root, key);
	if (!json_is_array(value))
		return err_set(err, ERR_CORRUPT, "`%s`: a list of strings is wanted", key);
	size_t count = json_array_size(value);
	struct bytes *items = arena_array(decoder->arena, struct bytes, count);
	for (size_t at = 0; at < count; at++)
		if (!decode_text(decoder, json_array_get(value, at), key, &items[at], err))
			return false;
	*out = items;
	*count_out = count;
	return true;
}

static bool
decode_environment(struct decoder *decoder, struct err *err)
{
	json_t *value = json_object_get(decoder->root, "environment");
	if (!json_is_object(value))
		return err_set(err, ERR_CORRUPT, "`environment`: an object is wanted");
	size_t count = json_object_size(value);
	struct derivation_variable *variables =
		arena_array(decoder->arena, struct derivation_variable, count);
	size_t at = 0;
	const char *key;
	json_t *text;
	json_object_foreach(value, key, text)
	{
		variables[at].name = arena_copy(decoder->arena, bytes_text(key));
		if (!decode_text(decoder, text, "environment", &variables[at].value, err))
			return false;
		at++;
	}
	decoder->derivation.environment = variables;
	decoder->derivation.environment_count = count;
	return true;
}

static bool
decode_fixed(struct decoder *decoder, struct err *err)
{
	const json_t *value = json_object_get(decoder->root, "fixed");
	struct derivation *derivation = &decoder->derivation;
	struct bytes text;
	if (!value)
		return true;
	if (json_read_text(value, &text)) {
		derivation->fixed = DERIVATION_SELF;
		return bytes_equal_text(text, "self") ||
		       err_set(err, ERR_CORRUPT, "`fixed`: \"self\" or a list is wanted");
	}
	const struct bytes *lines = NULL;
	size_t count = 0;
	if (!decode_list(decoder, "fixed", &lines, &count, err))
		return false;
	struct identity *identities = arena_array(decoder->arena, struct identity, count);
	for (size_t at = 0; at < count; at++)
		if (!identity_parse(lines[at], &identities[at]))
			return err_set(err, ERR_CORRUPT,
				"`fixed`: identity %zu is not FORMAT VALUE", at + 1);
	derivation->fixed = DERIVATION_FIXED;
	derivation->identities = identities;
	derivation->identity_count = count;
	return true;
}

static bool
decode_origins(struct decoder *decoder, struct err *err)
{
	if (!json_object_get(decoder->root, "origins"))
		return true;
	struct derivation *derivation = &decoder->derivation;
	if (!decode_list(decoder, "origins", &derivation->origins, &derivation->origin_count, err))
		return false;
	return derivation->origin_count > 0 ||
	       err_set(err, ERR_CORRUPT, "`origins`: absent is wanted where there are none");
}

static bool
decode_keys(json_t *root, struct err *err)
{
	static const char *const known[] = {"arguments", "environment", "fixed", "inputs", "name",
		"origins", "outputs", "program", "requiredRealizerFeatures"};
	const char *key;
	json_t *value;
	json_object_foreach(root, key, value)
	{
		bool found = false;
		for (size_t at = 0; at < sizeof known / sizeof *known; at++)
			found = found || strcmp(known[at], key) == 0;
		if (!found)
			return err_set(err, ERR_CORRUPT, "unknown key `%s`", key);
	}
	return true;
}

static bool
decode_root(struct decoder *decoder, struct err *err)
{
	struct derivation *derivation = &decoder->derivation;
	json_t *root = decoder->root;
	if (!json_is_object(root))
		return err_set(err, ERR_CORRUPT, "an object is wanted");
	return decode_keys(root, err) &&
	       decode_text(
		       decoder, json_object_get(root, "name"), "name", &derivation->name, err) &&
	       decode_text(decoder, json_object_get(root, "program"), "program",
		       &derivation->program, err) &&
	       decode_list(decoder, "arguments", &derivation->arguments,
		       &derivation->argument_count, err) &&
	       decode_list(decoder, "inputs", &derivation->inputs, &derivation->input_count, err) &&
	       decode_list(
		       decoder, "outputs", &derivation->outputs, &derivation->output_count, err) &&
	       decode_list(decoder, "requiredRealizerFeatures", &derivation->features,
		       &derivation->feature_count, err) &&
	       decode_environment(decoder, err) && decode_fixed(decoder, err) &&
	       decode_origins(decoder, err);
}

bool
derivation_decode(struct arena *arena, struct bytes json, struct derivation *out, struct err *err)
{
	if (json.size > DERIVATION_SIZE)
		return err_limit(err, ERR_LIMIT_OTHER, "a derivation of more than %d bytes",
			DERIVATION_SIZE);
	cleanup_json json_t *root = json_read(json, DEPTH, err);
	struct decoder decoder = {.arena = arena, .root = root};
	if (!root || !decode_root(&decoder, err))
		return err_note(err, "derivation");
	if (!derivation_check(&decoder.derivation, err)) {
		err->kind = err->kind == ERR_REFUSED ? ERR_CORRUPT : err->kind;
		return false;
	}
	cleanup_buf struct buf again = BUF(BUF_MAX);
	derivation_encode(&decoder.derivation, &again);
	if (!bytes_equal(buf_bytes(&again), json))
		return err_set(err, ERR_CORRUPT, "derivation %.*s: its JSON is not canonical",
			BYTES_ARGS(decoder.derivation.name));
	*out = decoder.derivation;
	return true;
}
