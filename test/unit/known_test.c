/* SPDX-License-Identifier: MPL-2.0 */
/* A job by hand: no program runs, so what is decided of its lines is looked at alone. */
#include "realize/job.h"

#include "store/realization.h"
#include "store_fixture.h"

#define ID(f, v) ((struct identity){BYTES_LITERAL(f), bytes_text(v)})

struct bench {
	struct place *place;
	struct embedded embedded;
	struct derivation derivation;
	struct bytes input, output;
	struct realizer_job job;
};

static void
ignore_event(UNUSED void *context, UNUSED const struct realizer_event *event)
{
}

static void
bench_open(struct bench *bench, struct place *place, enum derivation_fixed fixed)
{
	*bench = (struct bench){.place = place};
	bench->input = BYTES_LITERAL("/cull/store/x-island.wasm");
	bench->output = BYTES_LITERAL("out");
	bench->embedded.settings.store = place->store;
	bench->embedded.settings.loop = loop_new();
	bench->derivation = (struct derivation){.name = BYTES_LITERAL("r"),
		.program = bench->input,
		.inputs = &bench->input,
		.input_count = 1,
		.outputs = &bench->output,
		.output_count = 1,
		.fixed = fixed};
	bench->job = (struct realizer_job){.embedded = &bench->embedded,
		.arena = ARENA,
		.pidfd = -1,
		.fifo = -1,
		.listener = {bench, ignore_event, NULL}};
	bench->job.request.derivation = &bench->derivation;
	bench->job.request.resolved = digest_of(BYTES_LITERAL("resolved"));
	bench->job.request.want = REALIZER_WANT_IDENTITY;
	known_prepare(&bench->job, bytes_of(NULL, 0));
}

static void
bench_close(struct bench *bench)
{
	loop_stop(bench->job.timer);
	arena_release(&bench->job.arena);
	loop_free(bench->embedded.settings.loop);
}

static void
say(struct bench *bench, const char *format, const char *value, const struct cab_hash *hash)
{
	table_put(&bench->job.table, bytes_text(format), bytes_text(value), hash, 1, 1);
}

/* What the tree of an island named "r" would be in the store. */
static struct object
add_output(struct place *place, const char *text)
{
	return add_text(place->store, "r", text);
}

static void
nothing_is_decided_by_what_nobody_knows(void **state)
{
	struct bench bench;
	bench_open(&bench, *state, DERIVATION_SELF);
	assert_false(known_decide(&bench.job, ID("git", "1")));
	assert_false(bench.job.known);
	assert_false(bench.job.failed);
	bench_close(&bench);
}

static void
an_identity_is_enough_where_only_that_is_wanted(void **state)
{
	struct bench bench;
	struct cab_hash hash = {'d', digest_of(BYTES_LITERAL("nowhere"))};
	bench_open(&bench, *state, DERIVATION_SELF);
	say(&bench, "git", "1", &hash);
	assert_false(known_decide(&bench.job, ID("git", "2")));
	assert_false(known_decide(&bench.job, ID("git-tree", "1")));
	assert_true(known_decide(&bench.job, ID("git", "1")));
	assert_true(cab_hash_equal(&bench.job.known_hash, &hash));
	assert_string_equal(bench.job.known_from, "store");
	/* A `cab` line is the program's end, never the run's. */
	bench.job.known = false;
	say(&bench, "cab", "x", &hash);
	assert_false(known_decide(&bench.job, ID("cab", "x")));
	bench_close(&bench);
}

static void
an_object_is_wanted_whole_and_here(void **state)
{
	struct place *place = *state;
	struct bench bench;
	cleanup_object struct object object = add_output(place, "text");
	struct cab_hash nowhere = {'d', digest_of(BYTES_LITERAL("nowhere"))};
	bench_open(&bench, place, DERIVATION_SELF);
	bench.job.request.want = REALIZER_WANT_OBJECT;
	say(&bench, "git", "1", &nowhere);
	say(&bench, "git", "2", &object.hash);
	assert_false(known_decide(&bench.job, ID("git", "1")));
	assert_false(bench.job.known);
	assert_true(known_decide(&bench.job, ID("git", "2")));
	assert_true(cab_hash_equal(&bench.job.known_hash, &object.hash));
	bench_close(&bench);
}

