/* SPDX-License-Identifier: MPL-2.0 */
#include "island/foreign.h"

#include <stdio.h>

#include "island_sample.h"

#include "lang/eval.h"
#include "memory_host.h"

#define MODULE "/cull/store/2m73jcvvvx7sngxbokzju2it74cpn4tgeb5hvduxn4xm2vy5isja-paste.wasm"

static const struct scheme paste = {
	.id = SCHEME_COUNT, .shape = SHAPE_FOREIGN, .text = "paste", .base = "", .formats = ""};

static const struct bytes inputs[] = {{(const uint8_t *)MODULE, sizeof MODULE - 1}};

static struct island_fetcher
fetcher_of(const char *base, const struct bytes *origins, size_t count)
{
	return (struct island_fetcher){.program = inputs[0],
		.inputs = inputs,
		.input_count = 1,
		.base = bytes_text(base),
		.origins = origins,
		.origin_count = count};
}

static struct island
island_of(const char *ref, const struct island_fetcher *fetcher)
{
	return (struct island){.scheme = &paste, .ref = bytes_text(ref), .fetcher = fetcher};
}

static void
expect_name(const char *ref, const char *name)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island island = island_of(ref, NULL);
	assert_true(foreign_parse(&arena, &island, &err));
	assert_string_equal(arena_text(&arena, island.name), name);
	assert_string_equal(arena_text(&arena, island.place), ref);
}

static void
an_object_is_named_by_the_last_part_of_the_ref(void **state)
{
	(void)state;
	expect_name("notes.txt", "notes.txt");
	expect_name("https://h.example/a/notes.txt", "notes.txt");
	expect_name("a/b///", "b");
	expect_name("a/b?c/d", "b");
	expect_name("a/b#c/d", "b");
	expect_name("a/b#c?d/e", "b");
	expect_name("a/b?c#d/e", "b");
	expect_name("a:b@1", "a-b-1");
	/* No part: the scheme's name. */
	expect_name("", "paste");
	expect_name("///", "paste");
	expect_name("?a/b", "paste");
	expect_name("#a/b", "paste");
}

static void
a_ref_that_says_where_to_go_is_a_url(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	static const char *const refs[] = {"x", "", "h.example/x", "ftp://h.example/x", "https://"};
	const struct bytes origins[] = {BYTES_LITERAL("redirects"), BYTES_LITERAL("ref")};
	struct island_fetcher wide = fetcher_of("", origins, 2);
	struct island_fetcher narrow = fetcher_of("", origins, 1);
	for (size_t at = 0; at < sizeof refs / sizeof *refs; at++) {
		struct err err = {0};
		struct island island = island_of(refs[at], &wide);
		assert_false(foreign_parse(&arena, &island, &err));
		assert_int_equal(err.kind, ERR_REFUSED);
		assert_string_equal(
			err.text, "its fetcher goes to where the ref says: a URL is wanted");
		island.fetcher = &narrow;
		assert_true(foreign_parse(&arena, &island, &err));
	}
	struct err err = {0};
	struct island island = island_of("https://h.example/x", &wide);
	assert_true(foreign_parse(&arena, &island, &err));
}

/* NULL: the entries are taken. */
static void
expect_entries(const struct island_entry *entries, size_t count, const char *sentence)
{
	cleanup_arena struct arena arena = ARENA;
	struct err err = {0};
	struct island island = island_of("x", NULL);
	if (foreign_set_entries(&arena, entries, count, &island, &err)) {
		assert_null(sentence);
		assert_int_equal(island.entry_count, count);
		return;
	}
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_string_equal(err.text, sentence ? sentence : "");
	assert_int_equal(island.entry_count, 0);
}

static void
expect_key(struct bytes key, bool taken)
{
	char sentence[256];
	const struct island_entry entry = {.key = key, .kind = ISLAND_ENTRY_TRUTH};
	(void)snprintf(sentence, sizeof sentence,
		"`%.*s` is no key: a letter is wanted, then letters, digits, - and _, at most 32",
		BYTES_ARGS(bytes_first(key, 64)));
	expect_entries(&entry, 1, taken ? NULL : sentence);
}

