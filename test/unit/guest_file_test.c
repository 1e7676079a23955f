/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "../fetch/native.h"
#include "base/path.h"
#include "file.h"

static char folder[] = "/tmp/cab-guest-file-XXXXXX";

/* What one run starts with, and does. */
struct trial {
	uint32_t files;
	uint64_t bytes;
	unsigned depth;
	size_t name;
	void (*act)(struct output *output, const struct trial *trial);
};

static struct span
long_name(size_t size)
{
	static uint8_t name[OUTPUT_PATH + 100];
	memset(name, 'n', sizeof name);
	return span_of(name, size);
}

static void
act_file(struct output *output, const struct trial *trial)
{
	uint8_t digest[SUM_BLAKE3];
	int32_t fd = file_create(output, NULL, long_name(trial->name ? trial->name : 1));
	file_write(output, fd, SPAN("data"));
	file_finish(fd, false, digest);
}

static void
act_folder(struct output *output, const struct trial *trial)
{
	const struct folder parent = {NULL, SPAN("d"), trial->depth};
	if (trial->depth)
		folder_make(output, NULL, SPAN("d"));
	folder_make(output, trial->depth ? &parent : NULL, SPAN("inside"));
}

static void
act_link(struct output *output, const struct trial *trial)
{
	link_make(output, NULL, SPAN("link"), long_name(trial->name));
}

static void
act_twice(struct output *output, const struct trial *trial)
{
	act_file(output, trial);
	act_file(output, trial);
}

static void
act_over_link(struct output *output, const struct trial *trial)
{
	(void)trial;
	link_make(output, NULL, SPAN("n"), SPAN("../canary"));
	act_file(output, trial);
}

/* A read back, a copy and a move, each by its place. */
static void
act_copy(struct output *output, const struct trial *trial)
{
	static const struct folder inner = {NULL, {(const uint8_t *)"inner", 5}, 1};
	uint8_t data[2];
	act_file(output, trial);
	folder_make(output, NULL, inner.name);
	int32_t fd = file_open(output, NULL, SPAN("n"));
	file_read_at(output, fd, 1, data, sizeof data);
	if (memcmp(data, "at", 2) != 0)
		_exit(9);
	file_copy(output, NULL, SPAN("n"), &inner, SPAN("copy"), 4, true);
	file_move(output, NULL, SPAN("n"), &inner, SPAN("moved"), false);
}

static void
act_past_end(struct output *output, const struct trial *trial)
{
	uint8_t data[5];
	act_file(output, trial);
	file_read_at(output, file_open(output, NULL, SPAN("n")), 0, data, sizeof data);
}

static void
trial_run(void *context)
{
	const struct trial *trial = context;
	char line[300];
	(void)snprintf(line, sizeof line,
		"cd %s && rm -rf work && mkdir work && : >work/hash && printf whole >canary",
		folder);
	struct buf nothing = command_output(line);
	buf_release(&nothing);
	(void)snprintf(line, sizeof line, "%s/work", folder);
	native_enter(line);
	struct output output = {.files = trial->files, .bytes = trial->bytes};
	trial->act(&output, trial);
}

static void
expect(struct trial trial, const char *sentence)
{
	struct buf log = guest_runs(trial_run, &trial, sentence ? 1 : 0);
	if (sentence && (!log.size || !strstr(buf_text(&log), sentence)))
		fail_msg("%s, not %s", log.size ? buf_text(&log) : "nothing", sentence);
	buf_release(&log);
}

static void
T9_the_count_of_entries_has_a_ceiling(void **state)
{
	(void)state;
	for (size_t at = 0; at < 3; at++) {
		struct trial trial = {.files = OUTPUT_FILES - 1, .name = at == 2};
		trial.act = at == 0 ? act_file : at == 1 ? act_folder : act_link;
		expect(trial, NULL);
		trial.files++;
		expect(trial, "more than 2 million files");
		trial.files = UINT32_MAX - 1;
		expect(trial, "more than 2 million files");
	}
}

static void
T8_the_bytes_of_all_files_have_a_ceiling(void **state)
{
	(void)state;
	expect((struct trial){.bytes = OUTPUT_BYTES - 4, .act = act_file}, NULL);
	expect((struct trial){.bytes = OUTPUT_BYTES - 3, .act = act_file},
		"more than 8 GiB of files");
}

static void
T9_depth_and_names_have_ceilings(void **state)
{
	(void)state;
	expect((struct trial){.depth = OUTPUT_DEPTH - 1, .act = act_folder}, NULL);
	expect((struct trial){.depth = OUTPUT_DEPTH, .act = act_folder}, "folders in each other");
	expect((struct trial){.name = OUTPUT_NAME, .act = act_file}, NULL);
	expect((struct trial){.name = OUTPUT_NAME + 1, .act = act_file}, "cannot be written");
	expect((struct trial){.name = OUTPUT_PATH + 1, .act = act_file}, "a path is too long");
	expect((struct trial){.name = 1000, .act = act_link}, NULL);
	expect((struct trial){.name = OUTPUT_TARGET + 1, .act = act_link}, "");
}

static void
no_file_replaces_another_or_is_written_through_a_link(void **state)
{
	(void)state;
	expect((struct trial){.act = act_twice}, "two entries of one name: n");
	expect((struct trial){.act = act_over_link}, "two entries of one name: n");
	char line[100];
	(void)snprintf(line, sizeof line, "cat %s/canary", folder);
	struct buf canary = command_output(line);
	assert_string_equal(buf_text(&canary), "whole");
	buf_release(&canary);
}

static void
what_was_written_is_read_copied_and_moved(void **state)
{
	(void)state;
	expect((struct trial){.act = act_copy}, NULL);
	char line[200];
	(void)snprintf(line, sizeof line,
		"cd %s/work && find . | sort | tr '\\n' ' ' && cat inner/copy inner/moved && "
		"test -x inner/copy && test ! -x inner/moved",
		folder);
	struct buf found = command_output(line);
	assert_string_equal(
		buf_text(&found), ". ./hash ./inner ./inner/copy ./inner/moved datadata");
	buf_release(&found);
	expect((struct trial){.act = act_past_end}, "a file cannot be finished");
}

int
main(void)
{
	struct err err;
	if (!mkdtemp(folder))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(T9_the_count_of_entries_has_a_ceiling),
		cmocka_unit_test(T8_the_bytes_of_all_files_have_a_ceiling),
		cmocka_unit_test(T9_depth_and_names_have_ceilings),
		cmocka_unit_test(no_file_replaces_another_or_is_written_through_a_link),
		cmocka_unit_test(what_was_written_is_read_copied_and_moved),
	};
	int failed = cmocka_run_group_tests_name("guest_file", tests, NULL, NULL);
	return path_remove(AT_FDCWD, folder, &err) ? failed : 1;
}
