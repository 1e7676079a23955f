/* SPDX-License-Identifier: MPL-2.0 */
#include "island/derive.h"

#include "island/foreign.h"
#include "island/island_ref.h"
#include "island/url.h"

#define REGISTRY "registry:"

bool
island_origin(struct arena *arena, struct bytes url, struct bytes *out)
{
	struct bytes registry = BYTES_LITERAL(REGISTRY);
	if (bytes_has_prefix(url, registry)) {
		size_t end = bytes_find(url, '/');
		struct bytes origin = bytes_first(url, end);
		if (!derivation_is_name(bytes_from(origin, registry.size), DERIVATION_NAME))
			return false;
		*out = origin;
		return true;
	}
	struct err err;
	struct url parts;
	if (!url_parse_repository(url, &parts, &err))
		return false;
	*out = url_origin(arena, &parts);
	return true;
}

static struct bytes
without_slashes(struct bytes text)
{
	while (text.size > 0 && text.data[text.size - 1] == '/')
		text.size--;
	return text;
}

bool
island_base_parse(struct arena *arena, const struct scheme *scheme, struct bytes text,
	struct bytes *out, struct err *err)
{
	if (scheme->base[0] == 0)
		return err_set(
			err, ERR_REFUSED, "islands.%s.base: the scheme has no base", scheme->text);
	struct bytes base = without_slashes(text);
	bool symbolic = bytes_has_prefix(base, BYTES_LITERAL(REGISTRY));
	struct bytes origin;
	if (symbolic && scheme->shape == SHAPE_REGISTRY && bytes_find(base, '/') == SIZE_MAX &&
		island_origin(arena, base, &origin)) {
		*out = arena_copy(arena, base);
		return true;
	}
	struct url url;
	bool is_git = scheme->shape == SHAPE_FORGE;
	if (is_git ? !url_parse_repository(base, &url, err) : !url_parse(base, &url, err))
		return err_note(err, "islands.%s.base", scheme->text);
	if (url.query.size > 0)
		return err_set(err, ERR_REFUSED, "islands.%s.base: %.*s: a base has no query (?…)",
			scheme->text, BYTES_ARGS(text));
	*out = arena_copy(arena, base);
	return true;
}

/* The base, where it is not the row's. */
static struct bytes
other_base(const struct island *island, const struct island_settings *settings)
{
	if (island->scheme->id == SCHEME_COUNT)
		return bytes_of(NULL, 0);
	struct bytes base = settings->base[island->scheme->id];
	if (base.size == 0 || bytes_equal_text(base, island->scheme->base))
		return bytes_of(NULL, 0);
	return base;
}

static void
add_key(struct arena *arena, struct derivation *derivation, struct bytes *arguments,
	const char *key, struct bytes value)
{
	if (value.size > 0)
		arguments[derivation->argument_count++] =
			bytes_text(arena_format(arena, "%s=%.*s", key, BYTES_ARGS(value)));
}

static void
derive_arguments(struct arena *arena, const struct island *island,
	const struct island_settings *settings, struct derivation *derivation)
{
	enum { ARGUMENTS = 13 };
	struct bytes *arguments = arena_array(arena, struct bytes, ARGUMENTS);
	arguments[0] = bytes_text(island->scheme->text);
	arguments[1] = island->ref;
	derivation->argument_count = 2;
	derivation->arguments = arguments;
	struct bytes reference = island->reference_is_entry ? island->reference : bytes_of(NULL, 0);
	struct bytes submodules =
		island->submodules.wanted ? BYTES_LITERAL("true") : bytes_of(NULL, 0);
	struct bytes lfs = island->lfs.wanted ? BYTES_LITERAL("true") : bytes_of(NULL, 0);
	struct bytes strip = {NULL, 0};
	if (island->strip >= 0)
		strip = bytes_text(arena_format(arena, "%d", island->strip));
	add_key(arena, derivation, arguments, "base", other_base(island, settings));
	add_key(arena, derivation, arguments, "checksum", island->checksum);
	add_key(arena, derivation, arguments, "lfs", lfs);
	add_key(arena, derivation, arguments, "platform", island->platform);
	add_key(arena, derivation, arguments, "reference", reference);
	add_key(arena, derivation, arguments, "revision", island->revision);
	add_key(arena, derivation, arguments, "since", island->since);
	add_key(arena, derivation, arguments, "strip", strip);
	add_key(arena, derivation, arguments, "submodules", submodules);
	add_key(arena, derivation, arguments, "subpath", island->subpath);
	add_key(arena, derivation, arguments, "versions",
		island->versions ? BYTES_LITERAL("true") : bytes_of(NULL, 0));
}

