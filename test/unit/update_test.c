/* SPDX-License-Identifier: MPL-2.0 */
#include "session_fixture.h"

#include "island/memo_commit.h"
#include "island/versions.h"
#include "realize/table.h"
#include "store/memo.h"

#define LOCK       "default.cab.lock"
#define FIRST      "1111111111111111111111111111111111111111"
#define SECOND     "2222222222222222222222222222222222222222"
#define NATIVE     "program = \"/bin/sh\", requiredRealizerFeatures = [\"host-root:debian-12\"], "
#define USES(text) "derivation { name = \"d\", arguments = [\"" text "\"], " NATIVE "}"

/* The arguments of each derivation that was asked for, each followed by a space, a line a derivation. */
static struct buf arguments = {.ceiling = 1 << 16};

static struct realizer_job *
note_arguments(struct realizer *realizer, const struct realizer_request *request,
	const struct realizer_listener *listener)
{
	for (size_t at = 0; at < request->derivation->argument_count; at++)
		buf_format(&arguments, "%.*s ", BYTES_ARGS(request->derivation->arguments[at]));
	buf_add_byte(&arguments, '\n');
	return desk_realize(realizer, request, listener);
}

static struct session *
open_noting(struct desk *desk, const struct session_options *options)
{
	struct session *session = desk_open(desk, options);
	desk->operations.realize = note_arguments;
	buf_clear(&arguments);
	return session;
}

/* Evaluates and resolves, as an update does. The session stays open, whatever came of it. */
static struct session *
resolve(struct desk *desk, const struct session_options *options, struct err *err)
{
	struct session *session = open_noting(desk, options);
	struct value *value = desk_evaluate(session);
	session_goals goals = {0};
	*err = (struct err){0};
	bool done = session_find_goals(session, value, &goals, err) &&
		    session_resolve(session, &goals, false, err);
	if (done)
		*err = (struct err){0};
	session_goals_release(&goals);
	return session;
}

static void
update(struct desk *desk, const struct session_options *options)
{
	struct err failure;
	struct session *session = resolve(desk, options, &failure);
	if (failure.text[0])
		fail_msg("%s", failure.text);
	session_close(session);
}

/* From what revision to what a source went in this run. */
static void
expect_move(const struct session *session, const char *text, const char *old, const char *new)
{
	struct session_source source = desk_source(session, text);
	const struct identity *before = identity_find(source.before, source.before_count, "git");
	const struct identity *now =
		identity_find(source.found.identities, source.found.identity_count, "git");
	assert_non_null(before);
	assert_non_null(now);
	assert_true(bytes_equal_text(before->value, old));
	assert_true(bytes_equal_text(now->value, new));
	assert_int_equal(source.found.asked, source.is_asked);
	assert_int_equal(source.found.changed, strcmp(old, new) != 0);
}

static void
those_that_are_named_move_and_no_others(void **state)
{
	struct desk *desk = *state;
	static const char *const names[] = {"github:o/a", "<github:o/a>"};
	desk_write(desk, "default.cab", USES("\\(<github:o/a>) \\(<github:o/b>)"));
	for (size_t at = 0; at < 2; at++) {
		struct err failure;
		(void)unlinkat(desk->place.fd, LOCK, 0);
		desk->revision = FIRST;
		update(desk, NULL);
		desk->revision = SECOND;
		struct session *session = resolve(desk,
			&(struct session_options){.updates = &names[at], .update_count = 1},
			&failure);
		assert_string_equal(failure.text, "");
		assert_string_equal(buf_text(&arguments), "github o/a \n");
		expect_move(session, "github:o/a", FIRST, SECOND);
		expect_move(session, "github:o/b", FIRST, FIRST);
		session_close(session);
	}
	/* All of them, and one by one to the same. */
	struct err failure;
	const char *const both[] = {"github:o/b", "<github:o/a>", "github:o/b"};
	struct session *session = resolve(
		desk, &(struct session_options){.updates = both, .update_count = 3}, &failure);
	assert_string_equal(failure.text, "");
	expect_move(session, "github:o/a", SECOND, SECOND);
	expect_move(session, "github:o/b", FIRST, SECOND);
	session_close(session);
}

