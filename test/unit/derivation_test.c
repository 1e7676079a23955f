/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/derivation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "derivation_sample.h"

#define HELLO_JSON                                                                                 \
	"{\"arguments\":[\"-c\",\"echo \\\"h\xc3\xa9llo\\t\\u0001\\\" > $out\"],"                  \
	"\"environment\":{\"A\":\"1\",\"B\":\"\"},\"inputs\":[],\"name\":\"hello\","               \
	"\"outputs\":[\"dev\",\"out\"],\"program\":\"/bin/sh\","                                   \
	"\"requiredRealizerFeatures\":[\"host-root:debian-12\",\"x86_64-linux\"]}"
#define HELLO_DIGEST "pe5ipzvb62uzp6ynbrc33zruh42zl2spxwl5qxtsfrvosrsnednq"
#define ISLAND_WASM  "/cull/store/2m73jcvvvx7sngxbokzju2it74cpn4tgeb5hvduxn4xm2vy5isja-island.wasm"
#define ISLAND_JSON                                                                                \
	"{\"arguments\":[\"github\",\"cull-os/cab\"],\"environment\":{},\"fixed\":\"self\","       \
	"\"inputs\":[\"" ISLAND_WASM "\"],\"name\":\"cab\",\"origins\":[\"https://github.com\"],"  \
	"\"outputs\":[\"out\"],\"program\":\"" ISLAND_WASM                                         \
	"\",\"requiredRealizerFeatures\":[\"wasm\"]}"
#define REPORT_DIGEST   "vmktwxw64v7vxnnoowqh5tlhyg7jrakqujjx3p5key35mvyejyda"
#define CONSUMER_DIGEST "cecub36ix7ofwoes77mlyccmeoxtowvcgocx4njf4iafrjgysifa"
#define RESOLVED_DIGEST "7fjl2pitamo3z6ayjzcwu6wy6jz2piwntbmchgv4trown4bgeyga"

static void
expect_json(const struct derivation *derivation, const char *expected)
{
	cleanup_buf struct buf json = BUF(BUF_MAX);
	derivation_encode(derivation, &json);
	assert_string_equal(buf_text(&json), expected);
}

static void
expect_digest(struct digest digest, const char *expected)
{
	assert_string_equal(digest_print(&digest).text, expected);
}

static void
the_json_is_canonical_and_its_blake3_the_digest(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct derivation hello = sample_hello(&arena);
	struct derivation island = sample_island(&arena, "one");
	struct derivation report = sample_report(&arena);
	struct derivation consumer = sample_consumer(&arena, "one");
	expect_json(&hello, HELLO_JSON);
	expect_json(&island, ISLAND_JSON);
	expect_digest(derivation_digest(&hello), HELLO_DIGEST);
	expect_digest(derivation_digest(&report), REPORT_DIGEST);
	expect_digest(derivation_digest(&consumer), CONSUMER_DIGEST);
	struct digest digest = derivation_digest(&hello);
	assert_true(bytes_equal_text(
		derivation_file_name(&arena, &hello, &digest), HELLO_DIGEST "-hello.drv"));
}

static void
what_is_decoded_encodes_to_the_same_bytes(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct derivation all[] = {sample_hello(&arena), sample_island(&arena, "one"),
		sample_report(&arena), sample_consumer(&arena, "one")};
	for (size_t at = 0; at < SAMPLE_COUNT(all); at++) {
		struct err err = {0};
		cleanup_buf struct buf json = BUF(BUF_MAX);
		derivation_encode(&all[at], &json);
		struct derivation back;
		if (!derivation_decode(&arena, buf_bytes(&json), &back, &err))
			fail_msg("%s", err.text);
		expect_json(&back, buf_text(&json));
		struct derivation copy = derivation_copy(&arena, &back);
		expect_json(&copy, buf_text(&json));
		assert_int_equal(back.fixed, all[at].fixed);
	}
}

/* HELLO_JSON with one piece exchanged for another. */
static char *
mutate(struct arena *arena, const char *json, const char *from, const char *to)
{
	const char *place = strstr(json, from);
	must(place, "a mutation must be possible");
	return arena_format(arena, "%.*s%s%s", (int)(place - json), json, to, place + strlen(from));
}

