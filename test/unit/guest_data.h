/* SPDX-License-Identifier: MPL-2.0 */
/*
 * guest_data: real bytes for the tests of the guest's decoders: what gzip, tar and git make of texts
 * that are the same in each run.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

/* What a shell command prints; it must end with 0. */
static inline struct buf
command_output(const char *command)
{
	struct buf out = BUF(BUF_MAX);
	FILE *pipe = popen(command, "re");
	assert_non_null(pipe);
	uint8_t piece[4096];
	size_t size;
	while ((size = fread(piece, 1, sizeof piece, pipe)) > 0)
		buf_add(&out, bytes_of(piece, size));
	assert_int_equal(pclose(pipe), 0);
	return out;
}

/* Words of a small language: compresses as texts do. */
static inline struct buf
words_make(size_t size)
{
	static const char *const words[] = {"return ", "struct ", "size_t ", "if (", "else ", "{\n",
		"}\n", "\tint ", "0x7f, ", "value;\n", "/* why */ ", "error"};
	struct buf out = BUF(BUF_MAX);
	uint32_t state = 12345;
	while (out.size < size) {
		state = state * 1103515245 + 12345;
		buf_add_text(&out, words[(state >> 16) % 12]);
		if (state % 97 == 0)
			buf_format(&out, "%u", state);
	}
	buf_truncate(&out, size);
	return out;
}

/* A file with these bytes. */
static inline void
data_write(const char *path, struct bytes bytes)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
	assert_int_equal(fclose(file), 0);
}
