/* SPDX-License-Identifier: MPL-2.0 */
#include "island/island.h"

#include "derivation/derivation.h"
#include "island_sample.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void
expect_text(struct bytes text, const char *expected)
{
	cleanup_arena struct arena arena = ARENA;
	assert_string_equal(arena_text(&arena, text), expected);
}

static void
an_island_has_one_text_one_name_and_the_pin_it_states(void **state)
{
	(void)state;
	for (size_t at = 0; at < COUNT(island_cases); at++) {
		cleanup_arena struct arena arena = ARENA;
		struct island island = island_case_parse(&arena, &island_cases[at]);
		struct bytes pin;
		expect_text(island.text, island_cases[at].text);
		expect_text(island.name, island_cases[at].name);
		assert_true(derivation_is_name(island.name, DERIVATION_NAME));
		assert_int_equal(island_pin(&arena, &island, &pin), island_cases[at].pin != NULL);
		if (island_cases[at].pin)
			expect_text(pin, island_cases[at].pin);
	}
}

static void
a_subpath_that_makes_a_pin_too_long_is_hashed(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	char subpath[601] = "/";
	for (size_t at = 1; at < sizeof subpath - 1; at++)
		subpath[at] = at % 100 == 50 ? '/' : 'a';
	struct island_case row = {.scheme = "https",
		.ref = "//host.example/x.tar",
		.subpath = subpath,
		.entries = {TEXT_ENTRY("checksum", CHECKSUM)},
		.entry_count = 1};
	struct island island = island_case_parse(&arena, &row);
	struct bytes pin;
	struct identity identity;
	assert_true(island_pin(&arena, &island, &pin));
	assert_true(identity_parse(pin, &identity));
	assert_int_equal(identity.value.size, 1 + DIGEST_TEXT);
	assert_int_equal(identity.value.data[0], '~');
}

struct refusal {
	struct island_case row;
	const char *says;
};

static void
expect_refused(const struct refusal *refusals, size_t count)
{
	for (size_t at = 0; at < count; at++) {
		cleanup_arena struct arena arena = ARENA;
		struct island_words words = island_case_words(&refusals[at].row);
		struct island island = {.strip = 7};
		struct err err = {0};
		if (island_parse(&arena, &words, &island, &err))
			fail_msg("<%s:%s> is taken", refusals[at].row.scheme, refusals[at].row.ref);
		if (!strstr(err.text, refusals[at].says))
			fail_msg("\"%s\" says nothing of \"%s\"", err.text, refusals[at].says);
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_int_equal(island.strip, 7);
	}
}

