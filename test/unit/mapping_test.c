/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fd.h"

static void
a_memory_file_is_mapped_whole(void **state)
{
	(void)state;
	struct err err;
	cleanup_fd int file = fd_memory("test", BYTES_LITERAL("bytes"), &err);
	struct mapping mapping;
	assert_true(mapping_open(file, 5, &mapping, &err));
	assert_true(bytes_equal_text(mapping.bytes, "bytes"));
	mapping_close(&mapping);
	assert_int_equal(mapping.bytes.size, 0);
}

static void
an_empty_file_is_no_bytes(void **state)
{
	(void)state;
	struct err err;
	cleanup_fd int file = fd_memory("test", BYTES_LITERAL(""), &err);
	struct mapping mapping;
	assert_true(mapping_open(file, 5, &mapping, &err));
	assert_int_equal(mapping.bytes.size, 0);
	mapping_close(&mapping);
}

static void
a_file_over_the_ceiling_is_refused(void **state)
{
	(void)state;
	struct err err;
	cleanup_fd int file = fd_memory("test", BYTES_LITERAL("bytes"), &err);
	struct mapping mapping;
	assert_false(mapping_open(file, 4, &mapping, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_string_equal(err.text, "5 bytes, at most 4 are taken");
}

static void
what_is_no_file_is_refused(void **state)
{
	(void)state;
	struct err err;
	int read_end;
	int write_end;
	assert_true(fd_pipe(&read_end, &write_end, &err));
	struct mapping mapping;
	assert_false(mapping_open(read_end, 4, &mapping, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	fd_close(read_end);
	fd_close(write_end);
	assert_false(mapping_open(-1, 4, &mapping, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_memory_file_is_mapped_whole),
		cmocka_unit_test(an_empty_file_is_no_bytes),
		cmocka_unit_test(a_file_over_the_ceiling_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
