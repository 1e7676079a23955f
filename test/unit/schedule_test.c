/* SPDX-License-Identifier: MPL-2.0 */
#include "plan_fixture.h"

static void
what_is_needed_runs_first_and_its_paths_stand_in_what_needs_it(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t needs[2] = {stage_add(stage, "zlib", NULL, 0)};
	needs[1] = stage_add(stage, "curl", needs, 1);
	size_t app = stage_add(stage, "app", needs, 2);
	good(plan_build(stage->plan, &app, 1, &err));
	stage_asked(stage, "zlib object\ncurl object\napp object\n");
	assert_non_null(strstr(buf_text(&stage->brought), "curl\n"));
	size_t count = 0;
	const struct realizer_output *outputs = plan_outputs(stage->plan, app, &count);
	assert_int_equal(count, 1);
	assert_true(bytes_equal_text(outputs[0].name, "out"));
	assert_string_equal(plan_realizer(stage->plan, app), "first");
	assert_int_equal(stage->ended, 3);
	stage_free(stage);
}

static void
no_more_native_programs_run_at_once_than_there_are_jobs(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t many[9];
	for (size_t at = 0; at < 9; at++)
		many[at] = stage_add(stage, arena_format(&stage->arena, "part-%zu", at), NULL, 0);
	good(plan_build(stage->plan, many, 9, &err));
	assert_int_equal(stage->ended, 9);
	assert_int_equal(stage->most, 2);
	stage_free(stage);
}

static void
fetches_take_no_job_but_have_a_ceiling_of_their_own(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t many[FIXTURE_FETCHES + 5];
	for (size_t at = 0; at < FIXTURE_FETCHES + 5; at++)
		many[at] = stage_fetch(stage, arena_format(&stage->arena, "part-%zu", at));
	good(plan_ask(stage->plan, many, FIXTURE_FETCHES + 5, &err));
	assert_int_equal(stage->ended, FIXTURE_FETCHES + 5);
	assert_int_equal(stage->most, FIXTURE_FETCHES);
	stage_free(stage);
}

static void
the_first_failure_ends_what_runs_and_is_told_with_its_name(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t needs[3] = {stage_add(stage, "stuck", NULL, 0), stage_add(stage, "broken", NULL, 0),
		stage_add(stage, "late", NULL, 0)};
	size_t app = stage_add(stage, "app", needs, 3);
	struct plan_setup setup = stage->setup;
	stage->setup.jobs = 3;
	stage_replan(stage);
	struct err failure;
	assert_false(plan_build(stage->plan, &app, 1, &failure));
	assert_int_equal(failure.kind, ERR_BUILD);
	assert_string_equal(failure.text, "broken: exited with 1");
	assert_null(strstr(buf_text(&stage->asked), "app"));
	assert_true(stage->cancelled >= 1);
	/* What was made durable by then stays so. */
	assert_int_equal(stage->settled, 1);
	size_t count;
	assert_null(plan_outputs(stage->plan, app, &count));
	stage->setup = setup;
	stage_free(stage);
}

static void
with_keep_going_all_is_made_that_does_not_need_what_failed(void **state)
{
	struct stage *stage = stage_new(*state);
	stage->setup.keep_going = true;
	stage->setup.jobs = 1;
	stage_replan(stage);
	size_t broken = stage_add(stage, "broken", NULL, 0);
	size_t fine = stage_add(stage, "fine", NULL, 0);
	size_t near = stage_add(stage, "near", &broken, 1);
	size_t far = stage_add(stage, "far", &near, 1);
	size_t other = stage_add(stage, "other", &fine, 1);
	size_t goals[] = {far, other};
	struct err failure;
	assert_false(plan_build(stage->plan, goals, 2, &failure));
	assert_string_equal(failure.text, "broken: exited with 1");
	assert_null(strstr(buf_text(&stage->asked), "near"));
	assert_null(strstr(buf_text(&stage->asked), "far"));
	size_t count;
	assert_non_null(plan_outputs(stage->plan, other, &count));
	assert_null(plan_outputs(stage->plan, far, &count));
	stage_free(stage);
}

static void
cancel_now(void *context)
{
	plan_cancel(context);
}