static void
a_key_is_a_letter_and_letters_digits_and_two_marks(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool later = letter || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
		const uint8_t key[] = {'k', (uint8_t)byte};
		if (byte) /* a sentence ends there */
			expect_key(bytes_of(&key[1], 1), letter);
		if (byte)
			expect_key(bytes_of(key, 2), later);
	}
	char text[101];
	memset(text, 'k', sizeof text - 1);
	text[100] = '\0';
	expect_key(bytes_of(text, 0), false);
	expect_key(bytes_of(text, FETCHER_SCHEME), true);
	expect_key(bytes_of(text, FETCHER_SCHEME + 1), false);
	expect_key(bytes_of(text, 100), false);
}

static void
what_cab_says_itself_is_no_key(void **state)
{
	(void)state;
	const struct island_entry base = TEXT_ENTRY("base", "https://h.example");
	const struct island_entry subpath = NUMBER_ENTRY("subpath", 1);
	const struct island_entry others[] = {
		TRUTH_ENTRY("Base", 1), TRUTH_ENTRY("bas", 1), TRUTH_ENTRY("subpaths", 1)};
	expect_entries(&base, 1, "`base` is no key of an island: the fetcher has a base");
	expect_entries(&subpath, 1,
		"`subpath` is no key of an island: a subpath follows the configuration");
	expect_entries(others, 3, NULL);
}

static void
a_text_is_short_and_printable(void **state)
{
	(void)state;
	uint8_t text[FETCHER_VALUE + 1];
	memset(text, 'a', sizeof text);
	struct island_entry entry = TEXT_ENTRY("key", "");
	expect_entries(&entry, 1, NULL);
	entry.text = bytes_of(text, FETCHER_VALUE);
	expect_entries(&entry, 1, NULL);
	entry.text = bytes_of(text, FETCHER_VALUE + 1);
	expect_entries(&entry, 1, "key: it is longer than 1024 bytes");
	for (unsigned byte = 0; byte < 256; byte++) {
		text[2] = (uint8_t)byte;
		entry.text = bytes_of(text, 3);
		expect_entries(&entry, 1,
			byte >= ' ' && byte <= '~'
				? NULL
				: "key: it holds a control character or one that is not ASCII");
	}
	/* A number's text is nobody's. */
	entry.kind = ISLAND_ENTRY_NUMBER;
	expect_entries(&entry, 1, NULL);
}

static void
keys_are_few_and_stand_once(void **state)
{
	(void)state;
	char names[FETCHER_ENTRIES + 1][8];
	struct island_entry entries[FETCHER_ENTRIES + 1];
	for (int at = 0; at <= FETCHER_ENTRIES; at++) {
		(void)snprintf(names[at], sizeof names[at], "k%d", at);
		entries[at] = (struct island_entry){
			.key = bytes_text(names[at]), .kind = ISLAND_ENTRY_NUMBER, .number = at};
	}
	expect_entries(entries, 0, NULL);
	expect_entries(entries, FETCHER_ENTRIES, NULL);
	expect_entries(entries, FETCHER_ENTRIES + 1, "it has more than 64 keys");
	entries[FETCHER_ENTRIES - 1].key = entries[0].key;
	expect_entries(entries, FETCHER_ENTRIES, "k0 stands twice");
	/* The key is the whole of it, whatever it means. */
	entries[1] = (struct island_entry)TEXT_ENTRY("k0", "0");
	expect_entries(entries, 2, "k0 stands twice");
}

static struct island
island_with(struct arena *arena, const struct island_entry *entries, size_t count)
{
	struct err err = {0};
	struct island island = island_of("x", NULL);
	if (!foreign_set_entries(arena, entries, count, &island, &err))
		fail_msg("%s", err.text);
	return island;
}

static void
entries_are_copied_and_sorted(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	char key[] = "b";
	char text[] = "two";
	const struct island_entry entries[] = {NUMBER_ENTRY("c", 3),
		{.key = bytes_text(key), .text = bytes_text(text)}, TRUTH_ENTRY("a", 1),
		NUMBER_ENTRY("C", 4), NUMBER_ENTRY("bb", 5)};
	struct island island = island_with(&arena, entries, 5);
	key[0] = text[0] = '?';
	cleanup_buf struct buf out = BUF(BUF_MAX);
	foreign_print_entries(&arena, &island, &out);
	assert_string_equal(buf_text(&out), "C = 4, a = true, b = \"two\", bb = 5, c = 3, ");
}

static void
expect_print(struct island_entry entry, const char *printed)
{
	cleanup_arena struct arena arena = ARENA;
	struct island island = island_with(&arena, &entry, 1);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	foreign_print_entries(&arena, &island, &out);
	assert_string_equal(buf_text(&out), printed);
}

