/* SPDX-License-Identifier: MPL-2.0 */
#include "stream_sample.h"

#include "zstd.h"

static struct zstd decoder;

static enum stream_status
step(void)
{
	return zstd_step(&decoder);
}

static const struct sample_codec codec = {&decoder.stream, sizeof decoder, step, "zstd -q"};

static void
what_zstd_packs_comes_back_whatever_the_level(void **state)
{
	(void)state;
	static const char *const levels[] = {
		"-1", "-3", "-8", "-19", "--fast=10", "-3 --no-check", "-5 --long=20"};
	for (size_t at = 0; at < sizeof levels / sizeof levels[0]; at++)
		sample_all_contents(&codec, levels[at]);
}

static void
a_window_slides_as_often_as_it_must(void **state)
{
	(void)state;
	/* Far more than window and slack, with matches from as far back as they may come. */
	struct buf words = words_make(3000000);
	struct buf packed = sample_pack(&codec, buf_bytes(&words), "-4 --zstd=wlog=10");
	sample_comes_back(&codec, buf_bytes(&packed), buf_bytes(&words));
	buf_release(&packed);
	packed = sample_pack(&codec, buf_bytes(&words), "-19 --zstd=wlog=17");
	sample_comes_back(&codec, buf_bytes(&packed), buf_bytes(&words));
	buf_release(&packed);
	buf_release(&words);
}

static void
frames_in_a_row_are_one_file_and_skippable_ones_are_skipped(void **state)
{
	(void)state;
	sample_joins(&codec, "-3");
	static const char skippable[] = "\x5a\x2a\x4d\x18\x03\x00\x00\x00"
					"abc";
	struct buf words = words_make(1000);
	struct buf frame = sample_pack(&codec, buf_bytes(&words), "-3");
	struct buf packed = BUF(BUF_MAX);
	buf_add(&packed, bytes_of(skippable, sizeof skippable - 1));
	buf_add(&packed, buf_bytes(&frame));
	buf_add(&packed, bytes_of(skippable, sizeof skippable - 1));
	sample_comes_back(&codec, buf_bytes(&packed), buf_bytes(&words));
	buf_release(&packed);
	buf_release(&frame);
	buf_release(&words);
}

static void
a_frame_cut_off_anywhere_is_never_whole(void **state)
{
	(void)state;
	sample_cut_is_never_whole(&codec, "-19");
	sample_cut_is_never_whole(&codec, "-1 --no-check");
}

static void
a_flipped_bit_never_gives_other_bytes(void **state)
{
	(void)state;
	sample_flip_never_gives_other_bytes(&codec, "-19");
	sample_flip_never_gives_other_bytes(&codec, "-1");
}

static void
windows_above_128_mib_and_dictionaries_are_refused(void **state)
{
	(void)state;
	struct buf words = words_make(1000);
	struct buf packed = sample_pack(&codec, buf_bytes(&words), "-1 --long=27");
	sample_comes_back(&codec, buf_bytes(&packed), buf_bytes(&words));
	buf_release(&packed);
	/* Window logs of 28 and 31, and 128 MiB and an eighth. */
	static const char large[] = "a frame needs a window of more than 128 MiB";
	sample_is_refused(&codec, bytes_of("\x28\xb5\x2f\xfd\x00\x90\0\0", 8), large);
	sample_is_refused(&codec, bytes_of("\x28\xb5\x2f\xfd\x00\xa8\0\0", 8), large);
	sample_is_refused(&codec, bytes_of("\x28\xb5\x2f\xfd\x00\x89\0\0", 8), large);
	sample_is_refused(&codec, bytes_of("\x28\xb5\x2f\xfd\xa0\0\0\0\x10", 9), large);
	sample_is_refused(&codec, bytes_of("\x28\xb5\x2f\xfd\x01\x00\x07\0", 8),
		"a frame needs a dictionary, which an archive has not");
	sample_is_refused(
		&codec, bytes_of("\x28\xb5\x2f\xfd\x08\x00\0\0", 8), "the file is damaged");
	buf_release(&words);
}

static void
frames_that_lie_about_their_content_are_bad(void **state)
{
	(void)state;
	/* One byte of content said, a stored block of two; and of none. */
	sample_is_refused(&codec,
		bytes_of("\x28\xb5\x2f\xfd\x20\x02\x19\x00\x00"
			 "abc",
			12),
		"the file is damaged");
	sample_is_refused(&codec, bytes_of("\x28\xb5\x2f\xfd\x20\x02\x01\x00\x00", 9),
		"a frame has less content than it said");
	/* A run of 1 MiB, a block of the kind that is reserved, and an empty packed one. */
	sample_is_refused(&codec,
		bytes_of("\x28\xb5\x2f\xfd\x00\x58\x03\x00\x80"
			 "a",
			10),
		"the file is damaged");
	sample_is_refused(
		&codec, bytes_of("\x28\xb5\x2f\xfd\x00\x58\x07\x00\x00", 9), "the file is damaged");
	sample_is_refused(
		&codec, bytes_of("\x28\xb5\x2f\xfd\x00\x58\x05\x00\x00", 9), "the file is damaged");
}

static int
run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_zstd_packs_comes_back_whatever_the_level),
		cmocka_unit_test(a_window_slides_as_often_as_it_must),
		cmocka_unit_test(frames_in_a_row_are_one_file_and_skippable_ones_are_skipped),
		cmocka_unit_test(a_frame_cut_off_anywhere_is_never_whole),
		cmocka_unit_test(a_flipped_bit_never_gives_other_bytes),
		cmocka_unit_test(windows_above_128_mib_and_dictionaries_are_refused),
		cmocka_unit_test(frames_that_lie_about_their_content_are_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	return sample_run(run);
}
