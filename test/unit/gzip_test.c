/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include <unistd.h>

#include "base/hash.h"
#include "gzip.h"

static char folder[] = "/tmp/gzip-test-XXXXXX";

static bool
sum_is(struct bytes data, struct span expected)
{
	struct err err;
	uint8_t sum[HASH_SIZE_MAX];
	struct hasher *hasher = hasher_new(HASH_CRC32);
	hasher_add(hasher, data);
	assert_int_equal(hasher_finish(hasher, sum, &err), expected.size);
	hasher_free(hasher);
	return memcmp(sum, expected.data, expected.size) == 0;
}

/* The bytes of all members, and how it ended: "DONE" a line a member whose sum holds, "SUM" where it does
 * not, then "BAD", "CUT" or nothing. */
static struct buf
unpack(struct bytes file, size_t step, struct buf *ends)
{
	struct buf out = BUF(BUF_MAX);
	struct gzip *gzip = memory_zero(1, sizeof *gzip);
	uint8_t *held = memory_zero(1, STREAM_ROOM);
	struct stream *stream = &gzip->stream;
	size_t member = 0;
	enum stream_status status = STREAM_ON;
	stream_start(stream, held);
	for (size_t at = 0; at < file.size && status != STREAM_BAD; at += step) {
		size_t left = file.size - at;
		struct span input = span_of(file.data + at, left < step ? left : step);
		while ((status = gzip_step(gzip)) != STREAM_BAD &&
			(status != STREAM_INPUT || stream_more(stream, &input))) {
			if (status == STREAM_OUTPUT)
				buf_add(&out, bytes_of(stream->output.data, stream->output.size));
			if (status == STREAM_SUM) {
				bool same =
					sum_is(bytes_from(buf_bytes(&out), member), stream->sum);
				buf_add_text(ends, same ? "DONE\n" : "SUM\n");
				member = out.size;
			}
		}
	}
	buf_add_text(ends, status == STREAM_BAD ? "BAD\n" : stream->is_whole ? "" : "CUT\n");
	free(held);
	free(gzip);
	return out;
}

static void
ends_as(struct bytes file, const char *expected_ends, const char *expected)
{
	static const size_t steps[] = {1 << 20, 1, 7};
	for (size_t at = 0; at < 3; at++) {
		struct buf ends = BUF(BUF_MAX);
		struct buf out = unpack(file, steps[at], &ends);
		assert_string_equal(ends.size ? buf_text(&ends) : "", expected_ends);
		if (expected)
			assert_string_equal(out.size ? buf_text(&out) : "", expected);
		buf_release(&ends);
		buf_release(&out);
	}
}

static struct buf
in_folder(const char *command)
{
	char line[1024];
	(void)snprintf(line, sizeof line, "cd %s && %s", folder, command);
	return command_output(line);
}

static void
command_ends_as(const char *command, const char *ends, const char *expected)
{
	struct buf file = in_folder(command);
	ends_as(buf_bytes(&file), ends, expected);
	buf_release(&file);
}

static void
what_gzip_writes_is_read_with_and_without_a_name(void **state)
{
	(void)state;
	command_ends_as("printf hello | gzip -n", "DONE\n", "hello");
	command_ends_as("printf hello >named && gzip -N -c named", "DONE\n", "hello");
	command_ends_as("printf '' | gzip -n", "DONE\n", "");
	command_ends_as("printf hello | gzip -n -1", "DONE\n", "hello");
}

static void
members_in_a_row_are_one_file(void **state)
{
	(void)state;
	command_ends_as("(printf a | gzip -n; printf '' | gzip -n; printf bc | gzip -n)",
		"DONE\nDONE\nDONE\n", "abc");
	/* What stands behind the last must be a member. */
	command_ends_as("(printf a | gzip -n; printf x)", "DONE\nCUT\n", "a");
	command_ends_as("(printf a | gzip -n; printf 'plain text')", "DONE\nBAD\n", "a");
}