static void
what_the_caller_vouches_for_counts_first(void **state)
{
	struct bench bench;
	struct cab_hash ours = {'d', digest_of(BYTES_LITERAL("ours"))};
	struct cab_hash theirs = {'d', digest_of(BYTES_LITERAL("theirs"))};
	const struct realizer_known known = {ID("git", "1"), theirs};
	bench_open(&bench, *state, DERIVATION_SELF);
	bench.job.request.known = &known;
	bench.job.request.known_count = 1;
	say(&bench, "git", "1", &ours);
	assert_true(known_decide(&bench.job, ID("git", "1")));
	assert_true(cab_hash_equal(&bench.job.known_hash, &theirs));
	assert_string_equal(bench.job.known_from, "caller");
	bench_close(&bench);
}

static void
a_line_that_is_not_what_was_pinned_ends_the_run(void **state)
{
	struct bench bench;
	struct cab_hash hash = {'d', digest_of(BYTES_LITERAL("tree"))};
	struct cab_hash other = {'d', digest_of(BYTES_LITERAL("other"))};
	struct cab_hash_text text = cab_hash_print(&hash);
	const struct identity pin[] = {ID("git", "1"), ID("cab", text.text)};
	for (int fixed = 0; fixed < 2; fixed++) {
		bench_open(&bench, *state, fixed ? DERIVATION_FIXED : DERIVATION_SELF);
		if (fixed) {
			bench.derivation.identities = pin;
			bench.derivation.identity_count = 2;
		} else {
			bench.job.request.pin = pin;
			bench.job.request.pin_count = 2;
		}
		/* Another format is no contradiction. */
		assert_false(known_decide(&bench.job, ID("git-tree", "9")));
		/* Where table and pin disagree, what the fetch brings decides. */
		say(&bench, "git", "1", &other);
		assert_false(known_decide(&bench.job, ID("git", "1")));
		assert_false(bench.job.failed);
		say(&bench, "git-tree", "7", &hash);
		assert_true(known_decide(&bench.job, ID("git-tree", "7")));
		assert_true(known_decide(&bench.job, ID("git", "2")));
		assert_true(bench.job.failed);
		assert_int_equal(bench.job.err.kind, ERR_CORRUPT);
		assert_non_null(strstr(bench.job.err.text, "the lock says 1, the source says 2"));
		bench_close(&bench);
	}
}

static void
a_report_ends_at_its_first_line_and_a_proof_at_none(void **state)
{
	struct bench bench;
	struct cab_hash hash = {'d', digest_of(BYTES_LITERAL("tree"))};
	bench_open(&bench, *state, DERIVATION_SELF);
	bench.job.request.want = REALIZER_WANT_REPORT;
	assert_true(known_decide(&bench.job, ID("git", "1")));
	assert_true(bench.job.known);
	bench_close(&bench);
	bench_open(&bench, *state, DERIVATION_SELF);
	bench.job.request.want = REALIZER_WANT_PROOF;
	say(&bench, "git", "1", &hash);
	assert_false(known_decide(&bench.job, ID("git", "1")));
	assert_false(bench.job.known);
	bench_close(&bench);
}

/* It tells what it was pinned by, its Cab hash last, and who knew. */
static void
found_by(const struct realizer_result *result, const struct identity *pin, const char *cab)
{
	for (size_t at = 0; at + 1 < result->identity_count; at++)
		assert_true(identity_equal(result->identities[at], pin[at]));
	bool by_hash = bytes_equal_text(pin[result->identity_count - 1].format, "cab");
	const struct identity *last = &result->identities[result->identity_count - 1];
	assert_true(bytes_equal_text(last->format, "cab"));
	assert_true(bytes_equal_text(last->value, cab));
	assert_true(bytes_equal_text(result->known_from, by_hash ? "caller" : "store"));
}

