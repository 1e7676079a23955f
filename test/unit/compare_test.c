/* SPDX-License-Identifier: MPL-2.0 */
#include "island/derive.h"

#include "island_sample.h"

#define OLD "1111111111111111111111111111111111111111"
#define NEW "2222222222222222222222222222222222222222"

#define MODULE "/cull/store/2m73jcvvvx7sngxbokzju2it74cpn4tgeb5hvduxn4xm2vy5isja-island.wasm"

static const struct island_settings settings = {
	.program = {(const uint8_t *)MODULE, sizeof MODULE - 1}};

static void
expect_url(const struct island_case *row, const struct island_settings *with, const char *old,
	const char *new, const char *url)
{
	cleanup_arena struct arena arena = ARENA;
	struct island island = island_case_parse(&arena, row);
	struct bytes found = {NULL, 0};
	bool has =
		island_compare_url(&arena, &island, with, bytes_text(old), bytes_text(new), &found);
	if (!url) {
		assert_false(has);
		return;
	}
	assert_true(has);
	assert_string_equal(arena_text(&arena, found), url);
}

static void
each_forge_has_its_page(void **state)
{
	(void)state;
	struct island_case row = {.scheme = "github", .ref = "o/r@main"};
	expect_url(&row, &settings, OLD, NEW, "https://github.com/o/r/compare/" OLD "..." NEW);
	row.scheme = "gitlab";
	expect_url(&row, &settings, OLD, NEW, "https://gitlab.com/o/r/-/compare/" OLD "..." NEW);
	row.scheme = "codeberg";
	expect_url(&row, &settings, OLD ":a/b", NEW "+submodules",
		"https://codeberg.org/o/r/compare/" OLD "..." NEW);
	struct island_settings enterprise = settings;
	enterprise.base[SCHEME_GITHUB] = BYTES_LITERAL("https://git.example");
	row.scheme = "github";
	expect_url(&row, &enterprise, OLD, NEW, "https://git.example/o/r/compare/" OLD "..." NEW);
}

static void
what_has_no_page_has_no_link(void **state)
{
	(void)state;
	struct island_case row = {.scheme = "github", .ref = "o/r"};
	expect_url(&row, &settings, "~aaaa", NEW, NULL);
	expect_url(&row, &settings, OLD, "main", NULL);
	expect_url(&row, &settings, "", NEW, NULL);
	row = (struct island_case){.scheme = "git", .ref = "https://host.example/r"};
	expect_url(&row, &settings, OLD, NEW, NULL);
}

static void
expect_at(const struct island_case *row, const char *reference, const char *arguments)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island island = island_case_parse(&arena, row);
	struct island other;
	struct derivation derivation = {0};
	bool done = island_at_reference(&arena, &island, bytes_text(reference), &other, &err);
	if (!arguments) {
		assert_false(done);
		assert_int_equal(err.kind, ERR_REFUSED);
		return;
	}
	if (!done || !island_derive(&arena, &other, &settings, &derivation, &err))
		fail_msg("%s", err.text);
	cleanup_buf struct buf joined = BUF(4096);
	for (size_t at = 0; at < derivation.argument_count; at++)
		buf_format(&joined, "%s%.*s", at ? " " : "", BYTES_ARGS(derivation.arguments[at]));
	assert_string_equal(buf_text(&joined), arguments);
	assert_true(bytes_equal(other.name, island.name));
}

static void
another_reference_changes_nothing_else(void **state)
{
	(void)state;
	struct island_case row = {.scheme = "github", .ref = "o/r", .subpath = "/sub"};
	expect_at(&row, "v1", "github o/r@v1 subpath=sub");
	row.ref = "o/r@main";
	expect_at(&row, NEW, "github o/r@" NEW " subpath=sub");
	struct island_case entry = {.scheme = "git",
		.ref = "https://host.example/r",
		.entries = {TEXT_ENTRY("reference", "main")},
		.entry_count = 1};
	expect_at(&entry, "v1", "git https://host.example/r reference=v1");
}

static void
what_its_own_text_fixes_or_git_cannot_name_is_refused(void **state)
{
	(void)state;
	struct island_case row = {.scheme = "github", .ref = "o/r"};
	expect_at(&row, "", NULL);
	expect_at(&row, "-x", NULL);
	expect_at(&row, "a..b", NULL);
	row.ref = "o/r@" OLD;
	expect_at(&row, "main", NULL);
	struct island_case revision = {.scheme = "github",
		.ref = "o/r",
		.entries = {TEXT_ENTRY("revision", REVISION)},
		.entry_count = 1};
	expect_at(&revision, "main", NULL);
	row = (struct island_case){.scheme = "crates", .ref = "hexyl@1.0.0"};
	expect_at(&row, "1.0.1", NULL);
}

/* A reference, a subpath and submodules, none of which is of the repository itself. */
static const struct island_case of_all_kinds = {.scheme = "github",
	.ref = "o/r@main",
	.subpath = "/sub",
	.entries = {TRUTH_ENTRY("submodules", 1)},
	.entry_count = 1};

static void
a_listing_is_of_the_repository_alone(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island listing;
	struct derivation derivation = {0};
	struct island_case row = of_all_kinds;
	struct island island = island_case_parse(&arena, &row);
	assert_true(island_versions(&arena, &island, &listing, &err));
	assert_true(island_derive(&arena, &listing, &settings, &derivation, &err));
	assert_int_equal(derivation.argument_count, 3);
	assert_true(bytes_equal_text(derivation.arguments[1], "o/r"));
	assert_true(bytes_equal_text(derivation.arguments[2], "versions=true"));
	row = (struct island_case){.scheme = "https", .ref = "//host.example/a.tar.gz"};
	island = island_case_parse(&arena, &row);
	assert_false(island_versions(&arena, &island, &listing, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
}

static void
commits_are_counted_between_two_revisions_of_a_repository(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island commits;
	struct derivation derivation = {0};
	struct island_case row = of_all_kinds;
	struct island island = island_case_parse(&arena, &row);
	assert_true(island_commits(&arena, &island, BYTES_LITERAL(OLD ":sub+submodules"),
		BYTES_LITERAL(NEW ":sub+submodules"), &commits));
	assert_true(island_derive(&arena, &commits, &settings, &derivation, &err));
	static const char *const arguments[] = {"github", "o/r", "revision=" NEW, "since=" OLD};
	assert_int_equal(derivation.argument_count, 4);
	for (size_t at = 0; at < 4; at++)
		assert_true(bytes_equal_text(derivation.arguments[at], arguments[at]));
	assert_false(island_commits(
		&arena, &island, BYTES_LITERAL(OLD), BYTES_LITERAL(OLD ":sub"), &commits));
	assert_false(island_commits(
		&arena, &island, BYTES_LITERAL("main"), BYTES_LITERAL(NEW), &commits));
	assert_false(island_commits(
		&arena, &island, BYTES_LITERAL("~" OLD), BYTES_LITERAL(NEW), &commits));
	row = (struct island_case){.scheme = "crates", .ref = "hexyl"};
	island = island_case_parse(&arena, &row);
	assert_false(
		island_commits(&arena, &island, BYTES_LITERAL(OLD), BYTES_LITERAL(NEW), &commits));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_forge_has_its_page),
		cmocka_unit_test(what_has_no_page_has_no_link),
		cmocka_unit_test(another_reference_changes_nothing_else),
		cmocka_unit_test(what_its_own_text_fixes_or_git_cannot_name_is_refused),
		cmocka_unit_test(a_listing_is_of_the_repository_alone),
		cmocka_unit_test(commits_are_counted_between_two_revisions_of_a_repository),
	};
	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
