/* SPDX-License-Identifier: MPL-2.0 */
#include "stream_sample.h"

#include "gzip.h"

static struct gzip decoder;

static enum stream_status
step(void)
{
	return gzip_step(&decoder);
}

static const struct sample_codec codec = {&decoder.stream, sizeof decoder, step, "gzip"};

static void
what_gzip_packs_comes_back_whatever_the_level(void **state)
{
	(void)state;
	sample_all_contents(&codec, "-n -1");
	sample_all_contents(&codec, "-n -6");
	sample_all_contents(&codec, "-n -9");
}

static void
members_in_a_row_are_one_file(void **state)
{
	(void)state;
	sample_joins(&codec, "-9");
}

static void
a_head_with_every_field_and_several_members_are_read(void **state)
{
	(void)state;
	struct buf words = words_make(5000);
	data_write(sample_file, buf_bytes(&words));
	char command[256];
	(void)snprintf(command, sizeof command, "gzip -c -N %s; gzip -c -n -1 %s", sample_file,
		sample_file);
	struct buf zipped = command_output(command);
	struct buf out = BUF(BUF_MAX);
	assert_true(sample_decode(&codec, buf_bytes(&zipped), 5, &out));
	assert_int_equal(out.size, 10000);
	assert_memory_equal(out.data + 5000, words.data, 5000);
	buf_release(&out);
	buf_release(&zipped);
	buf_release(&words);
}

static void
a_file_cut_off_anywhere_is_never_whole(void **state)
{
	(void)state;
	sample_cut_is_never_whole(&codec, "-6");
}

static void
a_flipped_bit_never_gives_other_bytes(void **state)
{
	(void)state;
	sample_flip_never_gives_other_bytes(&codec, "-n");
}

static enum inflate_status
inflate_once(const char *bytes, size_t size, size_t capacity)
{
	static struct inflate inflate;
	static uint8_t out[1024];
	struct span input = span_of(bytes, size);
	struct inflate_window window = {out, 0, capacity};
	inflate_start(&inflate);
	return inflate_step(&inflate, &input, &window);
}

static void
streams_that_lie_are_bad(void **state)
{
	(void)state;
	assert_int_equal(inflate_once("\x07", 1, 100), INFLATE_BAD);
	assert_int_equal(inflate_once("\x01\x03\x00\xff\xff", 5, 100), INFLATE_BAD);
	/* A fixed block: a match before any byte. */
	assert_int_equal(inflate_once("\x03\x02\x00", 3, 100), INFLATE_BAD);
	/* A dynamic block with more literals than exist. */
	assert_int_equal(inflate_once("\xfd\xff\xff\xff\xff\xff", 6, 100), INFLATE_BAD);
}

static void
a_stream_fills_its_buffer_exactly_or_says_that_it_is_full(void **state)
{
	(void)state;
	static const char stored[] = "\x01\x05\x00\xfa\xffhello";
	assert_int_equal(inflate_once(stored, 10, 5), INFLATE_DONE);
	assert_int_equal(inflate_once(stored, 10, 4), INFLATE_FULL);
	assert_int_equal(inflate_once(stored, 9, 5), INFLATE_INPUT);
}

static void
the_input_stands_right_behind_the_stream(void **state)
{
	(void)state;
	/* "aaaaaaaaa" in a fixed block, and bytes that belong to somebody else, in any steps. */
	static const char bytes[] = "\x4b\x84\x01\x00"
				    "ELSE";
	for (size_t split = 1; split <= 4; split++) {
		static struct inflate inflate;
		uint8_t out[16];
		struct inflate_window window = {out, 0, sizeof out};
		struct span first = span_of(bytes, split);
		inflate_start(&inflate);
		enum inflate_status status = inflate_step(&inflate, &first, &window);
		if (status == INFLATE_INPUT) {
			first = span_of(bytes + split, 8 - split);
			status = inflate_step(&inflate, &first, &window);
		}
		assert_int_equal(status, INFLATE_DONE);
		assert_int_equal(window.used, 9);
		assert_ptr_equal(first.data, bytes + 4);
	}
}

static int
run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gzip_packs_comes_back_whatever_the_level),
		cmocka_unit_test(members_in_a_row_are_one_file),
		cmocka_unit_test(a_head_with_every_field_and_several_members_are_read),
		cmocka_unit_test(a_file_cut_off_anywhere_is_never_whole),
		cmocka_unit_test(a_flipped_bit_never_gives_other_bytes),
		cmocka_unit_test(streams_that_lie_are_bad),
		cmocka_unit_test(a_stream_fills_its_buffer_exactly_or_says_that_it_is_full),
		cmocka_unit_test(the_input_stands_right_behind_the_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	return sample_run(run);
}
