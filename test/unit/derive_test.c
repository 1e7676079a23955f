/* SPDX-License-Identifier: MPL-2.0 */
#include "island/derive.h"

#include "island_sample.h"

#define MODULE "/cull/store/2m73jcvvvx7sngxbokzju2it74cpn4tgeb5hvduxn4xm2vy5isja-island.wasm"

static const struct island_settings settings = {
	.program = {(const uint8_t *)MODULE, sizeof MODULE - 1}};

/* The whole JSON: what does not stand here does not stand in a derivation. */
static void
expect_json(const struct island_case *row, const struct island_settings *with, const char *name,
	const char *arguments, const char *origins)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island island = island_case_parse(&arena, row);
	struct derivation derivation;
	if (!island_derive(&arena, &island, with, &derivation, &err))
		fail_msg("%s", err.text);
	cleanup_buf struct buf json = BUF(BUF_MAX);
	derivation_encode(&derivation, &json);
	assert_string_equal(buf_text(&json),
		arena_format(&arena,
			"{\"arguments\":[%s],\"environment\":{},\"fixed\":\"self\",\"inputs\":["
			"\"" MODULE "\"],\"name\":\"%s\",\"origins\":[%s],\"outputs\":[\"out\"],"
			"\"program\":\"" MODULE "\",\"requiredRealizerFeatures\":[\"wasm\"]}",
			arguments, name, origins));
	struct derivation back;
	assert_true(derivation_decode(&arena, buf_bytes(&json), &back, &err));
}

static void
it_may_reach_its_own_origin_and_those_that_the_text_names(void **state)
{
	(void)state;
	struct island_case far = {.scheme = "git",
		.ref = "https://m.example/r",
		.entries = {TEXT_ENTRY("submodules",
			"ssh://z:22  https://A.example/ https://m.example "
			"https://a.example:443")},
		.entry_count = 1};
	expect_json(&far, &settings, "r", "\"git\",\"https://m.example/r\",\"submodules=true\"",
		"\"https://a.example\",\"https://m.example\",\"redirects\",\"ssh://z\"");

	struct island_case large = {.scheme = "github",
		.ref = "o/r",
		.entries = {TEXT_ENTRY("lfs", "https://b.example https://a.example"),
			TRUTH_ENTRY("submodules", 1)},
		.entry_count = 2};
	expect_json(&large, &settings, "r", "\"github\",\"o/r\",\"lfs=true\",\"submodules=true\"",
		"\"https://a.example\",\"https://b.example\",\"https://github.com\"");

	struct island_case shell = {.scheme = "git", .ref = "ssh://me@h:22/r"};
	expect_json(&shell, &settings, "r", "\"git\",\"ssh://me@h:22/r\"", "\"ssh://h\"");
}

static void
a_derivation_holds_what_the_text_says_and_no_more(void **state)
{
	(void)state;
	struct island_case sample = {.scheme = "github", .ref = "cull-os/cab"};
	expect_json(
		&sample, &settings, "cab", "\"github\",\"cull-os/cab\"", "\"https://github.com\"");

	struct island_case full = {.scheme = "gitlab",
		.ref = "g/r",
		.subpath = "/a b/\xc3\xa9",
		.entries = {TRUTH_ENTRY("submodules", 1), TEXT_ENTRY("revision", REVISION),
			TEXT_ENTRY("reference", "main")},
		.entry_count = 3};
	expect_json(&full, &settings, "source",
		"\"gitlab\",\"g/r\",\"reference=main\",\"revision=" REVISION
		"\",\"submodules=true\",\"subpath=a b/\xc3\xa9\"",
		"\"https://gitlab.com\"");

	struct island_case archive = {.scheme = "https",
		.ref = "//Host.example:443/x-1.tar.gz",
		.entries = {NUMBER_ENTRY("strip", 0), TEXT_ENTRY("checksum", CHECKSUM)},
		.entry_count = 2};
	expect_json(&archive, &settings, "x-1",
		"\"https\",\"//Host.example:443/x-1.tar.gz\",\"checksum=" CHECKSUM "\",\"strip=0\"",
		"\"https://host.example\",\"redirects\"");

	struct island_case crate = {.scheme = "crates", .ref = "hexyl@0.17.0"};
	expect_json(&crate, &settings, "hexyl-0.17.0", "\"crates\",\"hexyl@0.17.0\"",
		"\"redirects\",\"registry:crates\"");

	struct island_case scoped = {.scheme = "npm", .ref = "@s/a@next"};
	expect_json(&scoped, &settings, "s-a-next", "\"npm\",\"@s/a@next\"",
		"\"redirects\",\"registry:npm\"");

	struct island_case image = {.scheme = "oci",
		.ref = "h.example:5000/o/r@v1",
		.entries = {TEXT_ENTRY("platform", "linux/arm64")},
		.entry_count = 1};
	expect_json(&image, &settings, "r",
		"\"oci\",\"h.example:5000/o/r@v1\",\"platform=linux/arm64\"",
		"\"https://h.example:5000\",\"redirects\"");

	struct island_case repository = {.scheme = "git", .ref = "http://127.0.0.1:8080/r.git@v1"};
	expect_json(&repository, &settings, "r", "\"git\",\"http://127.0.0.1:8080/r.git@v1\"",
		"\"http://127.0.0.1:8080\",\"redirects\"");

	struct island_case file = {.scheme = "file", .ref = "https://host.example/x.patch"};
	expect_json(&file, &settings, "x.patch", "\"file\",\"https://host.example/x.patch\"",
		"\"https://host.example\",\"redirects\"");
}

