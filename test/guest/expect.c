/* SPDX-License-Identifier: MPL-2.0 */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/fd.h"

void
expect_status(struct outcome *outcome, int status)
{
	if (outcome->status != status)
		print_error("status %d, signal %d, log:\n%s%s\n", outcome->status, outcome->signal,
			buf_text(&outcome->log), buf_text(&outcome->failure));
	assert_int_equal(outcome->status, status);
	assert_int_equal(outcome->parent, 1);
	struct stat beside;
	char path[128];
	(void)snprintf(path, sizeof path, "%s/canary", outcome->folder);
	assert_int_equal(lstat(path, &beside), 0);
	assert_int_equal(beside.st_nlink, 1);
	cleanup_buf struct buf canary = driver_read(path);
	assert_string_equal(buf_text(&canary), "alive");
}

void
log_has(struct outcome *outcome, const char *text)
{
	if (!strstr(buf_text(&outcome->log), text))
		print_error("log:\n%s\n", buf_text(&outcome->log));
	assert_non_null(strstr(buf_text(&outcome->log), text));
}

struct stat
status_of(const struct outcome *outcome, const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/work/%s", outcome->folder, name);
	struct stat status;
	assert_int_equal(lstat(path, &status), 0);
	return status;
}

struct buf
contents_of(const struct outcome *outcome, const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/work/%s", outcome->folder, name);
	struct buf data = BUF(1 << 20);
	struct err err;
	assert_true(fd_read_file(AT_FDCWD, path, &data, &err));
	return data;
}