static const struct refusal hostile_refs[] = {
	{{.scheme = "github", .ref = ""}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "o"}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "o/r/s"}, "a branch, tag or revision stands behind an '@'"},
	{{.scheme = "github", .ref = "https://host/o/r"}, "as in <github:cull-os/cab>"},
	{{.scheme = "github", .ref = "o/r#main"}, "stands behind an '@'"},
	{{.scheme = "github", .ref = "o/.."}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "../r"}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "-o/r"}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "o//r"}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "o/r?x"}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "o/r%2e"}, "OWNER/REPO"},
	{{.scheme = "github", .ref = "o/r\nx"}, "control"},
	{{.scheme = "github", .ref = "o/r x"}, "space"},
	{{.scheme = "github", .ref = "o/r\x1b[2J"}, "control"},
	{{.scheme = "github", .ref = "o/\xc3\xa9"}, "ASCII"},
	{{.scheme = "github", .ref = "o/r@"}, "'@'"},
	{{.scheme = "github", .ref = "o/r@-x"}, "branch"},
	{{.scheme = "github", .ref = "o/r@../x"}, "branch"},
	{{.scheme = "github", .ref = "o/r@a..b"}, "branch"},
	{{.scheme = "github", .ref = "o/r@x.lock"}, "branch"},
	{{.scheme = "github", .ref = "o/r@a^"}, "branch"},
	{{.scheme = "git", .ref = ""}, "URL"},
	{{.scheme = "git", .ref = "ssh://git:secret@host/x.git"}, "no password"},
	{{.scheme = "git", .ref = "ssh://-oProxyCommand=x/x.git"}, "is no host"},
	{{.scheme = "https", .ref = "//git@host/x.git"}, "credentials"},
	{{.scheme = "git", .ref = "https://user@host/x"}, "user name"},
	{{.scheme = "git", .ref = "https://user:secret@host/x@main"}, "user name"},
	{{.scheme = "git", .ref = "https:///x"}, "host"},
	{{.scheme = "git", .ref = "https://-x/y"}, "host"},
	{{.scheme = "git", .ref = "https://host"}, "path"},
	{{.scheme = "git", .ref = "https://host/x?y"}, "query"},
	{{.scheme = "git", .ref = "file:///etc"}, "http"},
	{{.scheme = "git", .ref = "me@host:o/r.git"}, "write <git:ssh://me@host/o/r.git>"},
	{{.scheme = "https", .ref = "host/x"}, "URL"},
	{{.scheme = "https", .ref = "//host/"}, "path"},
	{{.scheme = "https", .ref = "//host/../x"}, "`..`"},
	{{.scheme = "https", .ref = "//u@host/x"}, "user name"},
	{{.scheme = "file", .ref = "/etc/passwd"}, "URL"},
	{{.scheme = "file", .ref = "https://host/x", .subpath = "/y"}, "subpath"},
	{{.scheme = "crates", .ref = ""}, "package"},
	{{.scheme = "crates", .ref = "../x@1"}, "package"},
	{{.scheme = "crates", .ref = "-x@1"}, "package"},
	{{.scheme = "crates", .ref = "x@"}, "'@'"},
	{{.scheme = "crates", .ref = "x@1/../../y"}, "version"},
	{{.scheme = "crates", .ref = "x@1..2"}, "version"},
	{{.scheme = "crates", .ref = "x@1?y"}, "version"},
	{{.scheme = "crates", .ref = "x@latest"}, "version"},
	{{.scheme = "crates", .ref = "x.y"}, "package"},
	{{.scheme = "npm", .ref = "@a"}, "package"},
	{{.scheme = "npm", .ref = "@a/"}, "package"},
	{{.scheme = "npm", .ref = "@/b"}, "package"},
	{{.scheme = "npm", .ref = "@a/b/c"}, "package"},
	{{.scheme = "npm", .ref = "a/b"}, "as in <npm:@SCOPE/NAME>"},
	{{.scheme = "npm", .ref = ".a"}, "package"},
	{{.scheme = "npm", .ref = "@a/b@"}, "'@'"},
	{{.scheme = "npm", .ref = "a@^1.0.0"}, "version of a package: one is wanted, whole"},
	{{.scheme = "pypi", .ref = "a==1.0"}, "a version stands behind an '@'"},
	{{.scheme = "pypi", .ref = "a@1/2"}, "version"},
	{{.scheme = "pypi", .ref = "a@latest"}, "version"},
	{{.scheme = "pypi", .ref = "@a/b"}, "package"},
	{{.scheme = "oci", .ref = "debian"}, "HOST/NAME"},
	{{.scheme = "oci", .ref = "host/"}, "HOST/NAME"},
	{{.scheme = "oci", .ref = "host/a//b"}, "HOST/NAME"},
	{{.scheme = "oci", .ref = "host/a/../b"}, "HOST/NAME"},
	{{.scheme = "oci", .ref = "host/a?b"}, "HOST/NAME"},
	{{.scheme = "oci", .ref = "host/a@"}, "'@'"},
	{{.scheme = "oci", .ref = "host/a@b/c"}, "tag"},
	{{.scheme = "oci", .ref = "host/a@sha256:00"}, "tag"},
	{{.scheme = "oci", .ref = "host/a:tag"}, "a tag stands behind an '@'"},
	{{.scheme = "oci", .ref = "host/a@tag@sha256:00"}, "of which one is wanted"},
	{{.scheme = "oci", .ref = "me@host/a"}, "HOST/NAME"},
	{{.scheme = "oci",
		 .ref = "host/a",
		 .entries = {TEXT_ENTRY("platform", "linux")},
		 .entry_count = 1},
		"OS/ARCHITECTURE"},
	{{.scheme = "oci",
		 .ref = "host/a",
		 .entries = {NUMBER_ENTRY("strip", 1)},
		 .entry_count = 1},
		"no use"},
	{{.scheme = "self", .ref = "x"}, "nothing is wanted: write <self::/PATH>"},
	{{.scheme = "fs", .ref = "/a/b"}, "write <fs::/a/b>"},
	{{.scheme = "https", .ref = "//host/x { strip = 0 }"},
		"configuration is written <SCHEME:REFERENCE:{ KEY = VALUE, }>"},
	{{.scheme = "fs"}, "path"},
	{{.scheme = "fs", .subpath = "/a/../b"}, "`..`"},
	{{.scheme = "fs", .subpath = "a"}, "'/'"},
	{{.scheme = "github", .ref = "o/r", .subpath = "/../x"}, "`..`"},
	{{.scheme = "github", .ref = "o/r", .subpath = "/a//b"}, "empty"},
	{{.scheme = "github", .ref = "o/r", .subpath = "/a\tb"}, "control"},
	{{.scheme = "github", .ref = "o/r", .subpath = "/\xff"}, "UTF-8"},
};

