/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/hint.h"

#include "base/fd.h"
#include "realize/job.h"
#include "store_fixture.h"

#define MODULE "/cull/store/p2ajiett4xyjt5bg46ht7uivvv5nnxw4gpyvillmenbxldxnilxa-island.wasm"

/* A job that was not started: what a hint looks at, and no more. */
struct run {
	struct place *place;
	struct embedded embedded;
	struct derivation derivation;
	struct object former;
	struct realizer_job job;
	char said[256];
};

static void
on_event(void *context, const struct realizer_event *event)
{
	struct run *run = context;
	if (event->kind == REALIZER_EVENT_LOG)
		(void)snprintf(run->said, sizeof run->said, "%.*s", BYTES_ARGS(event->text));
}

static struct object
add_kept(struct store *store, const char *text)
{
	struct staging staging = stage(store);
	put(staging.folder, "out/a/file", text, 0644);
	struct object object = {0};
	struct store_add_options options = {.name = "kept", .keep_nodes = true};
	good(store_add(store, staging.folder, "out", &options, &object, &err));
	store_unstage(&staging);
	return object;
}

static struct memo
memo_of(const struct run *run, const struct object *object)
{
	return (struct memo){
		.program = run->job.table.program,
		.derivation = run->job.request.resolved,
		.object = reference_of(object),
		.hash = object->hash,
		.identities = {{BYTES_LITERAL("git"), BYTES_LITERAL("1f0c")},
			{BYTES_LITERAL("git-tree"), BYTES_LITERAL("9ab1")}},
		.identity_count = 2,
		.data = BYTES_LITERAL("what the former run left"),
	};
}