static void
a_cancelled_plan_ends_what_runs_and_starts_nothing(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t stuck = stage_add(stage, "stuck", NULL, 0);
	size_t app = stage_add(stage, "app", &stuck, 1);
	(void)loop_after(stage->loop, 1, cancel_now, stage->plan);
	bad(plan_build(stage->plan, &app, 1, &err), ERR_CANCELLED);
	assert_int_equal(stage->cancelled, 1);
	stage_asked(stage, "stuck object\n");
	size_t other = stage_add(stage, "other", NULL, 0);
	bad(plan_build(stage->plan, &other, 1, &err), ERR_CANCELLED);
	stage_asked(stage, "");
	stage_free(stage);
}

static void
a_feature_that_nobody_offers_is_named_and_nothing_is_run_for_it(void **state)
{
	struct stage *stage = stage_new(*state);
	struct derivation kvm = stage_derivation(stage, "machine", NULL, 0);
	static const struct bytes features[] = {
		{(const uint8_t *)HOST, sizeof HOST - 1}, {(const uint8_t *)"kvm", 3}};
	kvm.features = features;
	kvm.feature_count = 2;
	size_t node = stage_put(stage, &kvm, "");
	struct err failure;
	assert_false(plan_build(stage->plan, &node, 1, &failure));
	assert_int_equal(failure.kind, ERR_REFUSED);
	assert_string_equal(failure.text, "machine: no realizer offers the feature \"kvm\"");
	stage_asked(stage, "");

	/* One that has all of them is taken, wherever it stands. */
	stage->machines[1].features[0] = stage->machines[0].features[0];
	stage->machines[1].features[1].name = BYTES_LITERAL("kvm");
	stage->machines[1].feature_count = 2;
	stage->setup.realizer_count = 2;
	stage_replan(stage);
	good(plan_build(stage->plan, &node, 1, &err));
	assert_string_equal(plan_realizer(stage->plan, node), "second");
	stage_free(stage);
}

static void
an_input_that_cannot_be_brought_fails_the_build_with_its_path(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t hello = stage_add(stage, "hello", NULL, 0);
	size_t app = stage_add(stage, "app", &hello, 1);
	stage->unbrought = true;
	struct err failure;
	assert_false(plan_build(stage->plan, &app, 1, &failure));
	assert_non_null(strstr(failure.text, "app: input /cull/store/"));
	assert_non_null(strstr(failure.text, "-hello: the wire is cut"));
	stage_asked(stage, "hello object\n");
	stage_free(stage);
}

static void
what_is_not_durable_is_not_promised(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t hello = stage_add(stage, "hello", NULL, 0);
	stage->unsettled = true;
	struct err failure;
	assert_false(plan_build(stage->plan, &hello, 1, &failure));
	assert_string_equal(failure.text, "no room");
	/* A failure of the build itself is the better sentence. */
	size_t broken = stage_add(stage, "broken", NULL, 0);
	assert_false(plan_build(stage->plan, &broken, 1, &failure));
	assert_string_equal(failure.text, "broken: exited with 1");
	assert_int_equal(stage->settled, 2);
	stage_free(stage);
}

static void
a_long_chain_that_fails_at_its_start_fails_to_its_end(void **state)
{
	struct stage *stage = stage_new(*state);
	stage->setup.keep_going = true;
	stage_replan(stage);
	size_t last = stage_add(stage, "broken", NULL, 0);
	for (size_t at = 0; at < 3000; at++)
		last = stage_add(stage, arena_format(&stage->arena, "link-%zu", at), &last, 1);
	struct err failure;
	assert_false(plan_build(stage->plan, &last, 1, &failure));
	assert_string_equal(failure.text, "broken: exited with 1");
	stage_asked(stage, "broken object\n");
	/* Wanted again it fails again, and runs nothing. */
	assert_false(plan_build(stage->plan, &last, 1, &failure));
	stage_asked(stage, "");
	stage_free(stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		plan_test(what_is_needed_runs_first_and_its_paths_stand_in_what_needs_it),
		plan_test(no_more_native_programs_run_at_once_than_there_are_jobs),
		plan_test(fetches_take_no_job_but_have_a_ceiling_of_their_own),
		plan_test(the_first_failure_ends_what_runs_and_is_told_with_its_name),
		plan_test(with_keep_going_all_is_made_that_does_not_need_what_failed),
		plan_test(a_cancelled_plan_ends_what_runs_and_starts_nothing),
		plan_test(a_feature_that_nobody_offers_is_named_and_nothing_is_run_for_it),
		plan_test(an_input_that_cannot_be_brought_fails_the_build_with_its_path),
		plan_test(what_is_not_durable_is_not_promised),
		plan_test(a_long_chain_that_fails_at_its_start_fails_to_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