static void
hostile_refs_are_refused_before_anything_connects(void **state)
{
	(void)state;
	expect_refused(hostile_refs, COUNT(hostile_refs));
}

static void
unknown_schemes_and_keys_name_the_nearest(void **state)
{
	(void)state;
	static const struct refusal refusals[] = {
		{{.scheme = "githup", .ref = "o/r"}, "`github`"},
		{{.scheme = "crate", .ref = "x"}, "`crates`"},
		{{.scheme = "gopher", .ref = "x"}, "no scheme"},
		{{.scheme = "git+https", .ref = "//host/x"}, "write <git:https://…>"},
		{{.scheme = "docker", .ref = "debian"}, "write <oci:HOST/NAME@TAG>"},
		{{.scheme = "", .ref = "x"}, "no scheme"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("refrence", "x")},
			 .entry_count = 1},
			"`reference`"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("hash", "x")},
			 .entry_count = 1},
			"no key"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("checksum", CHECKSUM)},
			 .entry_count = 1},
			"no use"},
		{{.scheme = "crates",
			 .ref = "x",
			 .entries = {TEXT_ENTRY("revision", REVISION)},
			 .entry_count = 1},
			"no use"},
		{{.scheme = "self",
			 .entries = {TEXT_ENTRY("revision", REVISION)},
			 .entry_count = 1},
			"no use"},
		{{.scheme = "crates",
			 .ref = "x",
			 .entries = {TEXT_ENTRY("checksum", CHECKSUM)},
			 .entry_count = 1},
			"version"},
	};
	expect_refused(refusals, COUNT(refusals));
}

static void
submodules_and_lfs_are_true_or_origins(void **state)
{
	(void)state;
	static const struct refusal refusals[] = {
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("submodules", "true")},
			 .entry_count = 1},
			"true or origins"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("lfs", "true")},
			 .entry_count = 1},
			"lfs: true or origins"},
		{{.scheme = "https",
			 .ref = "//h/x",
			 .entries = {TRUTH_ENTRY("lfs", 1)},
			 .entry_count = 1},
			"no use for `lfs`"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {NUMBER_ENTRY("submodules", 1)},
			 .entry_count = 1},
			"true or false"},
	};
	expect_refused(refusals, COUNT(refusals));
}

static void
values_are_of_the_kind_and_shape_that_a_key_wants(void **state)
{
	(void)state;
	static const struct refusal refusals[] = {
		{{.scheme = "https",
			 .ref = "//h/x",
			 .entries = {TEXT_ENTRY("strip", "1")},
			 .entry_count = 1},
			"integer"},
		{{.scheme = "https",
			 .ref = "//h/x",
			 .entries = {NUMBER_ENTRY("strip", -1)},
			 .entry_count = 1},
			"strip"},
		{{.scheme = "https",
			 .ref = "//h/x",
			 .entries = {NUMBER_ENTRY("strip", 17)},
			 .entry_count = 1},
			"strip"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("revision", "main")},
			 .entry_count = 1},
			"hexadecimal digits are wanted, not `main`; a branch"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("reference", "a b")},
			 .entry_count = 1},
			"branch"},
		{{.scheme = "github",
			 .ref = "o/r@x",
			 .entries = {TEXT_ENTRY("reference", "y")},
			 .entry_count = 1},
			"already"},
		{{.scheme = "github",
			 .ref = "o/r",
			 .entries = {TEXT_ENTRY("reference", "x"), TEXT_ENTRY("reference", "x")},
			 .entry_count = 2},
			"twice"},
		{{.scheme = "https",
			 .ref = "//h/x",
			 .entries = {TEXT_ENTRY("checksum", "sha256-")},
			 .entry_count = 1},
			"checksum"},
	};
	expect_refused(refusals, COUNT(refusals));
}

static void
an_endless_text_is_refused(void **state)
{
	(void)state;
	char *ref = memory_new(ISLAND_TEXT + 2);
	memset(ref, 'a', ISLAND_TEXT + 1);
	ref[1] = '/';
	ref[ISLAND_TEXT + 1] = 0;
	struct refusal refusal = {{.scheme = "github", .ref = ref}, "longer"};
	expect_refused(&refusal, 1);
	free(ref);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_island_has_one_text_one_name_and_the_pin_it_states),
		cmocka_unit_test(a_subpath_that_makes_a_pin_too_long_is_hashed),
		cmocka_unit_test(hostile_refs_are_refused_before_anything_connects),
		cmocka_unit_test(unknown_schemes_and_keys_name_the_nearest),
		cmocka_unit_test(submodules_and_lfs_are_true_or_origins),
		cmocka_unit_test(values_are_of_the_kind_and_shape_that_a_key_wants),
		cmocka_unit_test(an_endless_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