/* Adds one at its place in the order, once. */
static void
origin_add(struct bytes *origins, size_t *count, struct bytes origin)
{
	size_t at = *count;
	for (size_t before = 0; before < *count; before++)
		if (bytes_equal(origins[before], origin))
			return;
	for (; at > 0 && bytes_compare(origins[at - 1], origin) > 0; at--)
		origins[at] = origins[at - 1];
	origins[at] = origin;
	++*count;
}

static void
derive_origins(struct arena *arena, const struct island *island,
	const struct island_settings *settings, struct derivation *derivation)
{
	struct bytes url = other_base(island, settings);
	if (url.size == 0 && island->scheme->base[0])
		url = bytes_text(island->scheme->base);
	if (url.size == 0)
		url = island_url(arena, island);
	struct bytes *origins = arena_array(arena, struct bytes, 2 * ISLAND_ORIGINS + 2);
	struct bytes own;
	bool known = island_origin(arena, url, &own);
	must(known, "bases and refs were checked when they were read");
	origin_add(origins, &derivation->origin_count, own);
	/* ssh knows none. */
	if (island->scheme->redirects && !url_is_ssh(url))
		origin_add(origins, &derivation->origin_count, BYTES_LITERAL("redirects"));
	const struct bytes more[] = {island->submodules.origins, island->lfs.origins};
	for (size_t at = 0; at < sizeof more / sizeof *more; at++)
		for (struct bytes rest = more[at], origin;
			rest.size > 0 && bytes_split(&rest, ' ', &origin);)
			origin_add(origins, &derivation->origin_count, origin);
	derivation->origins = origins;
}

bool
island_derive(struct arena *arena, const struct island *island,
	const struct island_settings *settings, struct derivation *out, struct err *err)
{
	static const struct bytes outputs[] = {{(const uint8_t *)"out", 3}};
	static const struct bytes features[] = {{(const uint8_t *)"wasm", 4}};
	if (island_is_local(island))
		return err_set(err, ERR_REFUSED,
			"island <%.*s> is a local tree: it is imported, no derivation fetches it",
			BYTES_ARGS(island->text));
	if (island->scheme->shape == SHAPE_FOREIGN && !island->fetcher)
		return err_set(err, ERR_REFUSED,
			"island <%.*s>: nothing says what fetches the scheme `%s`",
			BYTES_ARGS(island->text), island->scheme->text);
	struct bytes *inputs = arena_array(arena, struct bytes, 1);
	inputs[0] = settings->program;
	struct derivation derivation = {
		.name = island->name,
		.program = settings->program,
		.inputs = inputs,
		.input_count = 1,
		.outputs = outputs,
		.output_count = 1,
		.features = features,
		.feature_count = 1,
		.fixed = DERIVATION_SELF,
	};
	if (island->fetcher) {
		foreign_derive(arena, island, &derivation);
	} else {
		derive_arguments(arena, island, settings, &derivation);
		derive_origins(arena, island, settings, &derivation);
	}
	if (island->read.size) {
		struct derivation_variable *read = arena_new(arena, struct derivation_variable);
		*read = (struct derivation_variable){BYTES_LITERAL("CAB_READ"), island->read};
		derivation.environment = read;
		derivation.environment_count = 1;
	}
	if (!derivation_check(&derivation, err))
		return err_note(err, "island <%.*s>", BYTES_ARGS(island->text));
	*out = derivation;
	return true;
}