/* A former object, the memo of its run, and the table's word for both identities. */
static int
run_setup(void **state)
{
	struct run *run = memory_zero(1, sizeof *run);
	void *place = NULL;
	assert_int_equal(place_setup(&place), 0);
	run->place = place;
	run->embedded.settings.store = run->place->store;
	run->embedded.settings.module_path = BYTES_LITERAL(MODULE);
	run->derivation = (struct derivation){
		.fixed = DERIVATION_SELF, .program = BYTES_LITERAL(MODULE), .output_count = 1};
	struct realizer_job *job = &run->job;
	job->embedded = &run->embedded;
	job->listener = (struct realizer_listener){.context = run, .event = on_event};
	job->request = (struct realizer_request){.derivation = &run->derivation,
		.resolved = digest_of(BYTES_LITERAL("resolved")),
		.want = REALIZER_WANT_OBJECT};
	job->table = (struct table){.store = run->place->store,
		.program = digest_of(BYTES_LITERAL("program")),
		.scope = job->request.resolved};
	job->arena = ARENA;
	assert_int_equal(mkdirat(run->place->fd, "build", 0700), 0);
	job->build = openat(run->place->fd, "build", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(job->build >= 0);

	run->former = add_kept(run->place->store, "former");
	struct memo memo = memo_of(run, &run->former);
	good(memo_put(run->place->store, &memo, &err));
	for (size_t at = 0; at < memo.identity_count; at++)
		table_put(&job->table, memo.identities[at].format, memo.identities[at].value,
			&run->former.hash, 6, 1);
	*state = run;
	return 0;
}

static int
run_teardown(void **state)
{
	struct run *run = *state;
	void *place = run->place;
	hint_release(&run->job);
	object_release(&run->former);
	arena_release(&run->job.arena);
	fd_close(run->job.build);
	assert_int_equal(place_teardown(&place), 0);
	free(run);
	return 0;
}

static void
expect_file(const struct run *run, const char *name, struct bytes head)
{
	cleanup_buf struct buf file = BUF(1 << 20);
	good(fd_read_file(run->job.build, name, &file, &err));
	assert_true(bytes_has_prefix(buf_bytes(&file), head));
}

static void
what_a_run_left_is_offered_and_laid_out_when_it_is_looked_for(void **state)
{
	struct run *run = *state;
	struct hint *hint = &run->job.hint;
	char text[512];
	hint_prepare(&run->job);
	assert_true(hint->offered && !hint->given);
	(void)snprintf(text, sizeof text, "CAB_HINT=git 1f0c\ngit-tree 9ab1\ncab %s\n",
		cab_hash_print(&run->former.hash).text);
	assert_string_equal(hint->identities, text);
	(void)snprintf(text, sizeof text, "CAB_FORMER=/cull/store/%s", hint->name);
	assert_string_equal(hint->former, text);
	assert_int_equal(faccessat(run->job.build, "former.memo", F_OK, 0), -1);
	assert_int_equal(faccessat(run->job.build, "former.nodes", F_OK, 0), -1);

	hint_give(&run->job);
	assert_true(hint->given);
	expect_file(run, "former.memo", BYTES_LITERAL("what the former run left"));
	expect_file(run, "former.nodes", BYTES_LITERAL("cab nodes 1\n"));
	/* Asked again, it is as it was. */
	hint_give(&run->job);
	assert_true(hint->given);
}

static void
nothing_is_offered_but_to_the_islands_module_that_fixes_itself(void **state)
{
	struct run *run = *state;
	run->derivation.program = BYTES_LITERAL("/cull/store/another.wasm");
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	run->derivation.program = BYTES_LITERAL(MODULE);
	run->derivation.fixed = DERIVATION_FIXED;
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	run->derivation.fixed = DERIVATION_SELF;
	run->job.request.want = REALIZER_WANT_PROOF;
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	hint_give(&run->job);
	assert_false(run->job.hint.given);
	assert_int_equal(faccessat(run->job.build, "former.memo", F_OK, 0), -1);
}

static void
the_table_alone_says_what_an_object_is(void **state)
{
	struct run *run = *state;
	cleanup_object struct object other = add_kept(run->place->store, "other");
	struct memo memo = memo_of(run, &run->former);
	/* The second identity is another object's. */
	memo.identities[1].value = BYTES_LITERAL("77aa");
	table_put(&run->job.table, BYTES_LITERAL("git-tree"), BYTES_LITERAL("77aa"), &other.hash, 5,
		1);
	good(memo_put(run->place->store, &memo, &err));
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	/* One that the table does not know. */
	memo.identities[1].value = BYTES_LITERAL("unknown");
	good(memo_put(run->place->store, &memo, &err));
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	/* None at all. */
	memo.identity_count = 0;
	good(memo_put(run->place->store, &memo, &err));
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	/* The first alone is enough. */
	memo.identity_count = 1;
	good(memo_put(run->place->store, &memo, &err));
	hint_prepare(&run->job);
	assert_true(run->job.hint.offered);
}

static void
an_object_that_is_another_is_not_offered(void **state)
{
	struct run *run = *state;
	struct memo memo = memo_of(run, &run->former);
	(void)stpcpy(memo.object.name, "renamed");
	good(memo_put(run->place->store, &memo, &err));
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	object_release(&run->job.hint.object);
	cleanup_object struct object other = add_kept(run->place->store, "other");
	memo = memo_of(run, &run->former);
	memo.object = reference_of(&other);
	good(memo_put(run->place->store, &memo, &err));
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
	object_release(&run->job.hint.object);
	memo.object.path = digest_of(BYTES_LITERAL("nowhere"));
	good(memo_put(run->place->store, &memo, &err));
	hint_prepare(&run->job);
	assert_false(run->job.hint.offered);
}

static void
what_is_gone_since_it_was_offered_is_not_given(void **state)
{
	struct run *run = *state;
	hint_prepare(&run->job);
	assert_true(run->job.hint.offered);
	cleanup_object struct object other = add_kept(run->place->store, "other");
	struct memo memo = memo_of(run, &other);
	good(memo_put(run->place->store, &memo, &err));
	hint_give(&run->job);
	assert_false(run->job.hint.given);
	assert_int_equal(faccessat(run->job.build, "former.memo", F_OK, 0), -1);
}

static void
what_is_left_counts_only_as_a_file(void **state)
{
	struct run *run = *state;
	struct output_work work = {.store = run->place->store};
	good(hint_finish(&run->job, &work, &err));
	assert_false(work.keep_nodes);
	put(run->place->fd, "secret", "the realizer's", 0600);
	assert_int_equal(symlinkat("../secret", run->job.build, "memo"), 0);
	good(hint_finish(&run->job, &work, &err));
	assert_false(work.keep_nodes);
	assert_int_equal(unlinkat(run->job.build, "memo", 0), 0);
	assert_int_equal(mkfifoat(run->job.build, "memo", 0600), 0);
	good(hint_finish(&run->job, &work, &err));
	assert_false(work.keep_nodes);
	assert_int_equal(unlinkat(run->job.build, "memo", 0), 0);
	put(run->job.build, "memo", "for the next", 0600);
	/* Without a hint nothing can be reused, whatever is asked for. */
	put(run->job.build, "reuse", "no recipe", 0600);
	good(hint_finish(&run->job, &work, &err));
	assert_true(work.keep_nodes);
	assert_null(work.reuse);
}

static void
a_recipe_is_followed_where_a_hint_was_given_and_else_refused(void **state)
{
	struct run *run = *state;
	static const char *const names[] = {"out"};
	struct output_work work = {
		.store = run->place->store, .folder = run->job.build, .names = names};
	hint_prepare(&run->job);
	hint_give(&run->job);
	assert_int_equal(mkdirat(run->job.build, "out", 0700), 0);
	good(fd_replace_file(
		run->job.build, "reuse", BYTES_LITERAL("a/file\0taken\0"), 0600, &err));
	good(hint_finish(&run->job, &work, &err));
	assert_ptr_equal(work.reuse, &run->job.hint.reuse);
	expect_file(run, "out/taken", BYTES_LITERAL("former"));
	reuse_release(&run->job.hint.reuse);
	good(fd_replace_file(run->job.build, "reuse", BYTES_LITERAL("no recipe"), 0600, &err));
	bad(hint_finish(&run->job, &work, &err), ERR_REFUSED);
}

static void
what_a_run_left_is_kept_with_its_object_until_a_run_fails(void **state)
{
	struct run *run = *state;
	struct memo found;
	cleanup_object struct object made = add_kept(run->place->store, "made");
	run->job.hint.memo = BUF(MEMO_MAX);
	buf_add_text(&run->job.hint.memo, "newer");
	cleanup_buf struct buf lines = BUF(1024);
	buf_format(&lines, "git 77aa\ncab %s\n", cab_hash_print(&made.hash).text);
	good(report_feed(&run->job.report, buf_bytes(&lines), &err));
	struct identity identity;
	while (report_next(&run->job.report, &identity))
		;
	hint_keep(&run->job, &made);
	good(memo_find(run->place->store, &run->job.table.program, &run->job.request.resolved,
		&found, &err));
	assert_true(bytes_equal_text(found.data, "newer"));
	assert_true(cab_hash_equal(&found.hash, &made.hash));
	/* Its Cab hash is the object's own. */
	assert_int_equal(found.identity_count, 1);
	assert_true(bytes_equal_text(found.identities[0].value, "77aa"));
	memo_release(&found);

	hint_drop(&run->job);
	good(memo_find(run->place->store, &run->job.table.program, &run->job.request.resolved,
		&found, &err));
	memo_release(&found);
	log_open(&run->job.log, -1, 0);
	run->job.hint.given = true;
	hint_drop(&run->job);
	log_release(&run->job.log);
	assert_non_null(strstr(run->said, "which it will not have again"));
	bad(memo_find(run->place->store, &run->job.table.program, &run->job.request.resolved,
		    &found, &err),
		ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, run_setup, run_teardown)
		TEST(what_a_run_left_is_offered_and_laid_out_when_it_is_looked_for),
		TEST(nothing_is_offered_but_to_the_islands_module_that_fixes_itself),
		TEST(the_table_alone_says_what_an_object_is),
		TEST(an_object_that_is_another_is_not_offered),
		TEST(what_is_gone_since_it_was_offered_is_not_given),
		TEST(what_is_left_counts_only_as_a_file),
		TEST(a_recipe_is_followed_where_a_hint_was_given_and_else_refused),
		TEST(what_a_run_left_is_kept_with_its_object_until_a_run_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
