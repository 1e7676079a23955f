/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/table.h"

#include "store_fixture.h"

static struct table
table_of(struct store *store, const char *program, const char *scope, const char *shared)
{
	struct table table = {.store = store,
		.program = digest_of(bytes_text(program)),
		.scope = digest_of(bytes_text(scope))};
	if (shared)
		table.shared[table.shared_count++] = bytes_text(shared);
	return table;
}

static void
say(const struct table *table, const char *format, const char *value, const char *content)
{
	struct cab_hash hash = {'d', digest_of(bytes_text(content))};
	table_put(table, bytes_text(format), bytes_text(value), &hash, 7, 1);
}

/* What the table has for a pair must be the hash of this content; NULL: it knows nothing. */
static void
knows(const struct table *table, const char *format, const char *value, const char *content)
{
	struct cab_hash hash = {0};
	const char *cache = "untouched";
	bool found = table_find(table, bytes_text(format), bytes_text(value), &hash, &cache);
	if (found != (content != NULL))
		fail_msg("%s %s is %s", format, value, found ? "known" : "not known");
	if (!found || !content) {
		assert_string_equal(cache, "untouched");
		return;
	}
	struct digest expected = digest_of(bytes_text(content));
	assert_true(digest_equal(&hash.digest, &expected));
	assert_null(cache);
}

static void
two_scripts_of_one_shell_share_nothing(void **state)
{
	struct place *place = *state;
	struct table one = table_of(place->store, "/bin/sh", "one", NULL);
	struct table two = table_of(place->store, "/bin/sh", "two", NULL);
	say(&one, "git", "1111", "tree");
	knows(&one, "git", "1111", "tree");
	knows(&one, "git", "1112", NULL);
	knows(&one, "git-tree", "1111", NULL);
	knows(&two, "git", "1111", NULL);
}

static void
a_module_shares_only_where_nothing_else_decides(void **state)
{
	struct place *place = *state;
	static const char data[] = "\0asm\1\0\0\0\0\x15\x0e"
				   "cab.identitiesshared";
	struct bytes module = bytes_of(data, sizeof data - 1);
	struct bytes inputs[] = {BYTES_LITERAL("/cull/store/m"), BYTES_LITERAL("/cull/store/n")};
	struct derivation_variable variable = {BYTES_LITERAL("A"), BYTES_LITERAL("b")};
	struct digest scope = digest_of(BYTES_LITERAL("resolved"));
	struct derivation derivation = {.program = inputs[0], .inputs = inputs, .input_count = 1};
	struct table table = table_of_module(place->store, &derivation, &scope, module);
	assert_int_equal(table.shared_count, 1);
	assert_true(bytes_equal_text(table.shared[0], "shared"));
	assert_true(digest_equal(&table.scope, &scope));
	derivation.program = BYTES_LITERAL("/cull/store/m/fetch.wasm");
	assert_int_equal(
		table_of_module(place->store, &derivation, &scope, module).shared_count, 1);
	derivation.program = BYTES_LITERAL("/cull/store/more");
	assert_int_equal(
		table_of_module(place->store, &derivation, &scope, module).shared_count, 0);
	derivation.program = inputs[0];
	derivation.input_count = 2;
	assert_int_equal(
		table_of_module(place->store, &derivation, &scope, module).shared_count, 0);
	derivation.input_count = 1;
	derivation.environment = &variable;
	derivation.environment_count = 1;
	assert_int_equal(
		table_of_module(place->store, &derivation, &scope, module).shared_count, 0);
}

static void
what_a_module_shares_is_known_to_all_its_runs_and_no_other_format_is(void **state)
{
	struct place *place = *state;
	struct table one = table_of(place->store, "module", "one", "git");
	struct table two = table_of(place->store, "module", "two", "git");
	struct table other = table_of(place->store, "another", "one", "git");
	say(&one, "git", "1111", "tree");
	say(&one, "http", "2222", "page");
	knows(&two, "git", "1111", "tree");
	knows(&two, "http", "2222", NULL);
	knows(&one, "http", "2222", "page");
	/* Another program's word counts for itself alone. */
	knows(&other, "git", "1111", NULL);
	/* Nor does what was said with a scope count without one. */
	struct table unshared = table_of(place->store, "module", "one", NULL);
	knows(&unshared, "git", "1111", NULL);
}

static void
earlier_modules_are_believed_in_what_they_share_alone(void **state)
{
	struct place *place = *state;
	struct table old = table_of(place->store, "old", "one", "git");
	say(&old, "git", "1111", "tree");
	say(&old, "http", "2222", "page");
	struct table new = table_of(place->store, "new", "one", "git");
	knows(&new, "git", "1111", NULL);
	new.believed[new.believed_count++] = digest_of(BYTES_LITERAL("unheard of"));
	new.believed[new.believed_count++] = old.program;
	knows(&new, "git", "1111", "tree");
	knows(&new, "http", "2222", NULL);
	/* Its own word comes first. */
	say(&new, "git", "1111", "another tree");
	knows(&new, "git", "1111", "another tree");
	knows(&old, "git", "1111", "tree");
}