static void
a_pinned_object_that_is_here_needs_no_run(void **state)
{
	struct place *place = *state;
	struct bench bench;
	cleanup_object struct object object = add_output(place, "text");
	struct cab_hash nowhere = {'d', digest_of(BYTES_LITERAL("nowhere"))};
	struct cab_hash_text text = cab_hash_print(&object.hash);
	struct cab_hash_text absent = cab_hash_print(&nowhere);
	const struct {
		struct identity pin[3];
		size_t count;
		bool found;
	} rows[] = {
		{{ID("cab", text.text)}, 1, true},
		{{ID("cab", absent.text)}, 1, false},
		{{ID("cab", "rubbish")}, 1, false},
		{{ID("git", "known")}, 1, true},
		{{ID("git", "unknown")}, 1, false},
		{{ID("git", "unknown"), ID("git-tree", "known")}, 2, true},
		/* Two identities of two contents are not of one object: a run says which. */
		{{ID("git", "other"), ID("git-tree", "known")}, 2, false},
		{{ID("git", "other"), ID("cab", text.text)}, 2, true},
		{{ID("", "")}, 0, false},
		/* The Cab hash is the last and the surest: a table's word does not stand for it. */
		{{ID("git", "known"), ID("cab", absent.text)}, 2, false},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		bench_open(&bench, place, DERIVATION_SELF);
		say(&bench, "git", "known", &object.hash);
		say(&bench, "git", "other", &nowhere);
		say(&bench, "git-tree", "known", &object.hash);
		bench.job.request.pin = rows[at].pin;
		bench.job.request.pin_count = rows[at].count;
		struct realizer_result result = {0};
		assert_int_equal(known_find(&bench.job, &result), rows[at].found);
		if (rows[at].found) {
			assert_int_equal(result.output_count, 1);
			assert_true(bytes_equal_text(
				result.outputs[0].path, store_path_print(&object.path, "r").text));
			assert_true(cab_hash_equal(&result.outputs[0].hash, &object.hash));
			found_by(&result, rows[at].pin, text.text);
		}
		bench_close(&bench);
	}
}

static void
an_ordinary_derivation_is_found_by_its_record_and_a_self_fixing_one_never(void **state)
{
	struct place *place = *state;
	cleanup_object struct object object = add_output(place, "text");
	struct realization realization = {.kind = REALIZATION_RESOLVED};
	struct realization_output *output = array_push(&realization.outputs);
	*output = (struct realization_output){.output = "out", .hash = object.hash};
	output->object = reference_of(&object);
	realization.derivation = digest_of(BYTES_LITERAL("resolved"));
	realization_put(place->store, &realization);
	realization_release(&realization);
	static const enum derivation_fixed kinds[] = {
		DERIVATION_ORDINARY, DERIVATION_FIXED, DERIVATION_SELF};
	for (size_t at = 0; at < 3; at++) {
		struct bench bench;
		struct realizer_result result = {0};
		bench_open(&bench, place, kinds[at]);
		assert_int_equal(known_find(&bench.job, &result), at < 2);
		assert_int_equal(result.identity_count, 0);
		/* Nor by another digest. */
		bench.job.request.resolved.bytes[0] ^= 1;
		assert_false(known_find(&bench.job, &result));
		bench_close(&bench);
	}
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(nothing_is_decided_by_what_nobody_knows),
		in_place(an_identity_is_enough_where_only_that_is_wanted),
		in_place(an_object_is_wanted_whole_and_here),
		in_place(what_the_caller_vouches_for_counts_first),
		in_place(a_line_that_is_not_what_was_pinned_ends_the_run),
		in_place(a_report_ends_at_its_first_line_and_a_proof_at_none),
		in_place(a_pinned_object_that_is_here_needs_no_run),
		in_place(an_ordinary_derivation_is_found_by_its_record_and_a_self_fixing_one_never),
	};
	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
