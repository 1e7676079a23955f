/* SPDX-License-Identifier: MPL-2.0 */
/*
 * derivation_sample: the derivations of the test vectors in cab-derivation(5). An island, a crate, a
 * fixed and an ordinary derivation, and one that consumes them all. The expected texts and digests were
 * computed by another implementation (Python's json and blake3).
 */
#pragma once

#include "base/must.h"
#include "derivation/derivation.h"

#define SAMPLE_PIN "cab dnovgzh2gd7udjko2b25wfyhw7ogbdgekldf4kg4nvacav2qzxq5a"
#define SAMPLE_CRATE_PIN                                                                           \
	"sha256.tar1 abababababababababababababababababababababababababababababababab"
#define SAMPLE_REPORT "fghzhz563dz4qb2hrapvxswrx6sczjiku5whwaqeb7ix4d46t5cca"

#define SAMPLE_COUNT(list) (sizeof(list) / sizeof *(list))

static const struct derivation_annotation sample_annotation = {
	{(const uint8_t *)"host-root:debian-12", 19}, {(const uint8_t *)"abc123", 6}};

static const struct bytes *
sample_list(struct arena *arena, const char *const *texts, size_t count)
{
	struct bytes *items = arena_array(arena, struct bytes, count);
	for (size_t at = 0; at < count; at++)
		items[at] = arena_copy(arena, bytes_text(texts[at]));
	return items;
}

#define SAMPLE_LIST(arena, derivation, field, count, ...)                                          \
	do {                                                                                       \
		static const char *const texts[] = {__VA_ARGS__};                                  \
		(derivation)->field = sample_list((arena), texts, SAMPLE_COUNT(texts));            \
		(derivation)->count = SAMPLE_COUNT(texts);                                         \
	} while (0)

UNUSED static struct derivation
sample_hello(struct arena *arena)
{
	struct derivation hello = {
		.name = BYTES_LITERAL("hello"), .program = BYTES_LITERAL("/bin/sh")};
	SAMPLE_LIST(arena, &hello, arguments, argument_count, "-c",
		"echo \"h\xc3\xa9llo\t\x01\" > $out");
	SAMPLE_LIST(arena, &hello, outputs, output_count, "dev", "out");
	SAMPLE_LIST(arena, &hello, features, feature_count, "host-root:debian-12", "x86_64-linux");
	static const struct derivation_variable variables[] = {
		{{(const uint8_t *)"A", 1}, {(const uint8_t *)"1", 1}},
		{{(const uint8_t *)"B", 1}, {NULL, 0}},
	};
	hello.environment = variables;
	hello.environment_count = 2;
	return hello;
}

static struct bytes
sample_object(struct arena *arena, const char *content, const char *name)
{
	struct digest digest = digest_of(bytes_text(content));
	return bytes_text(
		arena_format(arena, STORE_PREFIX "%s-%s", digest_print(&digest).text, name));
}

/* What fetches something by a module of this content. */
static struct derivation
sample_fetch(struct arena *arena, const char *wasm, const char *name)
{
	struct derivation fetch = {.name = bytes_text(name), .fixed = DERIVATION_SELF};
	fetch.program = sample_object(arena, wasm, "island.wasm");
	struct bytes *inputs = arena_new(arena, struct bytes);
	inputs[0] = fetch.program;
	fetch.inputs = inputs;
	fetch.input_count = 1;
	SAMPLE_LIST(arena, &fetch, outputs, output_count, "out");
	SAMPLE_LIST(arena, &fetch, features, feature_count, "wasm");
	return fetch;
}

UNUSED static struct derivation
sample_island(struct arena *arena, const char *wasm)
{
	struct derivation island = sample_fetch(arena, wasm, "cab");
	SAMPLE_LIST(arena, &island, arguments, argument_count, "github", "cull-os/cab");
	SAMPLE_LIST(arena, &island, origins, origin_count, "https://github.com");
	return island;
}

