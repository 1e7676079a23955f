/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "derivation_sample.h"

#define LIST(...)                                                                                  \
	((const struct bytes[]){__VA_ARGS__}),                                                     \
		sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes)

static void
keeps(const struct derivation *derivation)
{
	struct err err = {0};
	if (!derivation_check(derivation, &err))
		fail_msg("%s", err.text);
}

static void
breaks(const struct derivation *derivation, const char *sentence)
{
	struct err err = {0};
	assert_false(derivation_check(derivation, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	if (!strstr(err.text, sentence))
		fail_msg("\"%s\" does not say \"%s\"", err.text, sentence);
}

#define SAMPLES                                                                                    \
	cleanup_arena struct arena arena = ARENA;                                                  \
	UNUSED struct derivation hello = sample_hello(&arena);                                     \
	UNUSED struct derivation island = sample_island(&arena, "one");                            \
	UNUSED struct derivation report = sample_report(&arena);                                   \
	(void)state

static void
set_list(struct bytes const **list, size_t *count, const struct bytes *items, size_t size)
{
	*list = items;
	*count = size;
}
#define SET(derivation, field, number, ...)                                                        \
	set_list(&(derivation)->field, &(derivation)->number, LIST(__VA_ARGS__))

static void
names_are_plain(void **state)
{
	SAMPLES;
	keeps(&hello);
	static const char *const bad[] = {
		"", ".hidden", "-option", "a/b", "a b", "a\n", "\xc3\xa9", "a#b", "..", "a:b"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
		hello.name = bytes_text(bad[at]);
		breaks(&hello, "a name is 1 to 160 letters");
	}
	char longest[162];
	memset(longest, 'n', sizeof longest);
	hello.name = bytes_of(longest, 160);
	keeps(&hello);
	hello.name = bytes_of(longest, 161);
	breaks(&hello, "a name is 1 to 160 letters");
}

static void
texts_are_utf_8_without_nul(void **state)
{
	SAMPLES;
	SET(&hello, arguments, argument_count, BYTES_LITERAL(""),
		BYTES_LITERAL("\xf0\x9f\x8f\x9d"));
	keeps(&hello);
	static const struct bytes bad[] = {{(const uint8_t *)"a\0b", 3},
		{(const uint8_t *)"\xff", 1}, {(const uint8_t *)"\xc0\x80", 2},
		{(const uint8_t *)"\xed\xa0\x80", 3}, {(const uint8_t *)"\xf4\x90\x80\x80", 4},
		{(const uint8_t *)"\xe2\x82", 2}};
	for (size_t at = 0; at < 6; at++) {
		SET(&hello, arguments, argument_count, bad[at]);
		breaks(&hello, "an argument holds a NUL or bytes that are not UTF-8");
	}
}

static void
environment_is(struct derivation *derivation, const struct derivation_variable *variables,
	size_t count, const char *sentence)
{
	derivation->environment = variables;
	derivation->environment_count = count;
	if (sentence)
		breaks(derivation, sentence);
	else
		keeps(derivation);
}

static void
variables_have_names_in_order(void **state)
{
	SAMPLES;
	const struct bytes value = BYTES_LITERAL("a=b");
	const struct derivation_variable a = {BYTES_LITERAL("A"), value};
	const struct derivation_variable b = {BYTES_LITERAL("B"), value};
	environment_is(&hello, (const struct derivation_variable[]){a, b}, 2, NULL);
	environment_is(
		&hello, (const struct derivation_variable[]){b, a}, 2, "`A` is not in order");
	environment_is(
		&hello, (const struct derivation_variable[]){a, a}, 2, "`A` is not in order");
	const struct derivation_variable bad[] = {{BYTES_LITERAL(""), value},
		{BYTES_LITERAL("A=B"), value}, {BYTES_LITERAL("="), value}};
	for (size_t at = 0; at < 3; at++)
		environment_is(&hello, &bad[at], 1, "is no name of a variable");
	const struct derivation_variable raw = {BYTES_LITERAL("A"), BYTES_LITERAL("\xff")};
	environment_is(&hello, &raw, 1, "a value in the environment holds");
}

static void
lists_are_sorted_and_say_nothing_twice(void **state)
{
	SAMPLES;
	SET(&hello, outputs, output_count, BYTES_LITERAL("out"), BYTES_LITERAL("dev"));
	breaks(&hello, "outputs are not sorted");
	SET(&hello, outputs, output_count, BYTES_LITERAL("out"), BYTES_LITERAL("out"));
	breaks(&hello, "outputs are not sorted");
	hello.output_count = 0;
	breaks(&hello, "it has no output");
	SET(&hello, outputs, output_count, BYTES_LITERAL("a/b"));
	breaks(&hello, "is no name of an output");
	SET(&hello, outputs, output_count, BYTES_LITERAL("out"));
	const struct bytes root = BYTES_LITERAL("host-root:debian-12");
	SET(&hello, features, feature_count, BYTES_LITERAL("x"), root);
	breaks(&hello, "requiredRealizerFeatures are not sorted");
	SET(&hello, features, feature_count, root, BYTES_LITERAL("x=y"));
	breaks(&hello, "`x=y` is no name of a feature");
	SET(&hello, features, feature_count, root, BYTES_LITERAL("x y"));
	breaks(&hello, "`x y` is no name of a feature");
}

static void
inputs_are_objects_or_outputs(void **state)
{
	SAMPLES;
	struct bytes one = sample_object(&arena, "one", "a");
	struct bytes two = sample_object(&arena, "two", "b");
	bool ordered = bytes_compare(one, two) < 0;
	SET(&hello, inputs, input_count, ordered ? one : two, ordered ? two : one);
	keeps(&hello);
	SET(&hello, inputs, input_count, ordered ? two : one, ordered ? one : two);
	breaks(&hello, "inputs are not sorted");
	SET(&hello, inputs, input_count, one, one);
	breaks(&hello, "inputs are not sorted");
	const struct bytes bad[] = {BYTES_LITERAL(""), BYTES_LITERAL("/cull/store/short-name"),
		BYTES_LITERAL("/etc/passwd"),
		bytes_text(arena_format(&arena, "%.*s/../b", BYTES_ARGS(one))),
		bytes_text(arena_format(&arena, "%.*s/", BYTES_ARGS(one))),
		bytes_first(one, sizeof STORE_PREFIX - 1 + DIGEST_TEXT + 1)};
	for (size_t at = 0; at < 6; at++) {
		SET(&hello, inputs, input_count, bad[at]);
		breaks(&hello, "is neither an object nor an output of a derivation");
	}
}

static void
the_program_is_in_an_input_or_the_host_s(void **state)
{
	SAMPLES;
	static const char *const relative[] = {
		"", "/", "sh", "./sh", "/bin/", "/bin//sh", "/bin/./sh", "/bin/../sh", "/.."};
	for (size_t at = 0; at < sizeof relative / sizeof *relative; at++) {
		hello.program = bytes_text(relative[at]);
		breaks(&hello, "is no absolute path");
	}
	hello.program = BYTES_LITERAL("/bin/sh");
	hello.feature_count = 0;
	breaks(&hello, "is the host's, but no host-root feature is required");

	struct bytes tool = sample_object(&arena, "tool", "tool");
	SET(&hello, inputs, input_count, tool);
	hello.program = tool;
	keeps(&hello);
	hello.program = bytes_text(arena_format(&arena, "%.*s/bin/tool", BYTES_ARGS(tool)));
	keeps(&hello);
	/* Another object, whose name begins as that one's. */
	hello.program = bytes_text(arena_format(&arena, "%.*sbox/bin/tool", BYTES_ARGS(tool)));
	breaks(&hello, "is in none of the inputs");
	hello.program = BYTES_LITERAL("/cull/elsewhere");
	breaks(&hello, "is in none of the inputs");
	hello.program = bytes_text(arena_format(&arena, "%.*s/../x", BYTES_ARGS(tool)));
	breaks(&hello, "is no absolute path");
}

static void
what_is_fixed_has_one_output_and_a_cab_hash_last(void **state)
{
	SAMPLES;
	keeps(&island);
	keeps(&report);
	SET(&report, outputs, output_count, BYTES_LITERAL("doc"));
	breaks(&report, "what is fixed has one output, `out`");
	SET(&island, outputs, output_count, BYTES_LITERAL("dev"), BYTES_LITERAL("out"));
	breaks(&island, "what is fixed has one output, `out`");
	hello.identities = report.identities;
	hello.identity_count = report.identity_count;
	breaks(&hello, "identities are given, but it is not fixed");

	SET(&report, outputs, output_count, BYTES_LITERAL("out"));
	report.identity_count = 1;
	breaks(&report, "the last identity must be `cab`");
	report.identity_count = 0;
	breaks(&report, "a list of 1 to 16 identities is wanted");
	struct identity dot = {BYTES_LITERAL("cab"), BYTES_LITERAL(".")};
	report.identities = &dot;
	report.identity_count = 1;
	breaks(&report, "the last identity must be `cab`");
	const struct identity twice[] = {
		sample_report(&arena).identities[1], sample_report(&arena).identities[1]};
	report.identities = twice;
	report.identity_count = 2;
	breaks(&report, "the format cab stands twice");
	const struct identity spaced[] = {{BYTES_LITERAL("git"), BYTES_LITERAL("a b")}, twice[0]};
	report.identities = spaced;
	breaks(&report, "identity 1 is not FORMAT VALUE");
}

static void
only_what_is_fixed_has_origins_and_they_are_origins(void **state)
{
	SAMPLES;
	SET(&hello, origins, origin_count, BYTES_LITERAL("https://example.org"));
	breaks(&hello, "only what is self-fixing or fixed has a network");
	static const char *const bad[] = {"", "example.org", "ftp://example.org", "https://",
		"https://a/b", "https://user@host", "https://a?b", "https://a#b", "https://a b",
		"https://:80", "https://-x", "registry:", "registry:a/b", "redirect"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
		SET(&island, origins, origin_count, bytes_text(bad[at]));
		breaks(&island, "is neither SCHEME://HOST[:PORT] nor registry:NAME");
	}
	SET(&island, origins, origin_count, BYTES_LITERAL("http://[::1]:80"),
		BYTES_LITERAL("https://example.org:8443"), BYTES_LITERAL("redirects"),
		BYTES_LITERAL("registry:crates"));
	keeps(&island);
	SET(&island, origins, origin_count, BYTES_LITERAL("https://b"), BYTES_LITERAL("https://a"));
	breaks(&island, "origins are not sorted");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(texts_are_utf_8_without_nul),
		cmocka_unit_test(variables_have_names_in_order),
		cmocka_unit_test(lists_are_sorted_and_say_nothing_twice),
		cmocka_unit_test(inputs_are_objects_or_outputs),
		cmocka_unit_test(the_program_is_in_an_input_or_the_host_s),
		cmocka_unit_test(what_is_fixed_has_one_output_and_a_cab_hash_last),
		cmocka_unit_test(only_what_is_fixed_has_origins_and_they_are_origins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