static void
keys_differ_in_all_that_a_claim_is_of(void **state)
{
	struct place *place = *state;
	struct table tables[] = {table_of(place->store, "a", "s", "git"),
		table_of(place->store, "b", "s", "git"), table_of(place->store, "a", "s", NULL),
		table_of(place->store, "a", "t", NULL)};
	struct digest keys[8];
	for (size_t at = 0; at < 4; at++) {
		keys[at] = table_key(&tables[at], BYTES_LITERAL("git"), BYTES_LITERAL("1"));
		keys[at + 4] =
			table_key(&tables[at], BYTES_LITERAL("git-tree"), BYTES_LITERAL("1"));
	}
	/* What the first two share has no scope; git-tree of both is scoped as in the third. */
	for (size_t at = 0; at < 8; at++)
		for (size_t other = at + 1; other < 8; other++)
			assert_int_equal(
				digest_equal(&keys[at], &keys[other]), at == 4 && other == 6);
}

static void
a_pair_that_is_too_long_is_neither_kept_nor_found(void **state)
{
	struct place *place = *state;
	struct table table = table_of(place->store, "module", "one", NULL);
	char value[514];
	memset(value, 'v', sizeof value);
	value[512] = 0;
	say(&table, "git", value, "tree");
	knows(&table, "git", value, "tree");
	value[512] = 'v';
	value[513] = 0;
	say(&table, "git", value, "tree");
	knows(&table, "git", value, NULL);
	knows(&table, "abcdefghijklmnopqrstuvwxyzabcdefg", "1", NULL);
	good(store_sync(place->store, &err));
}

static void
a_cache_that_knew_it_is_named(void **state)
{
	struct place *place = *state;
	struct table table = table_of(place->store, "module", "one", "git");
	say(&table, "git", "1111", "tree");
	good(store_sync(place->store, &err));
	char path[400];
	(void)snprintf(path, sizeof path, "%s/other", place->path);
	struct store *other;
	struct store *cache;
	good((other = store_open(path, STORE_CREATE, &err)));
	good((cache = store_open(place->root, STORE_READ_ONLY, &err)));
	store_add_cache(other, cache);
	table.store = other;
	struct cab_hash hash;
	const char *from = NULL;
	assert_true(table_find(&table, BYTES_LITERAL("git"), BYTES_LITERAL("1111"), &hash, &from));
	assert_string_equal(from, place->root);
	store_close(other);
}

static void
a_program_that_is_no_module_is_known_by_its_path(void **state)
{
	struct place *place = *state;
	struct derivation derivation = {.program = BYTES_LITERAL("/bin/sh")};
	struct digest resolved = digest_of(BYTES_LITERAL("one"));
	struct table table = table_of_program(place->store, &derivation, &resolved);
	struct table same = table_of(place->store, "/bin/sh", "one", NULL);
	say(&table, "mark", "7", "tree");
	knows(&same, "mark", "7", "tree");
}

/* What is told behind a line of a run that made this content, as one text. */
static void
follows(const struct table *table, const char *format, const char *value, const char *content,
	const char *expected)
{
	struct arena arena = ARENA;
	struct identity next[4];
	struct cab_hash hash = {'d', digest_of(bytes_text(content))};
	struct identity line = {bytes_text(format), bytes_text(value)};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	size_t count = table_follow(table, line, &hash, &arena, next, 4);
	for (size_t at = 0; at < count; at++)
		buf_format(&text, "%.*s %.*s;", BYTES_ARGS(next[at].format),
			BYTES_ARGS(next[at].value));
	assert_string_equal(buf_text(&text), expected);
	arena_release(&arena);
}

#define LINE(format, value)                                                                        \
	{                                                                                          \
		BYTES_LITERAL(format), BYTES_LITERAL(value)                                        \
	}

static void
what_a_run_said_behind_a_line_is_told_as_far_as_the_table_has_it(void **state)
{
	struct place *place = *state;
	struct table table = table_of(place->store, "module", "one", "git");
	struct table other = table_of(place->store, "module", "two", "git");
	const struct identity lines[] = {
		LINE("git", "1"), LINE("mark", "2"), LINE("git-tree", "3"), LINE("cab", ".")};
	struct cab_hash hash = {'d', digest_of(BYTES_LITERAL("tree"))};
	table_put_lines(&table, lines, 4, &hash, 7, 1);
	knows(&table, "cab", ".", NULL);
	follows(&table, "git", "1", "tree", "mark 2;git-tree 3;");
	follows(&table, "mark", "2", "tree", "git-tree 3;");
	follows(&table, "git-tree", "3", "tree", "");
	follows(&table, "git", "2", "tree", "");
	follows(&table, "git", "1", "another", "");
	/* Another derivation shares the line, and not what only this one's program said of it. */
	follows(&other, "git", "1", "tree", "");
	say(&other, "git-tree", "3", "another");
	follows(&other, "git", "1", "tree", "");
}

#define table_test(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(two_scripts_of_one_shell_share_nothing),
		table_test(a_module_shares_only_where_nothing_else_decides),
		table_test(what_a_module_shares_is_known_to_all_its_runs_and_no_other_format_is),
		table_test(earlier_modules_are_believed_in_what_they_share_alone),
		table_test(keys_differ_in_all_that_a_claim_is_of),
		table_test(a_pair_that_is_too_long_is_neither_kept_nor_found),
		table_test(a_cache_that_knew_it_is_named),
		table_test(a_program_that_is_no_module_is_known_by_its_path),
		table_test(what_a_run_said_behind_a_line_is_told_as_far_as_the_table_has_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
