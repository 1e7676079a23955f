/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/output.h"

#include "store_fixture.h"

/* A program that has just ended: what it left in a staging folder, and what it was told. */
struct program {
	struct place *place;
	struct arena arena;
	struct staging staging;
	struct derivation derivation;
	struct bytes outputs[4];
	const char *names[4];
	struct object_reference closure[4];
	struct output_work work;
	struct object objects[4];
};

static void
program_start(struct program *program, struct place *place, size_t count)
{
	static const char *const outputs[] = {"dev", "doc", "out", "zone"};
	*program = (struct program){.place = place, .arena = ARENA};
	program->staging = stage(place->store);
	for (size_t at = 0; at < count; at++) {
		program->names[at] = count == 1 ? "out" : outputs[at];
		program->outputs[at] = bytes_text(program->names[at]);
	}
	program->derivation = (struct derivation){
		.name = BYTES_LITERAL("hello"), .outputs = program->outputs, .output_count = count};
	program->work = (struct output_work){.store = place->store,
		.folder = program->staging.folder,
		.names = program->names,
		.derivation = &program->derivation,
		.closure = program->closure,
		.told = true};
}

static void
program_end(struct program *program)
{
	for (size_t at = 0; at < 4; at++)
		object_release(&program->objects[at]);
	store_unstage(&program->staging);
	arena_release(&program->arena);
}

static void
program_know(struct program *program, const struct object *object)
{
	program->closure[program->work.closure_count++] = reference_of(object);
}

/* The path that an output has while the program runs. */
static const char *
own(struct program *program, const char *output)
{
	return arena_text(&program->arena,
		derivation_own_path(&program->arena, program->derivation.name, bytes_text(output)));
}

static void
write_to(struct program *program, const char *path, const char *format, const char *word)
{
	char text[1024];
	(void)snprintf(text, sizeof text, "%s%s%s", format, word, "\n");
	put(program->staging.folder, path, text, 0644);
}

static void
holds(const struct place *place, const struct object *object, const char *inside,
	const char *expected)
{
	char path[1024];
	char text[1024];
	(void)snprintf(text, sizeof text, "%s", lies_at(object, inside, path));
	cleanup_buf struct buf found = BUF(BUF_MAX);
	good(fd_read_file(place->fd, text, &found, &err));
	assert_string_equal(buf_text(&found), expected);
}

static void
register_all(struct program *program)
{
	good(output_register(&program->work, program->objects, &err));
}

static void
refuse(struct program *program, enum err_kind kind, const char *part)
{
	struct err failure;
	size_t before = count_names(program->place, "cull/store");
	assert_false(output_register(&program->work, program->objects, &failure));
	if (failure.kind != kind || !strstr(failure.text, part))
		fail_msg("kind %d: \"%s\" does not say \"%s\"", (int)failure.kind, failure.text,
			part);
	assert_int_equal(count_names(program->place, "cull/store"), before);
	memset(program->objects, 0, sizeof program->objects);
}

static void
only_what_is_mentioned_becomes_a_reference(void **state)
{
	struct program program;
	struct place *place = *state;
	cleanup_object struct object library = add_text(place->store, "library", "so");
	cleanup_object struct object compiler = add_text(place->store, "compiler", "cc");
	program_start(&program, place, 1);
	program_know(&program, &library);
	program_know(&program, &compiler);
	write_to(&program, "out/bin", "needs ", store_path_print(&library.path, library.name).text);
	register_all(&program);
	assert_string_equal(program.objects[0].name, "hello");
	assert_int_equal(program.objects[0].references.size, 1);
	assert_true(digest_equal(&program.objects[0].references.data[0].path, &library.path));
	program_end(&program);
}

static void
its_own_path_becomes_the_final_one_wherever_it_stands(void **state)
{
	struct program program;
	struct place *place = *state;
	program_start(&program, place, 1);
	write_to(&program, "out/script", "exec ", own(&program, "out"));
	put(program.staging.folder, "out/link", own(&program, "out"), 0);
	register_all(&program);
	const struct object *object = &program.objects[0];
	struct store_path path = store_path_print(&object->path, object->name);
	char expected[400];
	(void)snprintf(expected, sizeof expected, "exec %s\n", path.text);
	holds(place, object, "script", expected);
	char target[400] = "";
	char link[1024];
	assert_true(readlinkat(place->fd, lies_at(object, "link", link), target, 399) > 0);
	assert_string_equal(target, path.text);
	assert_int_equal(object->selves.size, 2);
	/* Its path follows from what it says: another process finds the same. */
	struct object found = {0};
	good(store_sync(place->store, &err));
	good(store_use(place->store, &object->path, &found, &err));
	object_release(&found);
	program_end(&program);
}

static void
the_same_output_of_other_programs_is_one_object(void **state)
{
	struct place *place = *state;
	struct digest paths[2];
	for (size_t at = 0; at < 2; at++) {
		struct program program;
		program_start(&program, place, 1);
		write_to(&program, "out/script", "exec ", own(&program, "out"));
		register_all(&program);
		paths[at] = program.objects[0].path;
		program_end(&program);
	}
	assert_true(digest_equal(&paths[0], &paths[1]));
	assert_int_equal(count_names(place, "cull/store"), 2);
}