static void
entries_are_printed_as_the_language_has_them(void **state)
{
	(void)state;
	expect_print((struct island_entry)TEXT_ENTRY("a", ""), "a = \"\", ");
	expect_print((struct island_entry)TEXT_ENTRY("a", "say \"\\(x)\""),
		"a = \"say \\\"\\\\(x)\\\"\", ");
	/* A '=' in front would open a fence; behind it is like any other byte. */
	expect_print((struct island_entry)TEXT_ENTRY("a", "==b="), "a = \"\\==b=\", ");
	expect_print((struct island_entry)TEXT_ENTRY("a", "b=="), "a = \"b==\", ");
	expect_print((struct island_entry)TRUTH_ENTRY("a", 1), "a = true, ");
	expect_print((struct island_entry)TRUTH_ENTRY("a", 0), "a = false, ");
	expect_print(
		(struct island_entry)NUMBER_ENTRY("a", INT64_MAX), "a = 9223372036854775807, ");
	expect_print(
		(struct island_entry)NUMBER_ENTRY("a", INT64_MIN), "a = -9223372036854775808, ");
	/* Words of the language are no names without quotes. */
	expect_print((struct island_entry)TRUTH_ENTRY("or", 1), "\"or\" = true, ");
	expect_print((struct island_entry)TRUTH_ENTRY("orb", 1), "orb = true, ");
}

static struct value *
evaluate(struct evaluator *evaluator, struct bytes text)
{
	evaluator_clear(evaluator);
	struct value *value =
		eval_text(evaluator, "test.cab", text, NULL, "/test.cab", EVAL_IMPORTED);
	value = value ? eval_deep(evaluator, value) : NULL;
	if (!value)
		fail_msg("the language does not read %.*s", BYTES_ARGS(text));
	return value;
}

static void
expect_read(struct evaluator *evaluator, const struct island_entry *entries, size_t count)
{
	cleanup_arena struct arena arena = ARENA;
	struct island island = island_with(&arena, entries, count);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	buf_add_text(&out, "{ ");
	foreign_print_entries(&arena, &island, &out);
	buf_add_text(&out, "}");
	const struct set *set = (const struct set *)evaluate(evaluator, buf_bytes(&out));
	assert_int_equal(set->value.count, count);
	for (size_t at = 0; at < count; at++) {
		struct value *value = set_find(set, entries[at].key);
		assert_non_null(value);
		value = value_of(value);
		assert_true(value_is(value, VALUE_STRING));
		struct bytes read = string_bytes((const struct string *)value);
		if (!bytes_equal(read, entries[at].text))
			fail_msg("%.*s is read as %.*s", BYTES_ARGS(entries[at].text),
				BYTES_ARGS(read));
	}
}

/* Each two bytes that a text may hold, in front, in the middle and at the end. */
static void
the_language_reads_what_was_printed(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)256 << 20);
	static const char *const words[] = {"if", "then", "else", "or", "true", "false", "null",
		"import", "a-", "a_1", "A-b-", "inherit", "in", "let", "rec", "with"};
	struct island_entry entries[FETCHER_ENTRIES];
	size_t count = 0;
	for (; count < sizeof words / sizeof *words; count++)
		entries[count] = (struct island_entry){
			.key = bytes_text(words[count]), .text = bytes_text(words[count])};
	expect_read(evaluator, entries, count);
	char names[FETCHER_ENTRIES][8];
	char texts[FETCHER_ENTRIES][8];
	count = 0;
	for (int first = ' '; first <= '~'; first++) {
		for (int second = ' '; second <= '~'; second++) {
			(void)snprintf(names[count], sizeof names[count], "k%zu", count);
			(void)snprintf(texts[count], sizeof texts[count], "%c%c%c%c%c", first,
				second, first, first, second);
			entries[count] = (struct island_entry){
				.key = bytes_text(names[count]), .text = bytes_text(texts[count])};
			if (++count < FETCHER_ENTRIES)
				continue;
			expect_read(evaluator, entries, count);
			count = 0;
		}
	}
	expect_read(evaluator, entries, count);
	evaluator_free(evaluator);
	memory_host_free(host);
}

/* What was derived, each followed by a '|'. */
static const char *
joined(struct arena *arena, const struct bytes *list, size_t count)
{
	const char *text = "";
	for (size_t at = 0; at < count; at++)
		text = arena_format(arena, "%s%.*s|", text, BYTES_ARGS(list[at]));
	return text;
}

