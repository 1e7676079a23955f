/* SPDX-License-Identifier: MPL-2.0 */
#include "plan_fixture.h"

static void
source_put(struct stage *stage, size_t node, const char *value)
{
	struct identity pin = {BYTES_LITERAL("git"), bytes_text(value)};
	plan_source(stage->plan, node, &(struct plan_source){.pin = &pin, .pin_count = 1});
}

static void
a_proof_runs_the_program_whatever_is_known(void **state)
{
	struct stage *stage = stage_new(*state);
	stage->report = "git 1111";
	size_t source = stage_fetch(stage, "one");
	source_put(stage, source, "1111");
	good(plan_build(stage->plan, &source, 1, &err));
	stage_asked(stage, "one object pin 1\n");
	struct plan_proof proof = {.node = source};
	good(plan_prove(stage->plan, &proof, 1, &err));
	stage_asked(stage, "one proof pin 1\n");
	assert_true(proof.held);
	assert_true(bytes_equal_text(proof.first.value, "1111"));
	stage_free(stage);
}

static void
a_proof_that_does_not_hold_leaves_the_others_alone(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t broken = stage_fetch(stage, "broken-one");
	size_t fine = stage_fetch(stage, "two");
	source_put(stage, broken, "1111");
	source_put(stage, fine, "2222");
	struct plan_proof proofs[] = {{.node = broken}, {.node = fine}};
	good(plan_prove(stage->plan, proofs, 2, &err));
	assert_false(proofs[0].held);
	assert_int_equal(proofs[0].err.kind, ERR_BUILD);
	assert_true(proofs[1].held);
	assert_int_equal(stage->cancelled, 0);
	/* Tried once more it is run once more, and told once more. */
	buf_truncate(&stage->asked, 0);
	good(plan_prove(stage->plan, proofs, 1, &err));
	stage_asked(stage, "broken-one proof pin 1\n");
	assert_false(proofs[0].held);
	stage_free(stage);
}

/* A program that fixes its own output and needs a source. */
static size_t
script_of(struct stage *stage, const char *name, size_t source)
{
	struct derivation script = stage_derivation(stage, name, &source, 1);
	script.fixed = DERIVATION_SELF;
	return stage_put(stage, &script, "");
}

static void
what_needs_a_source_that_does_not_hold_is_not_run(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t broken = stage_fetch(stage, "broken-one");
	size_t script = script_of(stage, "script", broken);
	source_put(stage, broken, "1111");
	source_put(stage, script, "1111");
	struct plan_proof proofs[] = {{.node = broken}, {.node = script}};
	for (int turn = 0; turn < 2; turn++) {
		good(plan_prove(stage->plan, proofs, 2, &err));
		stage_asked(stage, "broken-one proof pin 1\n");
		assert_false(proofs[0].held || proofs[1].held);
		assert_string_equal(proofs[1].err.text, "exited with 1");
	}
	stage_free(stage);
}

static void
a_proof_whose_input_failed_before_ends_no_other(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t broken = stage_fetch(stage, "broken-one");
	size_t script = script_of(stage, "script", broken);
	size_t fine = stage_fetch(stage, "two");
	source_put(stage, broken, "1111");
	source_put(stage, script, "1111");
	source_put(stage, fine, "2222");
	struct plan_proof first = {.node = broken};
	good(plan_prove(stage->plan, &first, 1, &err));
	assert_false(first.held);
	struct plan_proof proofs[] = {{.node = script}, {.node = fine}};
	good(plan_prove(stage->plan, proofs, 2, &err));
	assert_false(proofs[0].held);
	assert_int_equal(proofs[0].err.kind, ERR_BUILD);
	assert_true(proofs[1].held);
	stage_free(stage);
}

static void
a_proof_that_nobody_can_run_says_why(void **state)
{
	struct stage *stage = stage_new(*state);
	stage->machines[0].feature_count = 1;
	size_t source = stage_fetch(stage, "one");
	source_put(stage, source, "1111");
	struct plan_proof proof = {.node = source};
	good(plan_prove(stage->plan, &proof, 1, &err));
	assert_false(proof.held);
	assert_non_null(strstr(proof.err.text, "\"wasm\""));
	stage_free(stage);
}

static void
cancel_now(void *context)
{
	plan_cancel(context);
}

static void
an_interrupted_proof_fails_as_a_whole(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "stuck-one");
	source_put(stage, source, "1111");
	struct plan_proof proof = {.node = source};
	(void)loop_after(stage->loop, 1, cancel_now, stage->plan);
	bad(plan_prove(stage->plan, &proof, 1, &err), ERR_CANCELLED);
	assert_false(proof.held);
	stage_free(stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		plan_test(a_proof_runs_the_program_whatever_is_known),
		plan_test(a_proof_that_does_not_hold_leaves_the_others_alone),
		plan_test(what_needs_a_source_that_does_not_hold_is_not_run),
		plan_test(a_proof_whose_input_failed_before_ends_no_other),
		plan_test(a_proof_that_nobody_can_run_says_why),
		plan_test(an_interrupted_proof_fails_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
