/* SPDX-License-Identifier: MPL-2.0 */
/*
 * guest_native: the guest's own C, called in this process, for tests of what writes files or may end the
 * program: whatever may call fail() runs in a child.
 *
 *     struct buf log = guest_runs(function, context, 0);       exit code; what it said
 */
#pragma once

#include "guest_data.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* cmocka has a macro of this name, the guest a function. */
#pragma push_macro("fail")
#undef fail
#include "json.h"
#include "text.h"
#pragma pop_macro("fail")

/* How many bytes a value of JSON has as it is written; none has 0. */
static inline int
value_size(const uint8_t *value)
{
	return (int)json_plain(value).size + (value && *value == '"' ? 2 : 0);
}

static inline struct buf
guest_runs(void (*run)(void *context), void *context, int code)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fflush(NULL), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		run(context);
		_exit(0);
	}
	fd_close(ends[1]);
	struct buf log = BUF(BUF_MAX);
	struct err err;
	if (!fd_read_all(ends[0], &log, &err))
		fail_msg("%s", err.text);
	fd_close(ends[0]);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		fail_msg("status %x: %s", status, log.size ? buf_text(&log) : "");
	return log;
}

/* Ends with exit code 1 and this one sentence. */
static inline void
guest_fails(void (*run)(void *context), void *context, const char *sentence)
{
	struct buf log = guest_runs(run, context, 1);
	buf_add_byte(&log, 0);
	char expected[4096];
	(void)snprintf(expected, sizeof expected, "%s\n", sentence);
	assert_string_equal((const char *)log.data, expected);
	buf_release(&log);
}
