/* SPDX-License-Identifier: MPL-2.0 */
/* The rules of a derivation, one function a field; each says what is wrong by name. */
#include "derivation/derivation.h"

#include "base/path.h"
#include "derivation/json.h"

enum { FEATURE = 128, ORIGIN = 512 };

static bool
is_sorted(const struct bytes *items, size_t count)
{
	for (size_t at = 1; at < count; at++)
		if (bytes_compare(items[at - 1], items[at]) >= 0)
			return false;
	return true;
}

static bool
check_text(struct bytes text, const char *what, struct err *err)
{
	if (json_text_is_valid(text))
		return true;
	return err_set(err, ERR_REFUSED, "%s holds a NUL or bytes that are not UTF-8", what);
}

static bool
check_texts(const struct derivation *derivation, struct err *err)
{
	for (size_t at = 0; at < derivation->argument_count; at++)
		if (!check_text(derivation->arguments[at], "an argument", err))
			return false;
	for (size_t at = 0; at < derivation->environment_count; at++) {
		struct bytes name = derivation->environment[at].name;
		if (!check_text(name, "a name in the environment", err) ||
			!check_text(derivation->environment[at].value, "a value in the environment",
				err))
			return false;
		if (name.size == 0 || bytes_find(name, '=') != SIZE_MAX)
			return err_set(err, ERR_REFUSED,
				"environment: `%.*s` is no name of a variable", BYTES_ARGS(name));
		if (at > 0 && bytes_compare(derivation->environment[at - 1].name, name) >= 0)
			return err_set(err, ERR_REFUSED, "environment: `%.*s` is not in order",
				BYTES_ARGS(name));
	}
	return true;
}

static bool
check_inputs(const struct derivation *derivation, struct err *err)
{
	for (size_t at = 0; at < derivation->input_count; at++) {
		struct derivation_input parts;
		if (!derivation_input_parse(derivation->inputs[at], &parts))
			return err_set(err, ERR_REFUSED,
				"inputs: `%.*s` is neither an object nor an output of a derivation",
				BYTES_ARGS(derivation->inputs[at]));
	}
	if (!is_sorted(derivation->inputs, derivation->input_count))
		return err_set(err, ERR_REFUSED, "inputs are not sorted, or one stands twice");
	return true;
}

static bool
check_outputs(const struct derivation *derivation, struct err *err)
{
	if (derivation->output_count == 0)
		return err_set(err, ERR_REFUSED, "it has no output");
	for (size_t at = 0; at < derivation->output_count; at++)
		if (!derivation_is_name(derivation->outputs[at], DERIVATION_OUTPUT))
			return err_set(err, ERR_REFUSED, "outputs: `%.*s` is no name of an output",
				BYTES_ARGS(derivation->outputs[at]));
	if (!is_sorted(derivation->outputs, derivation->output_count))
		return err_set(err, ERR_REFUSED, "outputs are not sorted, or one stands twice");
	return true;
}

static bool
is_printable(struct bytes text, size_t limit)
{
	if (text.size == 0 || text.size > limit)
		return false;
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] <= ' ' || text.data[at] >= 0x7f)
			return false;
	return true;
}

static bool
check_features(const struct derivation *derivation, struct err *err)
{
	for (size_t at = 0; at < derivation->feature_count; at++) {
		struct bytes feature = derivation->features[at];
		/* '=' is what separates a feature from its annotation in digests. */
		if (!is_printable(feature, FEATURE) || bytes_find(feature, '=') != SIZE_MAX)
			return err_set(err, ERR_REFUSED,
				"requiredRealizerFeatures: `%.*s` is no name of a feature",
				BYTES_ARGS(feature));
	}
	if (!is_sorted(derivation->features, derivation->feature_count))
		return err_set(err, ERR_REFUSED,
			"requiredRealizerFeatures are not sorted, or one stands twice");
	return true;
}

static bool
check_identities(const struct derivation *derivation, struct err *err)
{
	size_t count = derivation->identity_count;
	if (count == 0 || count > DERIVATION_IDENTITIES)
		return err_set(err, ERR_REFUSED, "fixed: a list of 1 to %d identities is wanted",
			DERIVATION_IDENTITIES);
	for (size_t at = 0; at < count; at++) {
		struct identity identity = derivation->identities[at];
		if (!identity_is_valid(identity))
			return err_set(err, ERR_REFUSED, "fixed: identity %zu is not FORMAT VALUE",
				at + 1);
		for (size_t before = 0; before < at; before++)
			if (bytes_equal(derivation->identities[before].format, identity.format))
				return err_set(err, ERR_REFUSED,
					"fixed: the format %.*s stands twice",
					BYTES_ARGS(identity.format));
	}
	struct identity last = derivation->identities[count - 1];
	if (!bytes_equal_text(last.format, "cab") || !cab_value_is_valid(last.value))
		return err_set(
			err, ERR_REFUSED, "fixed: the last identity must be `cab` and a Cab hash");
	return true;
}