static void
outputs_refer_to_each_other_in_one_direction(void **state)
{
	struct program program;
	struct place *place = *state;
	program_start(&program, place, 3);
	/* dev needs out, out needs doc: neither the order of names nor that of writing. */
	write_to(&program, "dev/pc", "libdir=", own(&program, "out"));
	write_to(&program, "out/bin", "help: ", own(&program, "doc"));
	write_to(&program, "doc/page", "", "text");
	register_all(&program);
	static const char *const names[] = {"hello-dev", "hello-doc", "hello"};
	for (size_t at = 0; at < 3; at++)
		assert_string_equal(program.objects[at].name, names[at]);
	char expected[400];
	(void)snprintf(expected, sizeof expected, "libdir=%s\n",
		store_path_print(&program.objects[2].path, "hello").text);
	holds(place, &program.objects[0], "pc", expected);
	assert_int_equal(program.objects[0].references.size, 1);
	assert_int_equal(program.objects[1].references.size, 0);
	good(store_sync(place->store, &err));
	object_list closure;
	good(store_closure(place->store, &program.objects[0].path, 1, &closure, &err));
	assert_int_equal(closure.size, 3);
	object_list_release(&closure);
	program_end(&program);
}

static void
outputs_that_need_each_other_are_refused_with_both_files(void **state)
{
	struct program program;
	program_start(&program, *state, 2);
	write_to(&program, "dev/there", "", own(&program, "doc"));
	write_to(&program, "doc/sub/back", "", own(&program, "dev"));
	refuse(&program, ERR_BUILD,
		"\"there\" of dev names doc, and \"sub/back\" of doc names dev");
	program_end(&program);

	program_start(&program, *state, 3);
	write_to(&program, "dev/a", "", own(&program, "doc"));
	write_to(&program, "doc/a", "", own(&program, "out"));
	write_to(&program, "out/a", "", own(&program, "dev"));
	refuse(&program, ERR_BUILD, "outputs of hello refer to each other in a circle");
	program_end(&program);
}

static void
an_output_that_was_not_made_is_named(void **state)
{
	struct program program;
	program_start(&program, *state, 2);
	write_to(&program, "dev/a", "", "text");
	refuse(&program, ERR_BUILD, "made no output \"doc\"");
	program_end(&program);
}

static void
an_output_that_says_its_own_hash_mentions_nothing(void **state)
{
	struct program program;
	struct place *place = *state;
	cleanup_object struct object library = add_text(place->store, "library", "so");
	program_start(&program, place, 1);
	program.derivation.fixed = DERIVATION_SELF;
	program_know(&program, &library);
	write_to(&program, "out/sub/bin", "", store_path_print(&library.path, library.name).text);
	refuse(&program, ERR_BUILD, "file \"sub/bin\" of the output mentions the path of an input");
	program_end(&program);

	program_start(&program, place, 1);
	program.derivation.fixed = DERIVATION_FIXED;
	write_to(&program, "out", "", own(&program, "out"));
	refuse(&program, ERR_BUILD, "of the output mentions its own path, $out");
	program_end(&program);

	/* A program that was never told a path cannot mention one: such letters are its own. */
	program_start(&program, place, 1);
	program.derivation.fixed = DERIVATION_SELF;
	program.work.told = false;
	program_know(&program, &library);
	write_to(&program, "out/text", "", store_path_print(&library.path, library.name).text);
	register_all(&program);
	assert_int_equal(program.objects[0].references.size, 0);
	program_end(&program);
}

static void
a_claim_that_the_output_is_not_registers_nothing(void **state)
{
	struct program program;
	program_start(&program, *state, 1);
	program.derivation.fixed = DERIVATION_SELF;
	write_to(&program, "out/file", "", "text");
	struct cab_hash claim = {'d', digest_of(BYTES_LITERAL("something else"))};
	program.work.claim = &claim;
	refuse(&program, ERR_CORRUPT, "output hello");
	/* What the tree really is was said: it holds. */
	struct tree_facts facts;
	good(store_hash_tree(program.staging.folder, "out", NULL, NULL, &facts, &err));
	program.work.claim = &facts.hash;
	register_all(&program);
	program_end(&program);
}

static void
an_output_above_its_limits_is_refused(void **state)
{
	struct program program;
	program_start(&program, *state, 1);
	program.work.limits = (struct tree_limits){.files = 2};
	write_to(&program, "out/a", "", "text");
	write_to(&program, "out/b", "", "text");
	refuse(&program, ERR_LIMIT, "output hello");
	program_end(&program);
}

static void
an_output_may_be_a_file_or_a_link(void **state)
{
	struct program program;
	struct place *place = *state;
	program_start(&program, place, 2);
	write_to(&program, "dev", "self ", own(&program, "dev"));
	put(program.staging.folder, "doc", own(&program, "dev"), 0);
	register_all(&program);
	assert_int_equal(program.objects[0].hash.kind, 'f');
	assert_int_equal(program.objects[1].hash.kind, 'l');
	char target[400] = "";
	char link[1024];
	assert_true(readlinkat(place->fd, lies_at(&program.objects[1], "", link), target, 399) > 0);
	assert_string_equal(target, store_path_print(&program.objects[0].path, "hello-dev").text);
	program_end(&program);
}

#define output_test(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		output_test(only_what_is_mentioned_becomes_a_reference),
		output_test(its_own_path_becomes_the_final_one_wherever_it_stands),
		output_test(the_same_output_of_other_programs_is_one_object),
		output_test(outputs_refer_to_each_other_in_one_direction),
		output_test(outputs_that_need_each_other_are_refused_with_both_files),
		output_test(an_output_that_was_not_made_is_named),
		output_test(an_output_that_says_its_own_hash_mentions_nothing),
		output_test(a_claim_that_the_output_is_not_registers_nothing),
		output_test(an_output_above_its_limits_is_refused),
		output_test(an_output_may_be_a_file_or_a_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
