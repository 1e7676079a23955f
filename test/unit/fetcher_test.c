/* SPDX-License-Identifier: MPL-2.0 */
#include "island/fetcher.h"

#include "island_sample.h"

#include "island/derive.h"
#include "island/lock.h"

#define MODULE "/cull/store/2m73jcvvvx7sngxbokzju2it74cpn4tgeb5hvduxn4xm2vy5isja-paste.wasm"

static const struct island_settings settings = {.program = {(const uint8_t *)"", 0}};
static const struct bytes inputs[] = {{(const uint8_t *)MODULE, sizeof MODULE - 1}};

static struct island_fetcher
fetcher_of(struct arena *arena, const char *base, const char *const *origins, size_t count)
{
	struct bytes *list = arena_array(arena, struct bytes, count);
	for (size_t at = 0; at < count; at++)
		list[at] = bytes_text(origins[at]);
	return (struct island_fetcher){.program = inputs[0],
		.inputs = inputs,
		.input_count = 1,
		.base = bytes_text(base),
		.origins = list,
		.origin_count = count};
}

static void
expect_derivation(const struct island_case *row, const struct island_fetcher *given,
	const char *arguments, const char *origins)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island_fetcher fetcher = {0};
	struct island_words words = island_case_words(row);
	struct island island = {0};
	struct derivation derivation = {0};
	words.fetcher = &fetcher;
	if (!fetcher_check(&arena, words.scheme, given, &fetcher, &err) ||
		!island_parse(&arena, &words, &island, &err) ||
		!island_derive(&arena, &island, &settings, &derivation, &err))
		fail_msg("%s", err.text);
	assert_string_equal(arena_text(&arena, island.text), row->text);
	cleanup_buf struct buf json = BUF(BUF_MAX);
	derivation_encode(&derivation, &json);
	assert_string_equal(buf_text(&json),
		arena_format(&arena,
			"{\"arguments\":[%s],\"environment\":{},\"fixed\":\"self\",\"inputs\":["
			"\"" MODULE "\"],\"name\":\"%s\",%s\"outputs\":[\"out\"],"
			"\"program\":\"" MODULE "\",\"requiredRealizerFeatures\":[\"wasm\"]}",
			arguments, row->name, origins));
}

static void
an_island_derives_what_its_text_and_its_fetcher_say(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct island_fetcher plain = fetcher_of(&arena, "https://Host.example:8443/x/", NULL, 0);
	struct island_case row = {.scheme = "paste",
		.ref = "a/notes.txt?x=1",
		.text = "paste:a/notes.txt?x=1",
		.name = "notes.txt"};
	expect_derivation(&row, &plain,
		"\"paste\",\"a/notes.txt?x=1\",\"base=https://Host.example:8443/x\"",
		"\"origins\":[\"https://host.example:8443\"],");

	const char *const origins[] = {
		"ref", "redirects", "https://b.example", "https://a.example"};
	struct island_fetcher wide = fetcher_of(&arena, "", origins, 4);
	struct island_case url = {.scheme = "my-scheme+1",
		.ref = "https://c.example/d",
		.subpath = "/e f",
		.entries = {TEXT_ENTRY("zeta", "a \"b\" \\(c)"), NUMBER_ENTRY("count", -3),
			TRUTH_ENTRY("a-b", false), TEXT_ENTRY("a", "=")},
		.entry_count = 4,
		.text = "my-scheme+1:https://c.example/d:{ a = \"\\=\", a-b = false, count = -3, "
			"zeta = "
			"\"a \\\"b\\\" \\\\(c)\", }:/e\\ f",
		.name = "e-f"};
	expect_derivation(&url, &wide,
		"\"my-scheme+1\",\"https://c.example/"
		"d\",\"a==\",\"a-b=false\",\"count=-3\",\"subpath=e "
		"f\",\"zeta=a \\\"b\\\" \\\\(c)\"",
		"\"origins\":[\"https://a.example\",\"https://b.example\",\"https://c.example\","
		"\"redirects\"],");

	struct island_fetcher none = fetcher_of(&arena, "", NULL, 0);
	struct island_case bare = {.scheme = "now", .ref = "", .text = "now", .name = "now"};
	expect_derivation(&bare, &none, "\"now\",\"\"", "");
}