static bool
check_fixed(const struct derivation *derivation, struct err *err)
{
	if (derivation->fixed == DERIVATION_FIXED && !check_identities(derivation, err))
		return false;
	bool ordinary = derivation->fixed == DERIVATION_ORDINARY;
	if (derivation->fixed != DERIVATION_FIXED && derivation->identity_count > 0)
		return err_set(err, ERR_REFUSED, "identities are given, but it is not fixed");
	if (!ordinary &&
		(derivation->output_count != 1 || !bytes_equal_text(derivation->outputs[0], "out")))
		return err_set(err, ERR_REFUSED,
			"what is fixed has one output, `out`: its hash is that of one object");
	if (ordinary && derivation->origin_count > 0)
		return err_set(err, ERR_REFUSED,
			"origins are given, but only what is self-fixing or fixed has a network");
	return true;
}

static bool
is_origin(struct bytes origin)
{
	if (!is_printable(origin, ORIGIN))
		return false;
	if (bytes_equal_text(origin, "redirects"))
		return true;
	struct bytes registry = BYTES_LITERAL("registry:");
	if (bytes_has_prefix(origin, registry))
		return derivation_is_name(bytes_from(origin, registry.size), DERIVATION_NAME);
	static const char *const schemes[] = {"http://", "https://", "ssh://"};
	struct bytes host = {NULL, 0};
	for (size_t at = 0; at < sizeof schemes / sizeof *schemes; at++)
		if (bytes_has_prefix(origin, bytes_text(schemes[at])))
			host = bytes_from(origin, strlen(schemes[at]));
	return host.size > 0 && host.data[0] != '-' && host.data[0] != ':' &&
	       bytes_find(host, '/') == SIZE_MAX && bytes_find(host, '@') == SIZE_MAX &&
	       bytes_find(host, '?') == SIZE_MAX && bytes_find(host, '#') == SIZE_MAX;
}

static bool
check_origins(const struct derivation *derivation, struct err *err)
{
	if (derivation->origin_count > DERIVATION_ORIGINS)
		return err_set(err, ERR_REFUSED, "more than %d origins", DERIVATION_ORIGINS);
	for (size_t at = 0; at < derivation->origin_count; at++)
		if (!is_origin(derivation->origins[at]))
			return err_set(err, ERR_REFUSED,
				"origins: `%.*s` is neither SCHEME://HOST[:PORT] nor registry:NAME",
				BYTES_ARGS(derivation->origins[at]));
	if (!is_sorted(derivation->origins, derivation->origin_count))
		return err_set(err, ERR_REFUSED, "origins are not sorted, or one stands twice");
	return true;
}

/* Where an input stands in texts. */
static struct bytes
input_path(struct arena *arena, struct bytes input)
{
	struct derivation_input parts;
	bool parsed = derivation_input_parse(input, &parts);
	must(parsed, "inputs are checked before the program");
	if (parts.is_object)
		return input;
	return derivation_placeholder(arena, &parts.digest, parts.name, parts.output);
}

static bool
program_is_in_input(const struct derivation *derivation)
{
	cleanup_arena struct arena arena = ARENA;
	for (size_t at = 0; at < derivation->input_count; at++) {
		struct bytes path = input_path(&arena, derivation->inputs[at]);
		if (!bytes_has_prefix(derivation->program, path))
			continue;
		struct bytes rest = bytes_from(derivation->program, path.size);
		if (rest.size == 0 || rest.data[0] == '/')
			return true;
	}
	return false;
}

static bool
path_is_plain(struct bytes path)
{
	if (path.size < 2 || path.data[0] != '/')
		return false;
	struct bytes rest = bytes_from(path, 1);
	struct bytes part;
	while (bytes_split(&rest, '/', &part))
		if (!path_is_name(part))
			return false;
	return true;
}

static bool
check_program(const struct derivation *derivation, struct err *err)
{
	struct bytes program = derivation->program;
	if (!check_text(program, "program", err))
		return false;
	if (!path_is_plain(program))
		return err_set(err, ERR_REFUSED, "program: `%.*s` is no absolute path",
			BYTES_ARGS(program));
	if (bytes_has_prefix(program, BYTES_LITERAL("/cull/"))) {
		if (program_is_in_input(derivation))
			return true;
		return err_set(err, ERR_REFUSED, "program: `%.*s` is in none of the inputs",
			BYTES_ARGS(program));
	}
	for (size_t at = 0; at < derivation->feature_count; at++)
		if (bytes_has_prefix(derivation->features[at], BYTES_LITERAL("host-root:")))
			return true;
	return err_set(err, ERR_REFUSED,
		"program: `%.*s` is the host's, but no host-root feature is required",
		BYTES_ARGS(program));
}

static bool
check_size(const struct derivation *derivation, struct err *err)
{
	cleanup_buf struct buf json = BUF(DERIVATION_SIZE);
	derivation_encode(derivation, &json);
	return buf_check(&json, err, "its JSON");
}

bool
derivation_check(const struct derivation *derivation, struct err *err)
{
	if (!derivation_is_name(derivation->name, DERIVATION_NAME))
		return err_set(err, ERR_REFUSED,
			"derivation `%.*s`: a name is 1 to %d letters, digits and +-._?=, the "
			"first neither '.' nor '-'",
			BYTES_ARGS(derivation->name), DERIVATION_NAME);
	if (check_texts(derivation, err) && check_inputs(derivation, err) &&
		check_outputs(derivation, err) && check_features(derivation, err) &&
		check_fixed(derivation, err) && check_origins(derivation, err) &&
		check_program(derivation, err) && check_size(derivation, err))
		return true;
	return err_note(err, "derivation %.*s", BYTES_ARGS(derivation->name));
}
