/* SPDX-License-Identifier: MPL-2.0 */
#include "stream_sample.h"

#include "bzip2.h"

static struct bzip2 decoder;

static enum stream_status
step(void)
{
	return bzip2_step(&decoder);
}

static const struct sample_codec codec = {&decoder.stream, sizeof decoder, step, "bzip2"};

static void
what_bzip2_packs_comes_back_whatever_the_level(void **state)
{
	(void)state;
	sample_all_contents(&codec, "-1");
	sample_all_contents(&codec, "-5");
	sample_all_contents(&codec, "-9");
}

static void
runs_of_every_length_come_back(void **state)
{
	(void)state;
	struct buf runs = BUF(BUF_MAX);
	for (size_t length = 1; length < 600; length++)
		for (size_t at = 0; at < length; at++)
			buf_add(&runs, bytes_of(length % 2 ? "a" : "b", 1));
	sample_packs_and_comes_back(&codec, buf_bytes(&runs), "-1");
	buf_release(&runs);
}

static void
streams_in_a_row_are_one_file(void **state)
{
	(void)state;
	sample_joins(&codec, "-9");
}

static void
a_file_cut_off_anywhere_is_never_whole(void **state)
{
	(void)state;
	sample_cut_is_never_whole(&codec, "-9");
}

static void
a_flipped_bit_never_gives_other_bytes(void **state)
{
	(void)state;
	sample_flip_never_gives_other_bytes(&codec, "-9");
}

static void
files_that_lie_are_refused(void **state)
{
	(void)state;
	sample_is_refused(&codec, bytes_of("BZh0", 4), "what follows a stream is none");
	sample_is_refused(&codec, bytes_of("BZip", 4), "what follows a stream is none");
	sample_is_refused(&codec, bytes_of("BZh11234567890", 14), "the file is damaged");
	/* An empty file is a stream's end alone; its sum is 0. */
	sample_comes_back(
		&codec, bytes_of("BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0", 14), bytes_of(NULL, 0));
	sample_is_refused(&codec, bytes_of("BZh9\x17\x72\x45\x38\x50\x90\0\0\0\1", 14),
		"the sum of a stream differs");
	sample_is_refused(&codec,
		bytes_of("BZh9\x31\x41\x59\x26\x53\x59\0\0\0\0\x80\0\0\0\0\0", 20),
		"a randomised block, of bzip2 before 0.9.5");
	/* No byte is used. */
	sample_is_refused(&codec, bytes_of("BZh9\x31\x41\x59\x26\x53\x59\0\0\0\0\0\0\0\0\0\0", 20),
		"the file is damaged");
}

static int
run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_bzip2_packs_comes_back_whatever_the_level),
		cmocka_unit_test(runs_of_every_length_come_back),
		cmocka_unit_test(streams_in_a_row_are_one_file),
		cmocka_unit_test(a_file_cut_off_anywhere_is_never_whole),
		cmocka_unit_test(a_flipped_bit_never_gives_other_bytes),
		cmocka_unit_test(files_that_lie_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	return sample_run(run);
}