/* An island in another one's file has a key of its own, and is named by that or by its text. */
static void
one_in_a_fetched_file_is_named_by_its_key_or_its_text(void **state)
{
	struct desk *desk = *state;
	static const char *const names[] = {"github:o/in",
		"<file:https://h.example/x.cab>github:o/in>",
		"file:https://h.example/x.cab>github:o/in"};
	desk->revision = "<github:o/in>";
	desk->makes_files = true;
	desk_write(desk, "default.cab", "import <file:https://h.example/x.cab>");
	for (size_t at = 0; at < 3; at++) {
		struct session *session = open_noting(
			desk, &(struct session_options){.updates = &names[at], .update_count = 1});
		(void)desk_evaluate(session);
		struct session_source outer = desk_source(session, "file:https://h.example/x.cab");
		struct session_source inner =
			desk_source(session, "file:https://h.example/x.cab>github:o/in");
		good(session_check_named(session, &err));
		assert_true(inner.is_asked);
		assert_int_equal(session->islands.size, 2);
		for (size_t island = 0; island < 2; island++) {
			const struct session_island *met = session->islands.entries[island].value;
			assert_int_equal(
				session_is_named(session, met), bytes_equal(met->key, inner.text));
		}
		assert_true(outer.is_asked); /* it has no entry yet */
		session_close(session);
	}
}

static void
expect_not_met(struct desk *desk, const char *entry, const char *name, const char *sentence)
{
	struct err failure = {0};
	const char *const names[] = {name};
	desk_write(desk, "default.cab", entry);
	struct session *session =
		open_noting(desk, &(struct session_options){.updates = names, .update_count = 1});
	(void)eval_deep(session_evaluator(session), desk_evaluate(session));
	assert_false(session_check_named(session, &failure));
	assert_int_equal(failure.kind, ERR_NOT_FOUND);
	assert_string_equal(failure.text, sentence);
	assert_string_equal(buf_text(&arguments), "");
	session_close(session);
}

static void
what_was_not_met_is_told_with_what_was(void **state)
{
	struct desk *desk = *state;
	const char *two = "[<github:o/one>, <crates:hexyl>, <self>, <fs::/tmp>]";
	expect_not_met(
		desk, "1", "github:far/away", "the evaluation met no island <github:far/away>");
	expect_not_met(desk, two, "<gitlab:far/away>",
		"the evaluation met no island <gitlab:far/away>; it met <github:o/one>, "
		"<crates:hexyl>");
	expect_not_met(desk, two, "crates:hexyll",
		"the evaluation met no island <crates:hexyll>; the nearest is <crates:hexyl>; it "
		"met <github:o/one>, <crates:hexyl>");
	/* A local tree is what lies there now: it is not updated. */
	expect_not_met(desk, "<fs::/tmp>", "fs::/tmp1", "the evaluation met no island <fs::/tmp1>");
	/* Brackets are taken off in pairs. */
	expect_not_met(desk, "1", "<>", "the evaluation met no island <<>>");
	expect_not_met(desk, "1", "<far", "the evaluation met no island <<far>");
	expect_not_met(desk, "1", "far>", "the evaluation met no island <far>>");
	expect_not_met(desk, "1", "", "the evaluation met no island <>");
}

static void
what_the_lock_has_alone_is_told_to_be_pruned(void **state)
{
	struct desk *desk = *state;
	desk_write(desk, "default.cab", "<github:o/one>");
	update(desk, NULL);
	expect_not_met(desk, "1", "github:o/one",
		"the evaluation met no island <github:o/one>, though the lock has it: --prune "
		"would take it out");
	expect_not_met(desk, "1", "github:o/on",
		"the evaluation met no island <github:o/on>; the nearest is <github:o/one>; it "
		"met none");
}

static void
nothing_is_asked_or_written_where_one_was_not_met(void **state)
{
	struct desk *desk = *state;
	struct err failure;
	const char *const names[] = {"github:o/r", "github:o/other"};
	desk_write(desk, "default.cab", "<github:o/r>");
	struct session *session = resolve(
		desk, &(struct session_options){.updates = names, .update_count = 2}, &failure);
	assert_non_null(strstr(failure.text, "met no island <github:o/other>"));
	assert_string_equal(buf_text(&arguments), "");
	session_close(session);
	assert_string_equal(desk_read(desk, LOCK), "");
}

static void
one_is_asked_by_another_reference(void **state)
{
	struct desk *desk = *state;
	struct err failure;
	const char *const names[] = {"github:o/a@v1"};
	struct session_options options = {.updates = names, .update_count = 1, .update_to = "v2"};
	desk_write(desk, "default.cab", USES("\\(<github:o/a@v1>) \\(<github:o/b>)"));
	update(desk, NULL);
	desk->revision = SECOND;
	struct session *session = resolve(desk, &options, &failure);
	assert_string_equal(failure.text, "");
	assert_string_equal(buf_text(&arguments), "github o/a@v2 \n");
	expect_move(session, "github:o/a@v1", FIRST, SECOND);
	expect_move(session, "github:o/b", FIRST, FIRST);
	session_close(session);
	/* The entry stays under the island's own text. */
	assert_non_null(strstr(desk_read(desk, LOCK), "\"github:o/a@v1\""));
	assert_null(strstr(desk_read(desk, LOCK), "v2"));
}

