/* SPDX-License-Identifier: MPL-2.0 */
#include "plan_fixture.h"

static const struct identity old_revision = {
	{(const uint8_t *)"git", 3}, {(const uint8_t *)"1111", 4}};

/* A lock entry of a source: its revision, and the Cab hash of what the realizer makes of it. */
static struct plan_source
entry_of(struct stage *stage, const char *name)
{
	struct identity *pin = arena_array(&stage->arena, struct identity, 2);
	pin[0] = old_revision;
	pin[1] = (struct identity){BYTES_LITERAL("cab"), stage_hash(stage, name)};
	return (struct plan_source){.pin = pin, .pin_count = 2};
}

static void
found_is(struct stage *stage, size_t node, const char *first, bool asked, bool changed)
{
	struct plan_found found = plan_found(stage->plan, node);
	assert_true(found.identity_count >= 1);
	struct bytes text = identity_print(&stage->arena, found.identities[0]);
	if (!bytes_equal_text(text, first))
		fail_msg("%.*s is not %s", BYTES_ARGS(text), first);
	assert_int_equal(found.asked, asked);
	assert_int_equal(found.changed, changed);
}

static void
unlocked_sources_are_asked_all_at_once_and_pinned_by_what_they_say(void **state)
{
	struct stage *stage = stage_new(*state);
	stage->report = "git 2222";
	size_t sources[2] = {stage_fetch(stage, "one"), stage_fetch(stage, "two")};
	size_t app = stage_add(stage, "app", sources, 2);
	for (size_t at = 0; at < 2; at++)
		plan_source(stage->plan, sources[at], &(struct plan_source){0});
	struct digest key;
	assert_false(plan_realization_key(stage->plan, app, &key));
	good(plan_ask(stage->plan, sources, 2, &err));
	assert_int_equal(stage->most, 2);
	assert_int_equal(stage->ended, 2);
	assert_true(plan_realization_key(stage->plan, app, &key));
	buf_truncate(&stage->asked, 0);
	for (size_t at = 0; at < 2; at++)
		found_is(stage, sources[at], "git 2222", true, true);
	/* A second question costs nothing. */
	good(plan_ask(stage->plan, sources, 2, &err));
	stage_asked(stage, "");
	good(plan_build(stage->plan, &app, 1, &err));
	/* The objects are there already, whoever made them: only the build runs. */
	stage_asked(stage, "app object\n");
	stage_free(stage);
}

static void
a_locked_source_is_not_asked_and_is_fetched_by_its_pin(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "one");
	struct identity pin[2] = {
		old_revision, {BYTES_LITERAL("cab"), stage_hash(stage, "elsewhere")}};
	plan_source(stage->plan, source, &(struct plan_source){.pin = pin, .pin_count = 2});
	/* The plan has copies. */
	pin[0].value = BYTES_LITERAL("9999");
	good(plan_ask(stage->plan, &source, 1, &err));
	stage_asked(stage, "");
	found_is(stage, source, "git 1111", false, false);
	good(plan_build(stage->plan, &source, 1, &err));
	stage_asked(stage, "one object pin 2\n");
	stage_free(stage);
}

static void
an_update_with_nothing_new_leaves_the_entry_as_it_was(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "one");
	struct plan_source entry = entry_of(stage, "one");
	entry.ask = true;
	stage->report = "git 1111";
	plan_source(stage->plan, source, &entry);
	good(plan_ask(stage->plan, &source, 1, &err));
	/* The entry's own pairs go along, so that the first line ends it. */
	stage_asked(stage, "one identity known 1\n");
	found_is(stage, source, "git 1111", true, false);
	assert_int_equal(plan_found(stage->plan, source).identity_count, 2);
	stage_free(stage);
}

static void
a_source_that_moved_is_told_as_changed(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "one");
	struct plan_source entry = entry_of(stage, "one");
	entry.ask = true;
	stage->report = "git 2222";
	plan_source(stage->plan, source, &entry);
	good(plan_ask(stage->plan, &source, 1, &err));
	found_is(stage, source, "git 2222", true, true);
	stage_free(stage);
}

static void
a_probe_is_answered_by_the_first_line_and_pins_nothing(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "one");
	size_t app = stage_add(stage, "app", &source, 1);
	stage->report = "git 2222";
	plan_source(stage->plan, source, &(struct plan_source){.probe = true});
	good(plan_ask(stage->plan, &source, 1, &err));
	stage_asked(stage, "one report\n");
	found_is(stage, source, "git 2222", true, true);
	assert_false(plan_found(stage->plan, source).has_hash);
	struct digest key;
	assert_false(plan_realization_key(stage->plan, app, &key));
	stage_free(stage);
}

static void
under_locked_a_source_without_an_entry_is_refused_by_its_text(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t sources[2] = {stage_fetch(stage, "one")};
	struct derivation own = stage_derivation(stage, "script", NULL, 0);
	own.fixed = DERIVATION_SELF;
	sources[1] = stage_put(stage, &own, "");
	for (size_t at = 0; at < 2; at++)
		plan_source(stage->plan, sources[at], &(struct plan_source){.locked = true});
	struct err err;
	assert_false(plan_ask(stage->plan, &sources[0], 1, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "entry for one, and --locked"));
	assert_false(plan_ask(stage->plan, &sources[1], 1, &err));
	assert_non_null(strstr(err.text, "entry for derivation:script, and --locked"));
	stage_asked(stage, "");
	stage_free(stage);
}