static void
refuses_fetcher(const char *scheme, const char *base, const char *origin, const char *says)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island_fetcher given = fetcher_of(&arena, base, &origin, origin ? 1 : 0);
	struct island_fetcher fetcher;
	if (fetcher_check(&arena, bytes_text(scheme), &given, &fetcher, &err))
		fail_msg("%s %s is taken", scheme, base);
	assert_int_equal(err.kind, ERR_REFUSED);
	if (!strstr(err.text, says) || !strstr(err.text, scheme))
		fail_msg("\"%s\" says nothing of \"%s\"", err.text, says);
}

static void
a_fetcher_is_refused_with_its_scheme_named(void **state)
{
	(void)state;
	refuses_fetcher("github", "", NULL, "no builtin scheme");
	refuses_fetcher("derivation", "", NULL, "cannot be a scheme");
	refuses_fetcher("Paste", "", NULL, "lower-case letters");
	refuses_fetcher("1paste", "", NULL, "lower-case letters");
	refuses_fetcher("pa ste", "", NULL, "lower-case letters");
	refuses_fetcher("a-scheme-of-far-too-many-letters-", "", NULL, "at most 32");
	refuses_fetcher("paste", "ftp://h", NULL, "base");
	refuses_fetcher("paste", "https://h/?q", NULL, "no query");
	refuses_fetcher("paste", "https://user@h", NULL, "base");
	refuses_fetcher("paste", "", "https://h/path", "is no origin");
	refuses_fetcher("paste", "", "https://h?q", "is no origin");
	refuses_fetcher("paste", "", "everything", "is no origin");
	refuses_fetcher("paste", "", "", "is no origin");
}

static void
an_island_is_refused_with_its_text_named(void **state)
{
	(void)state;
	static const struct {
		struct island_case row;
		const char *says;
	} refusals[] = {
		{{.scheme = "paste", .ref = "a b"}, "a space"},
		{{.scheme = "paste", .ref = "a\x1b"}, "a control character"},
		{{.scheme = "paste", .ref = "x"}, "a URL is wanted"},
		{{.scheme = "paste",
			 .ref = "http://h/x",
			 .entries = {TEXT_ENTRY("base", "http://h")},
			 .entry_count = 1},
			"the fetcher has a base"},
		{{.scheme = "paste",
			 .ref = "http://h/x",
			 .entries = {TEXT_ENTRY("subpath", "a")},
			 .entry_count = 1},
			"a subpath follows"},
		{{.scheme = "paste",
			 .ref = "http://h/x",
			 .entries = {TEXT_ENTRY("a=b", "a")},
			 .entry_count = 1},
			"is no key"},
		{{.scheme = "paste",
			 .ref = "http://h/x",
			 .entries = {TEXT_ENTRY("a", "\n")},
			 .entry_count = 1},
			"a control character"},
		{{.scheme = "paste",
			 .ref = "http://h/x",
			 .entries = {NUMBER_ENTRY("a", 1), NUMBER_ENTRY("a", 2)},
			 .entry_count = 2},
			"a stands twice"},
		{{.scheme = "paste", .ref = "http://h/x", .subpath = "/../a"}, "a `..`"},
	};
	for (size_t at = 0; at < sizeof refusals / sizeof *refusals; at++) {
		cleanup_arena struct arena arena = ARENA;
		const char *const origins[] = {"ref"};
		struct island_fetcher given = fetcher_of(&arena, "", origins, 1);
		struct island_fetcher fetcher;
		struct island_words words = island_case_words(&refusals[at].row);
		struct island island;
		struct err err = {0};
		assert_true(fetcher_check(&arena, words.scheme, &given, &fetcher, &err));
		words.fetcher = &fetcher;
		if (island_parse(&arena, &words, &island, &err))
			fail_msg("%s is taken", refusals[at].row.ref);
		if (!strstr(err.text, refusals[at].says) || !strstr(err.text, "<paste:"))
			fail_msg("\"%s\" says nothing of \"%s\"", err.text, refusals[at].says);
	}
}

