/* SPDX-License-Identifier: MPL-2.0 */
#include "pack_fixture.h"

/* A tree of texts that are like each other, so that git makes deltas, and a blob that is streamed. */
static int
make_repository(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	struct buf words = words_make(3 << 20);
	struct buf made = in_folder("git init -q r && mkdir r/sub");
	char path[100];
	buf_release(&made);
	(void)snprintf(path, sizeof path, "%s/r/big", folder);
	data_write(path, buf_bytes(&words));
	for (size_t at = 0; at < 20; at++) {
		(void)snprintf(path, sizeof path, "%s/r/sub/%zu", folder, at);
		words.data[500 * at] = 'X';
		data_write(path, bytes_of(words.data, 20000));
	}
	made = in_folder(GIT "add . && " GIT "commit -q -m x");
	buf_release(&made);
	buf_release(&words);
	return 0;
}

static void
a_pack_becomes_the_tree_whatever_the_steps(void **state)
{
	(void)state;
	static const struct trial trials[] = {
		{.pack = ALL},
		{.pack = ALL, .step = 1},
		{.pack = ALL, .step = 4099},
		{.pack = ALL " --depth=0"},
		{.pack = GIT "rev-list --objects --all | cut -c1-40 | " GIT
			     "pack-objects -q --stdout"},
	};
	for (size_t at = 0; at < sizeof trials / sizeof *trials; at++) {
		struct trial trial = trials[at];
		struct buf log = guest_runs(receive_run, &trial, 0);
		assert_int_equal(log.size, 0);
		struct buf different =
			in_folder("diff -r --exclude=.git r work/out && cat work/hash");
		assert_non_null(strstr(buf_text(&different), "git-tree "));
		assert_non_null(strstr(buf_text(&different), "cab d"));
		assert_null(strstr(buf_text(&different), "Only in"));
		buf_release(&different);
		buf_release(&log);
	}
}

static void
what_is_no_whole_pack_ends_the_program(void **state)
{
	(void)state;
	static const struct {
		struct trial trial;
		const char *sentence;
	} rows[] = {
		{{.pack = ALL, .cut = 1}, "cut off"},
		{{.pack = ALL, .cut = 21}, "cut off"},
		{{.pack = ALL, .flip = 1}, "its sum differs"},
		{{.pack = ALL, .more = "x"}, "pack"},
		{{.pack = "printf PACK"}, "cut off"},
		{{.pack = "printf ''"}, "cut off"},
		{{.pack = "printf 'PACK\\0\\0\\0\\3\\0\\0\\0\\0'"}, "pack"},
		{{.pack = "printf KCAP00000000"}, "pack"},
		{{.pack = "printf 'PACK\\0\\0\\0\\2\\377\\377\\377\\377'"}, "cut off"},
		/* A delta whose base no one sent: the parent's blobs are left out. */
		{{.pack = GIT "rev-list --objects --all | cut -c1-40 | " GIT
			      "pack-objects -q --stdout --delta-base-offset | head -c 4000"},
			"cut off"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct trial trial = rows[at].trial;
		struct buf log = guest_runs(receive_run, &trial, 1);
		if (!log.size || !strstr(buf_text(&log), rows[at].sentence))
			fail_msg("%zu: %s", at, log.size ? buf_text(&log) : "nothing");
		/* Nothing that did not come whole is called the output. */
		struct buf said = in_folder("cat work/hash");
		assert_null(said.size ? strstr(buf_text(&said), "cab ") : NULL);
		buf_release(&said);
		buf_release(&log);
	}
}

static void
P2_a_delta_without_its_base_ends_the_program(void **state)
{
	(void)state;
	struct buf made = in_folder(
		"git init -q thin && cd thin && head -c 20000 ../r/big >f && git add . && "
		"git -c user.name=n -c user.email=e commit -q -m 1 && echo end >>f && "
		"git -c user.name=n -c user.email=e commit -q -a -m 2");
	buf_release(&made);
	struct trial trial = {
		.pack = "printf 'HEAD\\n^HEAD^\\n' | git -C thin pack-objects -q --revs --thin "
			"--stdout"};
	guest_fails(receive_run, &trial, "pack: a delta has no base before it, or too large a one");
}

static void
say_memory(void)
{
	(void)fprintf(stderr, "heap %zu\n", native_memory());
}

static void
receive_and_say_memory(void *context)
{
	assert_int_equal(atexit(say_memory), 0);
	receive_run(context);
}

/* What is promised takes no room: 40 bytes with one object of 4294967295, and its stream's first bytes. */
static void
P1_a_pack_of_forty_bytes_takes_less_than_a_mebibyte(void **state)
{
	(void)state;
	struct trial trial = {.pack = "printf 'PACK\\0\\0\\0\\2\\377\\377\\377\\377"
				      "\\65\\170\\1\\1\\5\\0\\372\\377hello\\6\\54\\2\\25"
				      "\\65\\170\\1\\1\\5\\0\\372\\377he'"};
	struct buf log = guest_runs(receive_and_say_memory, &trial, 1);
	assert_non_null(strstr(buf_text(&log), "cut off"));
	const char *heap = strstr(buf_text(&log), "heap ");
	assert_non_null(heap);
	assert_in_range(strtoul(heap + 5, NULL, 10), 1, (1 << 20) - 1);
	buf_release(&log);
}

/* Of streams and of deltas alike: what is made in all has a ceiling, which one pack of 1 MB could be beyond a hundred times. */
static void
P4_the_bytes_of_all_objects_have_a_ceiling(void **state)
{
	(void)state;
	static const char *const packs[] = {ALL, ALL " --depth=0"};
	for (size_t at = 0; at < 2; at++) {
		struct trial trial = {.pack = packs[at]};
		struct buf log = guest_runs(receive_run, &trial, 0);
		buf_release(&log);
		trial.made = RECEIVE_TOTAL - (1 << 16);
		log = guest_runs(receive_run, &trial, 1);
		assert_non_null(strstr(buf_text(&log), "an object is too large"));
		struct buf said = in_folder("cat work/hash");
		assert_null(said.size ? strstr(buf_text(&said), "cab ") : NULL);
		buf_release(&said);
		buf_release(&log);
	}
}

/* A pack of another repository: all of it is taken, and none of it is what was asked for. */
static void
G4_what_was_not_asked_for_has_no_effect(void **state)
{
	(void)state;
	struct buf made =
		in_folder("git init -q other && cd other && echo evil >evil && git add . && "
			  "git -c user.name=n -c user.email=e commit -q -m 1");
	buf_release(&made);
	struct trial trial = {.pack = "echo HEAD | git -C other pack-objects -q --revs --stdout"};
	struct buf log = guest_runs(receive_run, &trial, 1);
	assert_non_null(strstr(buf_text(&log), "the server did not send it"));
	struct buf left = in_folder("find work; cat work/hash");
	assert_null(strstr(buf_text(&left), "evil"));
	assert_null(strstr(buf_text(&left), "cab "));
	buf_release(&left);
	buf_release(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_becomes_the_tree_whatever_the_steps),
		cmocka_unit_test(what_is_no_whole_pack_ends_the_program),
		cmocka_unit_test(P2_a_delta_without_its_base_ends_the_program),
		cmocka_unit_test(P1_a_pack_of_forty_bytes_takes_less_than_a_mebibyte),
		cmocka_unit_test(P4_the_bytes_of_all_objects_have_a_ceiling),
		cmocka_unit_test(G4_what_was_not_asked_for_has_no_effect),
	};
	return cmocka_run_group_tests_name("receive", tests, make_repository, remove_repository);
}