struct mutation {
	const char *from;
	const char *to;
	const char *says;
};

static void
expect_refused(const char *json, const struct mutation *mutations, size_t count)
{
	cleanup_arena struct arena arena = ARENA;
	for (size_t at = 0; at < count; at++) {
		struct err err = {0};
		struct derivation out = {.name = BYTES_LITERAL("untouched")};
		const char *text = mutate(&arena, json, mutations[at].from, mutations[at].to);
		if (derivation_decode(&arena, bytes_text(text), &out, &err))
			fail_msg("%s is taken", text);
		if (!strstr(err.text, mutations[at].says))
			fail_msg("\"%s\" says nothing of \"%s\"", err.text, mutations[at].says);
		assert_int_equal(err.kind, ERR_CORRUPT);
		assert_true(bytes_equal_text(out.name, "untouched"));
	}
}

static void
json_that_is_not_a_derivation_is_refused(void **state)
{
	(void)state;
	static const struct mutation mutations[] = {
		{"{\"arg", "{ \"arg", "not canonical"},
		{"h\xc3\xa9llo", "h\\u00e9llo", "not canonical"},
		{"\"name\":\"hello\",", "", "`name`"},
		{"\"inputs\":[],", "", "`inputs`"},
		{"\"inputs\":[]", "\"inputs\":{}", "`inputs`"},
		{"\"inputs\":[]", "\"inputs\":[1]", "`inputs`"},
		{"\"inputs\":[]", "\"inputs\":[\"/cull/store/x\"]", "inputs"},
		{"\"inputs\":[],", "\"inputs\":[],\"island\":1,", "unknown key `island`"},
		{"\"inputs\":[],", "\"inputs\":[],\"inputs\":[],", "duplicate"},
		{"{\"A\":\"1\",\"B\":\"\"}", "{\"B\":\"\",\"A\":\"1\"}", "not in order"},
		{"{\"A\":\"1\",", "{\"A\":1,", "`environment`"},
		{"{\"A\":\"1\",", "{\"\":\"1\",", "no name of a variable"},
		{"{\"A\":\"1\",", "{\"A=\":\"1\",", "no name of a variable"},
		{"[\"dev\",\"out\"]", "[\"out\",\"dev\"]", "outputs"},
		{"[\"dev\",\"out\"]", "[\"out\",\"out\"]", "outputs"},
		{"[\"dev\",\"out\"]", "[]", "no output"},
		{"[\"dev\",\"out\"]", "[\"a/b\"]", "outputs"},
		{"\"hello\"", "\".hello\"", "name"},
		{"\"hello\"", "\"he llo\"", "name"},
		{"\"/bin/sh\"", "\"bin/sh\"", "program"},
		{"\"/bin/sh\"", "\"/bin/../sh\"", "program"},
		{"\"/bin/sh\"", "\"/cull/store/x\"", "in none of the inputs"},
		{"\"host-root:debian-12\",", "", "no host-root feature"},
		{"\"host-root:debian-12\",", "\"a=b\",", "feature"},
		{"\"x86_64-linux\"", "\"host\"", "sorted"},
		{"\"inputs\"", "\"fixed\":\"other\",\"inputs\"", "fixed"},
		{"\"inputs\"", "\"fixed\":[],\"inputs\"", "fixed"},
		{"\"inputs\"", "\"fixed\":\"self\",\"inputs\"", "one output"},
		{"\"outputs\"", "\"origins\":[],\"outputs\"", "`origins`"},
		{"\"outputs\"", "\"origins\":[\"https://a\"],\"outputs\"", "network"},
	};
	expect_refused(HELLO_JSON, mutations, SAMPLE_COUNT(mutations));
}

