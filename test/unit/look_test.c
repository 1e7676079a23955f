/* SPDX-License-Identifier: MPL-2.0 */
#include "plan_fixture.h"

static void
what_was_built_once_is_found_by_one_look_up(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t hello = stage_add(stage, "hello", NULL, 0);
	size_t app = stage_add(stage, "app", &hello, 1);
	assert_false(plan_is_realized(stage->plan, app));
	good(plan_build(stage->plan, &app, 1, &err));
	good(store_sync(stage->place->store, &err));

	/* Its input is gone: nobody asks for it. */
	size_t count;
	struct bytes path =
		arena_copy(&stage->arena, plan_outputs(stage->plan, hello, &count)->path);
	struct digest resolved, found;
	assert_true(plan_resolved(stage->plan, app, &resolved));
	stage_replan(stage);
	good(path_remove(AT_FDCWD,
		arena_format(&stage->arena, "%s/store/%.*s", stage->place->root,
			BYTES_ARGS(bytes_from(path, strlen("/cull/store/")))),
		&err));
	assert_true(plan_is_realized(stage->plan, app));
	good(plan_build(stage->plan, &app, 1, &err));
	stage_asked(stage, "");
	assert_true(plan_resolved(stage->plan, app, &found));
	assert_true(digest_equal(&found, &resolved));
	assert_null(plan_outputs(stage->plan, hello, &count));
	stage_free(stage);
}

static void
a_realization_whose_object_is_gone_is_made_again(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t app = stage_add(stage, "app", NULL, 0);
	good(plan_build(stage->plan, &app, 1, &err));
	good(store_sync(stage->place->store, &err));
	size_t count;
	struct bytes path = arena_copy(&stage->arena, plan_outputs(stage->plan, app, &count)->path);
	stage_replan(stage);
	char *name = arena_format(&stage->arena, "%s/store/%.*s", stage->place->root,
		BYTES_ARGS(bytes_from(path, strlen("/cull/store/"))));
	good(path_remove(AT_FDCWD, name, &err));
	place_reopen(stage->place);
	stage->setup.store = stage->place->store;
	stage_replan(stage);
	assert_false(plan_is_realized(stage->plan, app));
	good(plan_build(stage->plan, &app, 1, &err));
	stage_asked(stage, "app object\n");
	stage_free(stage);
}

static void
another_host_is_another_pinned_digest(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t app = stage_add(stage, "app", NULL, 0);
	struct digest keys[2];
	struct digest resolved[2];
	for (size_t at = 0; at < 2; at++) {
		stage->machines[0].features[0].annotation =
			at ? BYTES_LITERAL("packages-2") : BYTES_LITERAL("packages-1");
		stage_replan(stage);
		good(plan_build(stage->plan, &app, 1, &err));
		stage_asked(stage, "app object\n");
		assert_true(plan_realization_key(stage->plan, app, &keys[at]));
		assert_true(plan_resolved(stage->plan, app, &resolved[at]));
	}
	assert_false(digest_equal(&keys[0], &keys[1]));
	assert_false(digest_equal(&resolved[0], &resolved[1]));
	stage_free(stage);
}

/* Puts another object under a key, as another process would that built it otherwise. */
static void
replace_realization(struct stage *stage, const struct digest *key, const struct object *other)
{
	struct digest_text text = digest_print(key);
	cleanup_realization struct realization record = {0};
	good(realization_find(stage->place->store, key, &record, &err));
	record.outputs.data[0].object = reference_of(other);
	record.outputs.data[0].hash = other->hash;
	assert_int_equal(unlink(arena_format(&stage->arena, "%s/realizations/%.2s/%s",
				 stage->place->root, text.text, text.text)),
		0);
	struct store *store = NULL;
	good((store = store_open(stage->place->root, 0, &err)));
	realization_put(store, &record);
	good(store_sync(store, &err));
	store_close(store);
}

static void
a_record_that_contradicts_a_choice_of_this_run_is_not_taken(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t hello = stage_add(stage, "hello", NULL, 0);
	size_t app = stage_add(stage, "app", &hello, 1);
	good(plan_build(stage->plan, &app, 1, &err));
	struct object other = add_text(stage->place->store, "hello", "not what it was");
	good(store_sync(stage->place->store, &err));

	stage_replan(stage);
	good(plan_build(stage->plan, &hello, 1, &err));
	struct digest key;
	assert_true(plan_realization_key(stage->plan, hello, &key));
	replace_realization(stage, &key, &other);
	good(plan_build(stage->plan, &app, 1, &err));
	stage_asked(stage, "app object\n");

	/* A run that takes the other from the start finds what was made of it. */
	stage_replan(stage);
	size_t count;
	good(plan_build(stage->plan, &hello, 1, &err));
	struct store_path path = store_path_print(&other.path, other.name);
	assert_true(bytes_equal_text(plan_outputs(stage->plan, hello, &count)->path, path.text));
	good(plan_build(stage->plan, &app, 1, &err));
	stage_asked(stage, "");
	stage_free(stage);
}

static void
an_output_of_known_hash_is_found_by_its_name_and_hash_alone(void **state)
{
	struct stage *stage = stage_new(*state);
	struct derivation fixed = stage_derivation(stage, "image", NULL, 0);
	struct identity identity = {BYTES_LITERAL("cab"), stage_hash(stage, "image")};
	fixed.fixed = DERIVATION_FIXED;
	fixed.identities = &identity;
	fixed.identity_count = 1;
	size_t node = stage_put(stage, &fixed, "");
	good(plan_build(stage->plan, &node, 1, &err));
	stage_asked(stage, "");
	/* The same bytes under another name are another object. */
	fixed.name = BYTES_LITERAL("picture");
	size_t other = stage_put(stage, &fixed, "");
	good(plan_build(stage->plan, &other, 1, &err));
	stage_asked(stage, "picture object\n");
	struct digest key;
	assert_false(plan_realization_key(stage->plan, node, &key));
	stage_free(stage);
}

static void
a_log_is_not_looked_for_while_inputs_are_unknown(void **state)
{
	struct stage *stage = stage_new(*state);
	size_t hello = stage_add(stage, "hello", NULL, 0);
	size_t app = stage_add(stage, "app", &hello, 1);
	struct digest resolved;
	assert_false(plan_resolved(stage->plan, app, &resolved));
	assert_true(plan_resolved(stage->plan, hello, &resolved));
	good(plan_build(stage->plan, &hello, 1, &err));
	assert_true(plan_resolved(stage->plan, app, &resolved));
	stage_asked(stage, "hello object\n");
	stage_free(stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		plan_test(what_was_built_once_is_found_by_one_look_up),
		plan_test(a_realization_whose_object_is_gone_is_made_again),
		plan_test(another_host_is_another_pinned_digest),
		plan_test(a_record_that_contradicts_a_choice_of_this_run_is_not_taken),
		plan_test(an_output_of_known_hash_is_found_by_its_name_and_hash_alone),
		plan_test(a_log_is_not_looked_for_while_inputs_are_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