static void
another_reference_is_for_a_repository_alone(void **state)
{
	struct desk *desk = *state;
	static const struct {
		const char *entry, *name, *reference, *sentence;
	} rows[] = {
		{"<crates:hexyl>", "crates:hexyl", "v2",
			"--update-to v2: <crates:hexyl> has no other reference: only islands of "
			"git have"},
		{"<github:o/r:{ revision = \"" FIRST "\", }>",
			"github:o/r:{ revision = \"" FIRST "\", }", "v2",
			"--update-to v2: <github:o/r:{ revision = \"" FIRST
			"\", }> names a revision in its own text: change it there"},
		{"<github:o/r>", "github:o/r", "v 2",
			"--update-to v 2: \"v 2\" is no name of a branch, tag or revision"},
		{"<github:o/r>", "github:o/r", "-v2",
			"--update-to -v2: \"-v2\" is no name of a branch, tag or revision"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct err failure = {0};
		struct plan_source source = {0};
		desk_write(desk, "default.cab", rows[at].entry);
		struct session *session =
			desk_open(desk, &(struct session_options){.updates = &rows[at].name,
						.update_count = 1,
						.update_to = rows[at].reference});
		(void)eval_deep(session_evaluator(session), desk_evaluate(session));
		const struct session_island *island = session->islands.entries[0].value;
		if (session_update_to(session, island, &source, &failure))
			fail_msg("%s is asked for %s", rows[at].name, rows[at].reference);
		assert_int_equal(failure.kind, ERR_REFUSED);
		assert_string_equal(failure.text, rows[at].sentence);
		assert_null(source.by);
		session_close(session);
	}
}

static void
without_a_reference_or_a_name_an_island_is_asked_as_it_is(void **state)
{
	struct desk *desk = *state;
	const char *const names[] = {"github:o/other"};
	const struct session_options rows[] = {{0}, {.updates = names, .update_count = 1},
		{.updates = names, .update_count = 1, .update_to = "v2"}};
	desk_write(desk, "default.cab", "<github:o/r>");
	for (size_t at = 0; at < 3; at++) {
		struct plan_source source = {0};
		struct session *session = desk_open(desk, &rows[at]);
		(void)desk_evaluate(session);
		good(session_update_to(session, session->islands.entries[0].value, &source, &err));
		assert_null(source.by);
		session_close(session);
	}
}

static void
lock_with(struct desk *desk, const char *const *keys, size_t count)
{
	struct identity identity = {BYTES_LITERAL("git"), BYTES_LITERAL(FIRST)};
	cleanup_lock struct lock lock = {0};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	for (size_t at = 0; at < count; at++) {
		struct lock_entry entry = {.key = bytes_text(keys[at]),
			.identities = &identity,
			.identity_count = 1,
			.has_pinned = keys[at][0] == 'd'};
		assert_true(lock_put(&lock, &entry));
	}
	lock_encode(&lock, &text);
	desk_write(desk, LOCK, buf_text(&text));
}

static void
what_was_not_met_is_pruned_in_the_order_of_the_lock(void **state)
{
	struct desk *desk = *state;
	static const char *const keys[] = {"derivation:d", "derivation:fixing", "derivation:gone",
		"derivation:one", "github:gone/first", "github:o/one", "github:z/last"};
	static const char *const gone[] = {"derivation:d", "derivation:gone", "derivation:one",
		"github:gone/first", "github:z/last"};
	/* Of derivations only one that fixes itself has an entry, and no island's by its object's name. */
	desk_write(desk, "default.cab",
		USES("\\(<github:o/one>) \\(derivation { name = \"fixing\", fixed = "
		     "\"self\", "
		     "program = \"/bin/sh\", requiredRealizerFeatures = "
		     "[\"host-root:debian-12\"], })"));
	lock_with(desk, keys, 7);
	struct session *session = desk_open(desk, NULL);
	session_goals goals = {0};
	good(session_find_goals(session, desk_evaluate(session), &goals, &err));
	session_prune(session);
	assert_int_equal(session_pruned_count(session), 5);
	for (size_t at = 0; at < 5; at++)
		if (!bytes_equal_text(session_pruned_at(session, at), gone[at]))
			fail_msg("%.*s, not %s", BYTES_ARGS(session_pruned_at(session, at)),
				gone[at]);
	assert_int_equal(session->lock.size, 2);
	assert_non_null(lock_find(&session->lock, BYTES_LITERAL("derivation:fixing")));
	assert_non_null(lock_find(&session->lock, BYTES_LITERAL("github:o/one")));
	/* Nothing more the second time. */
	session_prune(session);
	assert_int_equal(session_pruned_count(session), 5);
	session_goals_release(&goals);
	session_close(session);
}

static void
a_listing_is_asked_anew_and_locks_nothing(void **state)
{
	struct desk *desk = *state;
	desk_write(desk, "default.cab", "1");
	desk->makes_files = true;
	static const char *const listings[] = {"1111 v1\n", "1111 v1\n2222 v2\n"};
	for (size_t at = 0; at < 2; at++) {
		cleanup_versions struct versions out = VERSIONS;
		struct session *session = open_noting(desk, NULL);
		desk->revision = listings[at];
		good(session_list_versions(session, BYTES_LITERAL("<github:o/r>"), &out, &err));
		assert_int_equal(out.size, at + 1);
		assert_true(bytes_equal_text(out.rows[0].name, "v1"));
		assert_true(bytes_equal_text(out.rows[at].revision, at ? "2222" : "1111"));
		assert_string_equal(buf_text(&arguments), "github o/r versions=true \n");
		assert_int_equal(session_source_count(session), 0);
		session_close(session);
		assert_string_equal(desk_read(desk, LOCK), "");
	}
}

static void
a_listing_is_of_a_repository_or_a_package(void **state)
{
	struct desk *desk = *state;
	static const char *const rows[][2] = {{"file:https://host.example/a", "host.example/a"},
		{"<fs::/tmp>", "fs::/tmp"}, {"1 + 1", "1 + 1"}};
	desk_write(desk, "default.cab", "1");
	for (size_t at = 0; at < 3; at++) {
		struct err failure = {0};
		cleanup_versions struct versions out = VERSIONS;
		struct session *session = open_noting(desk, NULL);
		assert_false(
			session_list_versions(session, bytes_text(rows[at][0]), &out, &failure));
		if (!strstr(failure.text, rows[at][1]))
			fail_msg("%s", failure.text);
		assert_int_equal(out.size, 0);
		assert_string_equal(buf_text(&arguments), "");
		session_close(session);
	}
}

static void
a_listing_of_a_package_is_its_document(void **state)
{
	struct desk *desk = *state;
	struct err failure = {0};
	desk_write(desk, "default.cab", "1");
	desk->makes_files = true;
	static const char *const documents[] = {
		"{\"vers\":\"1.10.0\"}\n{\"vers\":\"1.9.0\"}\n", "<html>"};
	for (size_t at = 0; at < 2; at++) {
		cleanup_versions struct versions out = VERSIONS;
		struct session *session = open_noting(desk, NULL);
		desk->revision = documents[at];
		bool done = session_list_versions(
			session, BYTES_LITERAL("crates:itoa@1.0.0"), &out, &failure);
		assert_string_equal(buf_text(&arguments), "crates itoa versions=true \n");
		assert_int_equal(done, at == 0);
		assert_int_equal(out.size, at ? 0 : 2);
		if (!at)
			assert_true(bytes_equal_text(out.rows[1].name, "1.10.0"));
		session_close(session);
	}
	assert_int_equal(failure.kind, ERR_CORRUPT);
	assert_non_null(strstr(failure.text, "<crates:itoa@1.0.0> is no JSON"));
}

/* A realizer that knows the object and holds nothing of it. */
static void
say_nothing_held(void *context)
{
	struct realizer_job *job = context;
	const struct identity identity = {BYTES_LITERAL("cab"),
		BYTES_LITERAL("dnovgzh2gd7udjko2b25wfyhw7ogbdgekldf4kg4nvacav2qzxq5a")};
	struct realizer_output output = {.name = BYTES_LITERAL("out")};
	const struct realizer_result result = {.end = REALIZER_END_STOPPED,
		.outputs = &output,
		.output_count = 1,
		.identities = &identity,
		.identity_count = 1};
	struct realizer_listener listener = job->listener;
	free(job);
	listener.done(listener.context, &result, NULL);
}

static struct realizer_job *
hold_nothing(UNUSED struct realizer *realizer, const struct realizer_request *request,
	const struct realizer_listener *listener)
{
	struct realizer_job *job = memory_zero(1, sizeof *job);
	*job = (struct realizer_job){desk_now, desk_session, *request, *listener};
	(void)loop_after(session_loop(desk_session), 0, say_nothing_held, job);
	return job;
}

static void
a_listing_that_nobody_holds_is_an_error(void **state)
{
	struct desk *desk = *state;
	struct err failure = {0};
	cleanup_versions struct versions out = VERSIONS;
	desk_write(desk, "default.cab", "1");
	struct session *session = desk_open(desk, NULL);
	desk->operations.realize = hold_nothing;
	assert_false(session_list_versions(session, BYTES_LITERAL("github:o/r"), &out, &failure));
	assert_int_equal(failure.kind, ERR_CORRUPT);
	assert_string_equal(failure.text, "the listing of <github:o/r> is not in the store");
	session_close(session);
}

static void
what_lies_between_is_shown_where_there_is_a_page(void **state)
{
	struct desk *desk = *state;
	const struct bytes old = BYTES_LITERAL(FIRST);
	const struct bytes new = BYTES_LITERAL(SECOND);
	struct bytes url = {0};
	desk_write(desk, "default.cab", "[<github:o/r>, <crates:hexyl>]");
	struct session *session = desk_open(desk, NULL);
	(void)eval_deep(session_evaluator(session), desk_evaluate(session));
	assert_true(session_compare_url(
		session, desk_source(session, "github:o/r").island, old, new, &url));
	assert_true(bytes_equal_text(url, "https://github.com/o/r/compare/" FIRST "..." SECOND));
	assert_false(session_compare_url(
		session, desk_source(session, "crates:hexyl").island, old, new, &url));
	session_close(session);
}

/* What a fetch of SECOND leaves, whose only parent is FIRST. */
static void
add_memo(struct buf *out)
{
	const char *content = "tree " FIRST "\nparent " FIRST "\nauthor A <a> 1 +0000\n"
			      "committer C <c> 1000000000 +0200\n\nwords\n";
	buf_add_text(out, "cab git 1\n");
	for (size_t at = 0; at < 32; at++)
		buf_add_byte(out, at < 20 ? 0x22 : 0);
	buf_add_u32(out, (uint32_t)strlen(content));
	buf_add_text(out, content);
}

static void
the_commit_of_a_new_revision_is_read_from_its_memo(void **state)
{
	struct desk *desk = *state;
	struct err failure;
	struct memo_commit commit;
	struct table table;
	struct memo memo = {0};
	const struct bytes old = BYTES_LITERAL(FIRST);
	const struct bytes new = BYTES_LITERAL(SECOND);
	desk_write(desk, "default.cab", "<github:o/r>");
	struct session *session = resolve(desk, NULL, &failure);
	struct session_source source = desk_source(session, "github:o/r");
	assert_false(session_commit(session, &source, new, old, &commit));

	cleanup_object struct object object = add_text(session_store(session), "r", FIRST);
	cleanup_buf struct buf data = BUF(BUF_MAX);
	add_memo(&data);
	assert_true(session_source_table(session, &source, &table));
	assert_true(plan_resolved(session_plan(session), source.node, &memo.derivation));
	memo.program = table.program;
	memo.object = reference_of(&object);
	memo.hash = object.hash;
	memo.data = buf_bytes(&data);
	good(memo_put(session_store(session), &memo, &err));
	assert_true(session_commit(session, &source, new, old, &commit));
	assert_int_equal(commit.time, 1000000000);
	assert_int_equal(commit.commits, 1);
	/* It is the memo of another revision, or nothing was run for the source. */
	assert_false(session_commit(session, &source, old, old, &commit));
	source.node = SIZE_MAX;
	assert_false(session_commit(session, &source, new, old, &commit));
	session_close(session);
}

static int
release_arguments(UNUSED void **state)
{
	buf_release(&arguments);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		at_desk(those_that_are_named_move_and_no_others),
		at_desk(one_in_a_fetched_file_is_named_by_its_key_or_its_text),
		at_desk(what_was_not_met_is_told_with_what_was),
		at_desk(what_the_lock_has_alone_is_told_to_be_pruned),
		at_desk(nothing_is_asked_or_written_where_one_was_not_met),
		at_desk(one_is_asked_by_another_reference),
		at_desk(another_reference_is_for_a_repository_alone),
		at_desk(without_a_reference_or_a_name_an_island_is_asked_as_it_is),
		at_desk(what_was_not_met_is_pruned_in_the_order_of_the_lock),
		at_desk(a_listing_is_asked_anew_and_locks_nothing),
		at_desk(a_listing_is_of_a_repository_or_a_package),
		at_desk(a_listing_of_a_package_is_its_document),
		at_desk(a_listing_that_nobody_holds_is_an_error),
		at_desk(what_lies_between_is_shown_where_there_is_a_page),
		at_desk(the_commit_of_a_new_revision_is_read_from_its_memo),
	};
	return cmocka_run_group_tests_name("update", tests, NULL, release_arguments);
}
