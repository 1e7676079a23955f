/* SPDX-License-Identifier: MPL-2.0 */
#include "network/helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
on_end(void *context)
{
	*(bool *)context = true;
}

/* Runs it to its end; false with its error. */
static bool
answer(const char *const *words, struct buf *output, struct err *err)
{
	struct loop *loop = loop_new();
	struct helper helper = HELPER_NONE;
	bool is_ended = false;
	bool done = helper_start(&helper, loop, words, on_end, &is_ended, err);
	while (done && !is_ended)
		done = loop_step(loop, err);
	done = done && helper_finish(&helper, output, err);
	helper_release(&helper);
	loop_free(loop);
	return done;
}

static void
its_output_is_read_when_it_has_ended(void **state)
{
	(void)state;
	cleanup_buf struct buf output = BUF(HELPER_OUTPUT);
	struct err err = {0};
	static const char *const words[] = {"sh", "-c", "echo one; echo two >&2", NULL};
	if (!answer(words, &output, &err))
		fail_msg("%s", err.text);
	assert_string_equal(buf_text(&output), "one\ntwo\n");
}

static void
what_it_says_is_in_the_error(void **state)
{
	(void)state;
	static const struct {
		const char *const words[4];
		const char *says;
	} rows[] = {
		{{"sh", "-c", "echo why >&2; exit 3", NULL}, "sh: exit status 3: why"},
		{{"sh", "-c", "echo one >&2; echo two >&2; exit 3", NULL},
			"sh: exit status 3: one; two"},
		{{"sh", "-c", "kill -9 $$", NULL}, "sh: signal 9"},
		{{"no-such-program", NULL}, "no-such-program: exit status 127"},
		{{"sh", "-c", "head -c 300000 /dev/zero", NULL}, "what sh says"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf output = BUF(HELPER_OUTPUT);
		struct err err = {0};
		assert_false(answer(rows[at].words, &output, &err));
		if (!strstr(err.text, rows[at].says))
			fail_msg("%s", err.text);
	}
}

static void
too_many_arguments_are_an_error(void **state)
{
	(void)state;
	const char *words[HELPER_WORDS + 2] = {"true"};
	cleanup_buf struct buf output = BUF(HELPER_OUTPUT);
	struct err err = {0};
	for (size_t at = 1; at <= HELPER_WORDS; at++)
		words[at] = "x";
	assert_false(answer(words, &output, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_output_is_read_when_it_has_ended),
		cmocka_unit_test(what_it_says_is_in_the_error),
		cmocka_unit_test(too_many_arguments_are_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