static void
without_a_fetcher_there_is_a_text_and_no_derivation(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct island_case row = {.scheme = "paste", .ref = "x"};
	struct island_words words = island_case_words(&row);
	struct island island;
	struct derivation derivation;
	struct err err = {0};
	assert_false(island_parse(&arena, &words, &island, &err));
	assert_non_null(strstr(err.text, "there is no scheme `paste`"));
	words.unbound = true;
	assert_true(island_parse(&arena, &words, &island, &err));
	assert_true(bytes_equal_text(island.text, "paste:x"));
	assert_false(island_derive(&arena, &island, &settings, &derivation, &err));
	assert_non_null(strstr(err.text, "nothing says what fetches the scheme `paste`"));
	words.scheme = BYTES_LITERAL("github");
	words.ref = BYTES_LITERAL("o/r");
	assert_true(island_parse(&arena, &words, &island, &err));
	assert_int_equal(island.scheme->id, SCHEME_GITHUB);
}

static void
a_text_that_no_lock_has_room_for_is_refused(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct island_fetcher fetcher = fetcher_of(&arena, "", NULL, 0);
	uint8_t text[FETCHER_VALUE];
	memset(text, 'a', sizeof text);
	struct island_entry entries[8];
	for (uint8_t at = 0; at < 8; at++)
		entries[at] = (struct island_entry){
			.key = bytes_of(&"abcdefgh"[at], 1), .text = bytes_of(text, sizeof text)};
	struct island_words words = {.scheme = BYTES_LITERAL("paste"),
		.ref = BYTES_LITERAL("x"),
		.entries = entries,
		.entry_count = 7,
		.fetcher = &fetcher};
	struct island island;
	struct err err = {0};
	assert_true(island_parse(&arena, &words, &island, &err));
	words.entry_count = 8;
	assert_false(island_parse(&arena, &words, &island, &err));
	assert_non_null(strstr(err.text, "longer than 8000 bytes"));
}

static void
a_lock_holds_it(void **state)
{
	(void)state;
	struct identity identity = {BYTES_LITERAL("etag"), BYTES_LITERAL("1")};
	struct lock_entry entry = {
		.key = BYTES_LITERAL("paste:x"), .identities = &identity, .identity_count = 1};
	cleanup_lock struct lock lock = {0};
	cleanup_lock struct lock again = {0};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct err err = {0};
	assert_true(lock_put(&lock, &entry));
	lock_encode(&lock, &text);
	assert_true(lock_decode(buf_bytes(&text), &again, &err));
	assert_non_null(lock_find(&again, entry.key));
}

static void
fetchers_are_equal_by_all_that_they_say(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	const char *const origins[] = {"https://a.example"};
	struct island_fetcher one = fetcher_of(&arena, "https://h.example", origins, 1);
	struct island_fetcher two = fetcher_of(&arena, "https://h.example", origins, 1);
	assert_true(fetcher_equal(&one, &two) && fetcher_equal(NULL, NULL));
	assert_false(fetcher_equal(&one, NULL) || fetcher_equal(NULL, &one));
	two.origin_count = 0;
	assert_false(fetcher_equal(&one, &two));
	two = one;
	two.base = BYTES_LITERAL("https://i.example");
	assert_false(fetcher_equal(&one, &two));
	two = one;
	two.program = BYTES_LITERAL("/cull/store/other");
	assert_false(fetcher_equal(&one, &two));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_island_derives_what_its_text_and_its_fetcher_say),
		cmocka_unit_test(a_fetcher_is_refused_with_its_scheme_named),
		cmocka_unit_test(an_island_is_refused_with_its_text_named),
		cmocka_unit_test(without_a_fetcher_there_is_a_text_and_no_derivation),
		cmocka_unit_test(a_text_that_no_lock_has_room_for_is_refused),
		cmocka_unit_test(a_lock_holds_it),
		cmocka_unit_test(fetchers_are_equal_by_all_that_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