UNUSED static struct derivation
sample_crate(struct arena *arena, const char *wasm)
{
	struct derivation crate = sample_fetch(arena, wasm, "hexyl-0.17.0");
	SAMPLE_LIST(arena, &crate, arguments, argument_count, "crates", "hexyl@0.17.0",
		"checksum=sha256-abababababababababababababababababababababababababababababababab");
	SAMPLE_LIST(arena, &crate, origins, origin_count, "redirects", "registry:crates");
	return crate;
}

UNUSED static struct derivation
sample_report(struct arena *arena)
{
	struct derivation report = {.name = BYTES_LITERAL("report"),
		.program = BYTES_LITERAL("/usr/bin/env"),
		.fixed = DERIVATION_FIXED};
	SAMPLE_LIST(arena, &report, arguments, argument_count, "true");
	SAMPLE_LIST(arena, &report, outputs, output_count, "out");
	SAMPLE_LIST(arena, &report, features, feature_count, "host-root:debian-12");
	struct identity *identities = arena_array(arena, struct identity, 2);
	identities[0] = (struct identity){BYTES_LITERAL("sha256.file1"),
		BYTES_LITERAL("cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd")};
	identities[1] = (struct identity){BYTES_LITERAL("cab"), BYTES_LITERAL(SAMPLE_REPORT)};
	report.identities = identities;
	report.identity_count = 2;
	return report;
}

static struct bytes
sample_input(struct arena *arena, const struct derivation *derivation, const char *output)
{
	struct digest digest = derivation_digest(derivation);
	return derivation_input_print(arena, derivation, &digest, bytes_text(output));
}

static const char *
sample_place(struct arena *arena, const struct derivation *derivation, const char *output)
{
	struct digest digest = derivation_digest(derivation);
	return arena_text(arena,
		derivation_placeholder(arena, &digest, derivation->name, bytes_text(output)));
}

static void
sample_sort(struct bytes *items, size_t count)
{
	for (size_t at = 1; at < count; at++)
		for (size_t left = at; left > 0 && bytes_compare(items[left - 1], items[left]) > 0;
			left--) {
			struct bytes item = items[left];
			items[left] = items[left - 1];
			items[left - 1] = item;
		}
}

UNUSED static struct derivation
sample_consumer(struct arena *arena, const char *wasm)
{
	struct derivation island = sample_island(arena, wasm);
	struct derivation crate = sample_crate(arena, wasm);
	struct derivation report = sample_report(arena);
	struct derivation hello = sample_hello(arena);
	struct bytes patch = sample_object(arena, "patch", "fix.patch");

	struct derivation app = {.name = BYTES_LITERAL("app"), .program = BYTES_LITERAL("/bin/sh")};
	struct bytes *arguments = arena_array(arena, struct bytes, 2);
	arguments[0] = BYTES_LITERAL("-c");
	arguments[1] = bytes_text(arena_format(arena, "cp -r %s/. . ; cat %s/x %s %s %.*s",
		sample_place(arena, &island, "out"), sample_place(arena, &crate, "out"),
		sample_place(arena, &hello, "dev"), sample_place(arena, &report, "out"),
		BYTES_ARGS(patch)));
	app.arguments = arguments;
	app.argument_count = 2;
	struct derivation_variable *variable = arena_new(arena, struct derivation_variable);
	variable->name = BYTES_LITERAL("include");
	variable->value = bytes_text(arena_format(arena, "%s/include:%s",
		sample_place(arena, &hello, "dev"), sample_place(arena, &hello, "out")));
	app.environment = variable;
	app.environment_count = 1;
	struct bytes *inputs = arena_array(arena, struct bytes, 6);
	inputs[0] = sample_input(arena, &island, "out");
	inputs[1] = sample_input(arena, &crate, "out");
	inputs[2] = sample_input(arena, &hello, "dev");
	inputs[3] = sample_input(arena, &hello, "out");
	inputs[4] = sample_input(arena, &report, "out");
	inputs[5] = patch;
	sample_sort(inputs, 6);
	app.inputs = inputs;
	app.input_count = 6;
	SAMPLE_LIST(arena, &app, outputs, output_count, "out");
	SAMPLE_LIST(arena, &app, features, feature_count, "host-root:debian-12");
	return app;
}