static void
origins_and_identities_are_checked(void **state)
{
	(void)state;
	static const struct mutation mutations[] = {
		{"https://github.com", "ftp://github.com", "origins"},
		{"https://github.com", "https://", "origins"},
		{"https://github.com", "https://a/b", "origins"},
		{"https://github.com", "https://user@a", "origins"},
		{"https://github.com", "https://-a", "origins"},
		{"https://github.com", "registry:", "origins"},
		{"https://github.com", "https://a\\nb", "origins"},
		{"\"https://github.com\"", "\"https://b\",\"https://a\"", "sorted"},
		{"\"self\"", "[\"git 1\"]", "Cab hash"},
		{"\"self\"", "[\"cab .\"]", "Cab hash"},
		{"\"self\"", "[\"cab f" HELLO_DIGEST "\",\"git 1\"]", "Cab hash"},
		{"\"self\"", "[\"git 1\",\"git 2\",\"cab f" HELLO_DIGEST "\"]", "twice"},
		{"\"self\"", "[\"git\",\"cab f" HELLO_DIGEST "\"]", "FORMAT VALUE"},
	};
	expect_refused(ISLAND_JSON, mutations, SAMPLE_COUNT(mutations));
}

static void
a_derivation_over_the_ceiling_is_a_limit(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	char *long_text = memory_new(DERIVATION_SIZE + 1);
	memset(long_text, 'a', DERIVATION_SIZE);
	long_text[DERIVATION_SIZE] = 0;
	struct derivation hello = sample_hello(&arena);
	struct bytes arguments[] = {bytes_text(long_text)};
	hello.arguments = arguments;
	hello.argument_count = 1;
	struct err err = {0};
	assert_false(derivation_check(&hello, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	struct derivation out;
	assert_false(
		derivation_decode(&arena, bytes_of(long_text, DERIVATION_SIZE + 1), &out, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	free(long_text);
}

static void
inputs_come_apart(void **state)
{
	(void)state;
	struct derivation_input parts;
	assert_true(derivation_input_parse(BYTES_LITERAL(HELLO_DIGEST "-a.drv.drv#dev"), &parts));
	assert_false(parts.is_object);
	assert_true(bytes_equal_text(parts.name, "a.drv"));
	assert_true(bytes_equal_text(parts.output, "dev"));
	assert_true(derivation_input_parse(BYTES_LITERAL(ISLAND_WASM), &parts));
	assert_true(parts.is_object);
	assert_true(bytes_equal_text(parts.name, "island.wasm"));
	static const char *const bad[] = {"", "x", HELLO_DIGEST "-a.drv", HELLO_DIGEST "-a#out",
		HELLO_DIGEST "-.drv#out", HELLO_DIGEST "-a.drv#", HELLO_DIGEST "a.drv#out",
		"/cull/store/" HELLO_DIGEST, "/cull/store/" HELLO_DIGEST "-",
		"/cull/store/" HELLO_DIGEST "-a/b", "/cull/store/" HELLO_DIGEST "-.a",
		HELLO_DIGEST "-a.drv#out#out"};
	for (size_t at = 0; at < SAMPLE_COUNT(bad); at++)
		if (derivation_input_parse(bytes_text(bad[at]), &parts))
			fail_msg("%s is taken", bad[at]);
}

static void
placeholders_and_own_paths_are_those_of_the_vectors(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct derivation hello = sample_hello(&arena);
	assert_string_equal(sample_place(&arena, &hello, "out"),
		"/cull/store/fhk52u6bcvukiip4kcjfvavk32vn6eovjcxszkmvdvvlnzetekya-hello");
	assert_string_equal(sample_place(&arena, &hello, "dev"),
		"/cull/store/qderrnjmzzcy2vocjjndbvuyr5lthg6if5oeg2cxmytxbisxaq5a-hello-dev");
	assert_true(bytes_equal_text(
		derivation_own_path(&arena, BYTES_LITERAL("hello"), BYTES_LITERAL("out")),
		"/cull/store/cn5wy2phvu6ueuhncmue2rej5jlv6sxd4gfaf7fgpefoa5bnjiaa-hello"));
	assert_true(bytes_equal_text(
		derivation_own_path(&arena, BYTES_LITERAL("hello"), BYTES_LITERAL("dev")),
		"/cull/store/dmpfdm2gwbbbp7soeqhsdasdmw7jweoru7mpbzm5s2i3k6ebykwq-hello-dev"));
}

static void
resolving_puts_store_paths_everywhere(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct derivation app = sample_consumer(&arena, "one");
	struct derivation hello = sample_hello(&arena);
	struct derivation island = sample_island(&arena, "one");
	struct derivation crate = sample_crate(&arena, "one");
	struct derivation report = sample_report(&arena);
	struct bytes same = sample_object(&arena, "same", "cab");
	const struct derivation_resolution resolutions[] = {
		{sample_input(&arena, &island, "out"), same},
		{sample_input(&arena, &hello, "dev"), same},
		{sample_input(&arena, &hello, "out"), sample_object(&arena, "h", "hello")},
		{sample_input(&arena, &crate, "out"), sample_object(&arena, "c", "hexyl-0.17.0")},
		{sample_input(&arena, &report, "out"), sample_object(&arena, "r", "report")},
	};
	struct derivation resolved;
	assert_true(derivation_resolve(
		&arena, &app, resolutions, SAMPLE_COUNT(resolutions), &resolved, &err));
	/* Six inputs, of which two are one path now. */
	assert_int_equal(resolved.input_count, 5);
	expect_digest(
		derivation_digest_annotated(&resolved, &sample_annotation, 1), RESOLVED_DIGEST);
	assert_true(derivation_check(&resolved, &err));

	struct derivation untouched = {.name = BYTES_LITERAL("untouched")};
	assert_false(derivation_resolve(&arena, &app, resolutions, 4, &untouched, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "-report.drv#out"));
	assert_true(bytes_equal_text(untouched.name, "untouched"));
}

static void
only_a_whole_placeholder_is_replaced(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct derivation hello = sample_hello(&arena);
	struct derivation user = sample_hello(&arena);
	const char *place = sample_place(&arena, &hello, "out");
	const char *cut = arena_format(&arena, "%.*s", (int)strlen(place) - 1, place);
	const struct bytes arguments[] = {
		bytes_text(arena_format(&arena, "%s%s/cull/store/%s", place, place, place)),
		bytes_text(cut), bytes_text(place + 1), bytes_text("/cull/store/"),
		bytes_text(arena_format(&arena, "%so world", place))};
	const struct bytes inputs[] = {sample_input(&arena, &hello, "out")};
	user.arguments = arguments;
	user.argument_count = SAMPLE_COUNT(arguments);
	user.inputs = inputs;
	user.input_count = 1;
	const struct derivation_resolution resolution = {inputs[0], BYTES_LITERAL("/X")};
	struct derivation out;
	assert_true(derivation_resolve(&arena, &user, &resolution, 1, &out, &err));
	assert_true(bytes_equal_text(out.arguments[0], "/X/X/cull/store//X"));
	assert_true(bytes_equal_text(out.arguments[1], cut));
	assert_true(bytes_equal_text(out.arguments[2], place + 1));
	assert_true(bytes_equal_text(out.arguments[3], "/cull/store/"));
	assert_true(bytes_equal_text(out.arguments[4], "/Xo world"));
}

static void
an_annotation_stands_beside_its_feature_in_the_digest_only(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct derivation hello = sample_hello(&arena);
	struct derivation island = sample_island(&arena, "one");
	struct digest plain = derivation_digest(&hello);
	struct digest annotated = derivation_digest_annotated(&hello, &sample_annotation, 1);
	assert_false(digest_equal(&plain, &annotated));
	expect_json(&hello, HELLO_JSON);
	plain = derivation_digest(&island);
	annotated = derivation_digest_annotated(&island, &sample_annotation, 1);
	assert_true(digest_equal(&plain, &annotated));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_json_is_canonical_and_its_blake3_the_digest),
		cmocka_unit_test(what_is_decoded_encodes_to_the_same_bytes),
		cmocka_unit_test(json_that_is_not_a_derivation_is_refused),
		cmocka_unit_test(origins_and_identities_are_checked),
		cmocka_unit_test(a_derivation_over_the_ceiling_is_a_limit),
		cmocka_unit_test(inputs_come_apart),
		cmocka_unit_test(placeholders_and_own_paths_are_those_of_the_vectors),
		cmocka_unit_test(resolving_puts_store_paths_everywhere),
		cmocka_unit_test(only_a_whole_placeholder_is_replaced),
		cmocka_unit_test(an_annotation_stands_beside_its_feature_in_the_digest_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