static void
a_checksum_in_the_text_is_a_pin_that_nobody_asks_for(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "one");
	size_t app = stage_add(stage, "app", &source, 1);
	struct identity sum = {BYTES_LITERAL("sha256.tar1"), BYTES_LITERAL("abab")};
	plan_source(stage->plan, source,
		&(struct plan_source){.pin = &sum, .pin_count = 1, .checksum = true});
	good(plan_ask(stage->plan, &source, 1, &err));
	stage_asked(stage, "");
	struct digest before, after;
	assert_true(plan_realization_key(stage->plan, app, &before));
	good(plan_build(stage->plan, &app, 1, &err));
	stage_asked(stage, "one object pin 1\napp object\n");
	/* Fetching finds its Cab hash: that is no other pin. */
	assert_true(plan_realization_key(stage->plan, app, &after));
	assert_true(digest_equal(&before, &after));
	stage_free(stage);
}

static void
a_program_that_fixes_itself_is_locked_for_one_pinned_digest_alone(void **state)
{
	struct stage *stage = stage_new(*state);
	struct derivation script = stage_derivation(stage, "script", NULL, 0);
	script.fixed = DERIVATION_SELF;
	size_t node = stage_put(stage, &script, "");
	struct plan_source entry = entry_of(stage, "script");
	struct digest pinned;
	size_t unknown;
	assert_int_equal(graph_pinned(stage->graph, node, &pinned, &unknown), GRAPH_KNOWN);

	entry.has_pinned = true;
	entry.pinned = pinned;
	plan_source(stage->plan, node, &entry);
	good(plan_ask(stage->plan, &node, 1, &err));
	stage_asked(stage, "");
	found_is(stage, node, "git 1111", false, false);

	stage_replan(stage);
	entry.pinned = digest_of(BYTES_LITERAL("another program"));
	plan_source(stage->plan, node, &entry);
	good(plan_ask(stage->plan, &node, 1, &err));
	/* Nothing of the entry goes along: it speaks of another program. */
	stage_asked(stage, "script identity\n");
	struct plan_found found = plan_found(stage->plan, node);
	assert_true(found.asked && found.changed && found.has_pinned);
	assert_true(digest_equal(&found.pinned, &pinned));
	stage_free(stage);
}

static void
a_source_that_needs_another_is_asked_after_it(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t island = stage_fetch(stage, "one");
	struct derivation script = stage_derivation(stage, "script", &island, 1);
	script.fixed = DERIVATION_SELF;
	size_t sources[2] = {stage_put(stage, &script, ""), island};
	for (size_t at = 0; at < 2; at++)
		plan_source(stage->plan, sources[at], &(struct plan_source){0});
	good(plan_ask(stage->plan, sources, 2, &err));
	stage_asked(stage, "one identity\nscript identity\n");
	stage_free(stage);
}

static void
a_source_that_cannot_be_asked_fails_the_question_by_name(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "broken-source");
	plan_source(stage->plan, source, &(struct plan_source){0});
	struct err err;
	assert_false(plan_ask(stage->plan, &source, 1, &err));
	assert_string_equal(err.text, "<broken-source>: exited with 1");
	assert_int_equal(plan_found(stage->plan, source).identity_count, 0);
	stage_free(stage);
}

static void
a_plan_at_rest_finds_what_is_there_and_runs_nothing(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t source = stage_fetch(stage, "one");
	size_t app = stage_add(stage, "app", &source, 1);
	struct plan_source entry = entry_of(stage, "one");
	plan_source(stage->plan, source, &entry);
	good(plan_build(stage->plan, &app, 1, &err));
	stage_replan(stage);
	size_t other = stage_fetch(stage, "two");
	plan_source(stage->plan, source, &entry);
	plan_source(stage->plan, other, &(struct plan_source){0});
	plan_rest(stage->plan);
	struct derivation resolved;
	assert_true(plan_resolve(stage->plan, app, &resolved));
	good(plan_build(stage->plan, &app, 1, &err));
	bad(plan_ask(stage->plan, &other, 1, &err), ERR_REFUSED);
	stage_asked(stage, "");
	stage_free(stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		plan_test(unlocked_sources_are_asked_all_at_once_and_pinned_by_what_they_say),
		plan_test(a_locked_source_is_not_asked_and_is_fetched_by_its_pin),
		plan_test(an_update_with_nothing_new_leaves_the_entry_as_it_was),
		plan_test(a_source_that_moved_is_told_as_changed),
		plan_test(a_probe_is_answered_by_the_first_line_and_pins_nothing),
		plan_test(under_locked_a_source_without_an_entry_is_refused_by_its_text),
		plan_test(a_checksum_in_the_text_is_a_pin_that_nobody_asks_for),
		plan_test(a_program_that_fixes_itself_is_locked_for_one_pinned_digest_alone),
		plan_test(a_source_that_needs_another_is_asked_after_it),
		plan_test(a_source_that_cannot_be_asked_fails_the_question_by_name),
		plan_test(a_plan_at_rest_finds_what_is_there_and_runs_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