static void
a_body_larger_than_the_window_comes_in_pieces(void **state)
{
	(void)state;
	struct buf words = words_make(300000);
	char path[64];
	(void)snprintf(path, sizeof path, "%s/words", folder);
	data_write(path, buf_bytes(&words));
	struct buf file = in_folder("gzip -n -c words");
	struct buf ends = BUF(BUF_MAX);
	struct buf out = unpack(buf_bytes(&file), 1000, &ends);
	assert_string_equal(buf_text(&ends), "DONE\n");
	assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&words)));
	buf_release(&words);
	buf_release(&file);
	buf_release(&ends);
	buf_release(&out);
}

/* A member whose head has these flags and fields. */
static struct buf
member_of(char flags, struct bytes fields)
{
	struct buf plain = in_folder("printf hello | gzip -n");
	struct buf file = BUF(BUF_MAX);
	buf_add(&file, bytes_first(buf_bytes(&plain), 10));
	file.data[3] = (uint8_t)flags;
	buf_add(&file, fields);
	buf_add(&file, bytes_from(buf_bytes(&plain), 10));
	buf_release(&plain);
	return file;
}

static void
field_ends_as(char flags, struct bytes fields, const char *ends)
{
	struct buf file = member_of(flags, fields);
	ends_as(buf_bytes(&file), ends, NULL);
	buf_release(&file);
}

static void
every_field_of_the_head_is_passed_over(void **state)
{
	(void)state;
	field_ends_as(2, BYTES_LITERAL("\x12\x34"), "DONE\n");
	field_ends_as(4, BYTES_LITERAL("\x03\x00xyz"), "DONE\n");
	field_ends_as(4, BYTES_LITERAL("\x00\x00"), "DONE\n");
	field_ends_as(8, BYTES_LITERAL("name\0"), "DONE\n");
	field_ends_as(8, BYTES_LITERAL("\0"), "DONE\n");
	field_ends_as(16, BYTES_LITERAL("comment\0"), "DONE\n");
	field_ends_as(2 | 4 | 8 | 16 | 1, BYTES_LITERAL("\x01\x00!n\0c\0\x12\x34"), "DONE\n");
	field_ends_as(32, BYTES_LITERAL(""), "BAD\n");
	field_ends_as((char)128, BYTES_LITERAL(""), "BAD\n");
}

static void
a_head_has_a_ceiling(void **state)
{
	(void)state;
	/* In all, with the ten bytes before the name. */
	struct buf name = BUF(BUF_MAX);
	for (size_t at = 0; at < STREAM_HELD - 11; at++)
		buf_add_byte(&name, 'n');
	buf_add_byte(&name, 0);
	for (int more = 0; more < 2; more++) {
		struct buf file = member_of(8, buf_bytes(&name));
		struct buf ends = BUF(BUF_MAX);
		struct buf out = unpack(buf_bytes(&file), 1000, &ends);
		assert_string_equal(buf_text(&ends), more ? "BAD\n" : "DONE\n");
		name.data[name.size - 1] = 'n';
		buf_add_byte(&name, 0);
		buf_release(&out);
		buf_release(&ends);
		buf_release(&file);
	}
	buf_release(&name);
}

static void
what_is_damaged_or_cut_is_told(void **state)
{
	(void)state;
	struct buf file = in_folder("printf hello | gzip -n");
	for (size_t size = 1; size < file.size; size++)
		ends_as(bytes_first(buf_bytes(&file), size), "CUT\n", NULL);
	static const uint8_t heads[] = {0, 1, 2};
	for (size_t at = 0; at < 3; at++) {
		file.data[heads[at]] ^= 1;
		ends_as(buf_bytes(&file), "BAD\n", NULL);
		file.data[heads[at]] ^= 1;
	}
	file.data[file.size - 8] ^= 1;
	ends_as(buf_bytes(&file), "SUM\n", "hello");
	file.data[file.size - 1] ^= 1;
	ends_as(buf_bytes(&file), "BAD\n", "hello");
	buf_release(&file);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gzip_writes_is_read_with_and_without_a_name),
		cmocka_unit_test(members_in_a_row_are_one_file),
		cmocka_unit_test(a_body_larger_than_the_window_comes_in_pieces),
		cmocka_unit_test(every_field_of_the_head_is_passed_over),
		cmocka_unit_test(a_head_has_a_ceiling),
		cmocka_unit_test(what_is_damaged_or_cut_is_told),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	struct buf none = in_folder("cd .. && rm -rf $OLDPWD");
	buf_release(&none);
	return failed;
}