static void
arguments_are_in_the_order_of_their_keys(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	const struct island_entry entries[] = {TEXT_ENTRY("a1", "one"), TEXT_ENTRY("a-b", "=\"\\"),
		NUMBER_ENTRY("a", INT64_MIN), TRUTH_ENTRY("c", 1), TRUTH_ENTRY("Z", 0),
		TEXT_ENTRY("z", ""), NUMBER_ENTRY("basf", 7)};
	struct island_fetcher fetcher = fetcher_of("https://h.example/x", NULL, 0);
	struct island island = island_with(&arena, entries, 7);
	island.fetcher = &fetcher;
	island.ref = BYTES_LITERAL("a/b?c");
	island.subpath = BYTES_LITERAL("d/e f");
	struct derivation derivation = {0};
	foreign_derive(&arena, &island, &derivation);
	/* 'a' before "a-b" and "a1", though '=' comes behind '-' and the digits. */
	assert_string_equal(joined(&arena, derivation.arguments, derivation.argument_count),
		"paste|a/b?c|Z=false|a=-9223372036854775808|a-b==\"\\|a1=one|base=https://"
		"h.example/"
		"x|basf=7|c=true|subpath=d/e f|z=|");
	assert_int_equal(island.entry_count, 7);
	assert_true(bytes_equal(derivation.program, inputs[0]));
	assert_int_equal(derivation.input_count, 1);
	assert_ptr_equal(derivation.inputs, inputs);
	assert_int_equal(derivation.origin_count, 0);
}

static void
what_is_not_there_is_no_argument(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct island_fetcher fetcher = fetcher_of("", NULL, 0);
	struct island island = island_of("", &fetcher);
	struct derivation derivation = {0};
	foreign_derive(&arena, &island, &derivation);
	assert_string_equal(
		joined(&arena, derivation.arguments, derivation.argument_count), "paste||");
}

static void
the_origin_of_the_ref_stands_in_its_place_once(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	const struct bytes origins[] = {BYTES_LITERAL("https://b.example"),
		BYTES_LITERAL("redirects"), BYTES_LITERAL("ref")};
	struct island_fetcher fetcher = fetcher_of("", origins, 3);
	static const char *const rows[][2] = {
		{"https://C.example:443/x?y", "https://b.example|https://c.example|redirects|"},
		{"http://a.example:8080/x", "http://a.example:8080|https://b.example|redirects|"},
		{"https://b.example/x", "https://b.example|redirects|"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct island island = island_of(rows[at][0], &fetcher);
		struct derivation derivation = {0};
		foreign_derive(&arena, &island, &derivation);
		assert_string_equal(
			joined(&arena, derivation.origins, derivation.origin_count), rows[at][1]);
	}
	/* The fetcher is another island's as well. */
	assert_true(bytes_equal_text(origins[2], "ref"));
}

static void
origins_are_sorted_and_distinct(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	struct bytes origins[] = {BYTES_LITERAL("c"), BYTES_LITERAL("a"), BYTES_LITERAL("c"),
		BYTES_LITERAL("ab"), BYTES_LITERAL("a"), BYTES_LITERAL("c")};
	assert_int_equal(foreign_sort_origins(origins, 0), 0);
	assert_int_equal(foreign_sort_origins(origins, 1), 1);
	assert_string_equal(joined(&arena, origins, foreign_sort_origins(origins, 6)), "a|ab|c|");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_named_by_the_last_part_of_the_ref),
		cmocka_unit_test(a_ref_that_says_where_to_go_is_a_url),
		cmocka_unit_test(a_key_is_a_letter_and_letters_digits_and_two_marks),
		cmocka_unit_test(what_cab_says_itself_is_no_key),
		cmocka_unit_test(a_text_is_short_and_printable),
		cmocka_unit_test(keys_are_few_and_stand_once),
		cmocka_unit_test(entries_are_copied_and_sorted),
		cmocka_unit_test(entries_are_printed_as_the_language_has_them),
		cmocka_unit_test(the_language_reads_what_was_printed),
		cmocka_unit_test(arguments_are_in_the_order_of_their_keys),
		cmocka_unit_test(what_is_not_there_is_no_argument),
		cmocka_unit_test(the_origin_of_the_ref_stands_in_its_place_once),
		cmocka_unit_test(origins_are_sorted_and_distinct),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
