/* SPDX-License-Identifier: MPL-2.0 */
#include "stream_sample.h"

#include "xz.h"

static struct xz decoder;

static enum stream_status
step(void)
{
	return xz_step(&decoder);
}

static const struct sample_codec codec = {&decoder.stream, sizeof decoder, step, "xz -T1"};

static void
what_xz_packs_comes_back_whatever_the_settings(void **state)
{
	(void)state;
	static const char *const settings[] = {"-0", "-1", "-6e", "-1 -C none", "-1 -C crc32",
		"-1 -C sha256", "-1 --block-size=20000", "--lzma2=preset=1,lc=0,lp=4,pb=4",
		"--lzma2=preset=1,lc=4,lp=0,pb=0,nice=8"};
	for (size_t at = 0; at < sizeof settings / sizeof settings[0]; at++)
		sample_all_contents(&codec, settings[at]);
}

static void
a_dictionary_slides_as_often_as_it_must(void **state)
{
	(void)state;
	struct buf words = words_make(1500000);
	sample_packs_and_comes_back(&codec, buf_bytes(&words), "--lzma2=preset=1,dict=4KiB");
	sample_packs_and_comes_back(&codec, buf_bytes(&words), "--lzma2=preset=1,dict=96KiB");
	buf_release(&words);
}

static void
streams_in_a_row_are_one_file_with_padding_of_four(void **state)
{
	(void)state;
	sample_joins(&codec, "-1");
	struct buf words = words_make(1000);
	struct buf packed = sample_pack(&codec, buf_bytes(&words), "-1");
	buf_add(&packed, bytes_of("\0\0\0\0\0\0\0\0", 8));
	sample_comes_back(&codec, buf_bytes(&packed), buf_bytes(&words));
	for (size_t size = packed.size - 7; size < packed.size; size++) {
		struct buf out = BUF(BUF_MAX);
		bool whole = sample_decode(&codec, bytes_of(packed.data, size), 9, &out);
		assert_int_equal(whole, size == packed.size - 4);
		buf_release(&out);
	}
	buf_release(&packed);
	buf_release(&words);
}

static void
a_file_cut_off_anywhere_is_never_whole(void **state)
{
	(void)state;
	sample_cut_is_never_whole(&codec, "-6");
	sample_cut_is_never_whole(&codec, "-1 -C none --block-size=1000");
}

static void
a_flipped_bit_never_gives_other_bytes(void **state)
{
	(void)state;
	sample_flip_never_gives_other_bytes(&codec, "-6");
	sample_flip_never_gives_other_bytes(&codec, "-1 -C crc32 --block-size=600");
}

static void
the_sum_of_a_block_is_handed_out(void **state)
{
	(void)state;
	/* Of "abc\n": none, CRC32, CRC64 and the beginning of SHA-256. */
	static const struct {
		const char *how;
		int32_t hash;
		size_t size;
		uint8_t sum[4];
	} checks[] = {
		{"-1 -C none", -1, 0, {0}},
		{"-1 -C crc32", CAB_HASH_CRC32, 4, {0x4e, 0x81, 0x88, 0x47}},
		{"-1 -C crc64", CAB_HASH_CRC64, 8, {0x87, 0x69, 0x2d, 0x8f}},
		{"-1 -C sha256", CAB_HASH_SHA256, 32, {0xed, 0xea, 0xaf, 0xf3}},
	};
	for (size_t at = 0; at < sizeof checks / sizeof checks[0]; at++) {
		struct buf packed = sample_pack(&codec, bytes_of("abc\n", 4), checks[at].how);
		struct span input = span_of(packed.data, packed.size);
		enum stream_status status;
		size_t sums = 0;
		sample_start(&codec);
		while ((status = xz_step(&decoder)) != STREAM_INPUT ||
			stream_more(&decoder.stream, &input)) {
			assert_int_not_equal(status, STREAM_BAD);
			if (status == STREAM_WINDOW)
				stream_give(&decoder.stream, memory_new(decoder.stream.wanted),
					decoder.stream.wanted);
			if (status == STREAM_OUTPUT)
				assert_int_equal(decoder.stream.hash, checks[at].hash);
			if (status != STREAM_SUM)
				continue;
			sums++;
			assert_int_equal(decoder.stream.sum.size, checks[at].size);
			assert_memory_equal(decoder.stream.sum.data, checks[at].sum, 4);
		}
		assert_int_equal(sums, at > 0);
		assert_true(decoder.stream.is_whole);
		free(decoder.stream.window);
		buf_release(&packed);
	}
}

static void
filters_and_large_dictionaries_are_refused_by_name(void **state)
{
	(void)state;
	static const char filtered[] = "packed with a filter other than LZMA2 alone (BCJ or delta)";
	struct buf words = words_make(1000);
	struct buf packed = sample_pack(&codec, buf_bytes(&words), "--x86 --lzma2=preset=1");
	sample_is_refused(&codec, buf_bytes(&packed), filtered);
	buf_release(&packed);
	packed = sample_pack(&codec, buf_bytes(&words), "--delta=dist=2 --lzma2=preset=1");
	sample_is_refused(&codec, buf_bytes(&packed), filtered);
	buf_release(&packed);
	packed = sample_pack(&codec, buf_bytes(&words), "--lzma2=preset=1,dict=128MiB");
	sample_comes_back(&codec, buf_bytes(&packed), buf_bytes(&words));
	buf_release(&packed);
	packed = sample_pack(&codec, buf_bytes(&words), "--lzma2=preset=1,dict=192MiB");
	sample_is_refused(
		&codec, buf_bytes(&packed), "a block needs a dictionary of more than 128 MiB");
	buf_release(&packed);
	buf_release(&words);
}

static int
run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_xz_packs_comes_back_whatever_the_settings),
		cmocka_unit_test(a_dictionary_slides_as_often_as_it_must),
		cmocka_unit_test(streams_in_a_row_are_one_file_with_padding_of_four),
		cmocka_unit_test(a_file_cut_off_anywhere_is_never_whole),
		cmocka_unit_test(a_flipped_bit_never_gives_other_bytes),
		cmocka_unit_test(the_sum_of_a_block_is_handed_out),
		cmocka_unit_test(filters_and_large_dictionaries_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	return sample_run(run);
}