static void
a_base_enters_only_where_it_is_not_the_default(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island_case sample = {.scheme = "github", .ref = "cull-os/cab"};
	struct island_settings with = settings;
	const struct scheme *github = scheme_get(SCHEME_GITHUB);
	assert_true(island_base_parse(&arena, github, BYTES_LITERAL("https://github.com//"),
		&with.base[SCHEME_GITHUB], &err));
	expect_json(&sample, &with, "cab", "\"github\",\"cull-os/cab\"", "\"https://github.com\"");
	assert_true(island_base_parse(&arena, github, BYTES_LITERAL("http://127.0.0.1:81/git/"),
		&with.base[SCHEME_GITHUB], &err));
	expect_json(&sample, &with, "cab",
		"\"github\",\"cull-os/cab\",\"base=http://127.0.0.1:81/git\"",
		"\"http://127.0.0.1:81\"");
}

static void
a_base_is_a_plain_url(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct bytes base;
	static const char *const bad[] = {"", "github.com", "https://u@github.com", "https://h?x",
		"https://h#x", "registry:github", "ftp://h"};
	for (size_t at = 0; at < sizeof bad / sizeof *bad; at++)
		assert_false(island_base_parse(
			&arena, scheme_get(SCHEME_GITHUB), bytes_text(bad[at]), &base, &err));
	assert_false(island_base_parse(
		&arena, scheme_get(SCHEME_GIT), BYTES_LITERAL("https://h"), &base, &err));
	assert_true(island_base_parse(
		&arena, scheme_get(SCHEME_CRATES), BYTES_LITERAL("registry:mirror"), &base, &err));
	assert_true(island_base_parse(&arena, scheme_get(SCHEME_CRATES),
		BYTES_LITERAL("https://h.example/crates"), &base, &err));
}

static void
a_local_island_has_no_derivation(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island_case row = {.scheme = "fs", .subpath = "/home/me/x"};
	struct island island = island_case_parse(&arena, &row);
	struct derivation derivation;
	assert_true(island_is_local(&island));
	assert_false(island_derive(&arena, &island, &settings, &derivation, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "local"));
}

static void
each_island_of_the_samples_derives(void **state)
{
	(void)state;
	for (size_t at = 0; at < sizeof island_cases / sizeof *island_cases; at++) {
		cleanup_arena struct arena arena = ARENA;
		struct err err = {0};
		struct island island = island_case_parse(&arena, &island_cases[at]);
		struct derivation derivation;
		bool derived = island_derive(&arena, &island, &settings, &derivation, &err);
		assert_int_equal(derived, !island_is_local(&island));
	}
}

static void
origins_are_found(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct bytes origin;
	assert_true(island_origin(&arena, BYTES_LITERAL("registry:crates/a/1"), &origin));
	assert_true(bytes_equal_text(origin, "registry:crates"));
	assert_true(island_origin(&arena, BYTES_LITERAL("HTTPS://h"), &origin) == false);
	assert_true(island_origin(&arena, BYTES_LITERAL("https://H:444/x"), &origin));
	assert_true(bytes_equal_text(origin, "https://h:444"));
	assert_false(island_origin(&arena, BYTES_LITERAL("registry:"), &origin));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_may_reach_its_own_origin_and_those_that_the_text_names),
		cmocka_unit_test(a_derivation_holds_what_the_text_says_and_no_more),
		cmocka_unit_test(a_base_enters_only_where_it_is_not_the_default),
		cmocka_unit_test(a_base_is_a_plain_url),
		cmocka_unit_test(a_local_island_has_no_derivation),
		cmocka_unit_test(each_island_of_the_samples_derives),
		cmocka_unit_test(origins_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
