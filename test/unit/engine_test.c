/* SPDX-License-Identifier: MPL-2.0 */
#include "wire/engine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void
it_is_one_line_that_names_engine_settings_and_processor(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(4096);
	char settings[32];
	(void)snprintf(settings, sizeof settings, " settings %d ", ENGINE_SETTINGS);
	engine_print(&text);
	assert_memory_equal(buf_text(&text), "wasmtime ", 9);
	/* A version, and after the settings what the processor has. */
	assert_true(text.data[9] >= '0' && text.data[9] <= '9');
	const char *found = strstr(buf_text(&text), settings);
	assert_non_null(found);
	assert_true(strlen(found) > strlen(settings));
	for (size_t at = 0; at < text.size; at++)
		assert_true(text.data[at] >= ' ' && text.data[at] < 0x7f);
	assert_true(text.data[text.size - 1] != ' ');
}

/* Realizer and guest are two processes, which must agree without asking. */
static void
every_process_says_the_same_behind_what_is_there(void **state)
{
	(void)state;
	cleanup_buf struct buf own = BUF(4096);
	cleanup_buf struct buf other = BUF(4096);
	int ends[2];
	engine_print(&own);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		cleanup_buf struct buf text = BUF(4096);
		engine_print(&text);
		_exit(write(ends[1], text.data, text.size) == (ssize_t)text.size ? 0 : 1);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	char text[4096];
	ssize_t size = read(ends[0], text, sizeof text);
	assert_int_equal(size, own.size);
	assert_memory_equal(text, own.data, own.size);
	buf_add_text(&other, "before ");
	engine_print(&other);
	assert_memory_equal(other.data + 7, own.data, own.size);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_one_line_that_names_engine_settings_and_processor),
		cmocka_unit_test(every_process_says_the_same_behind_what_is_there),
	};
	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
