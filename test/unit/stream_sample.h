/* SPDX-License-Identifier: MPL-2.0 */
/*
 * stream_sample: what is asked of each decoder of compressed files (guest/stream.h), with real files
 * made by the format's own program.
 *
 *     static struct zstd decoder;              the test's file defines a codec
 */
#pragma once

#include "guest_data.h"

#include <unistd.h>

#include "base/hash.h"
#include "stream.h"

struct sample_codec {
	struct stream *stream; /* the decoder, which begins with it */
	size_t size;
	enum stream_status (*step)(void);
	const char *program;
};

static char sample_file[] = "/tmp/stream-test-XXXXXX";

/* A hasher for what the output must have, where any sum is wanted. */
static inline struct hasher *
sample_hasher(const struct stream *stream)
{
	switch (stream->hash) {
	case CAB_HASH_CRC32:
		return hasher_new(HASH_CRC32);
	case CAB_HASH_CRC64:
		return hasher_new(HASH_CRC64);
	case CAB_HASH_SHA256:
		return hasher_new(HASH_SHA256);
	case CAB_HASH_XXH64:
		return hasher_new(HASH_XXH64);
	case CAB_HASH_CRC32_BZIP2:
		return hasher_new(HASH_CRC32_BZIP2);
	default:
		assert_int_equal(stream->hash, -1);
		return NULL;
	}
}

/* The caller's part of the sums: whether the output since the last one has what is wanted. */
static inline bool
sample_sum_is_right(const struct stream *stream, struct bytes made)
{
	struct err err;
	uint8_t sum[HASH_SIZE_MAX];
	struct hasher *hasher = sample_hasher(stream);
	assert_non_null(hasher);
	hasher_add(hasher, made);
	size_t size = hasher_finish(hasher, sum, &err);
	hasher_free(hasher);
	assert_true(stream->sum.size > 0 && stream->sum.size <= size);
	return memcmp(sum, stream->sum.data, stream->sum.size) == 0;
}

static inline void
sample_start(const struct sample_codec *codec)
{
	static uint8_t held[STREAM_ROOM];
	memset(codec->stream, 0, codec->size);
	stream_start(codec->stream, held);
}

/* Decodes in steps of so many bytes; false where the file is bad or cut off. */
static inline bool
sample_decode(const struct sample_codec *codec, struct bytes packed, size_t step, struct buf *out)
{
	struct stream *stream = codec->stream;
	bool sound = true;
	size_t summed = 0;
	sample_start(codec);
	for (size_t at = 0; at < packed.size && sound; at += step) {
		size_t size = packed.size - at < step ? packed.size - at : step;
		struct span input = span_of(packed.data + at, size);
		bool has_more = true;
		while (sound && has_more) {
			enum stream_status status = codec->step();
			if (status == STREAM_INPUT) {
				has_more = stream_more(stream, &input);
			} else if (status == STREAM_OUTPUT) {
				buf_add(out, bytes_of(stream->output.data, stream->output.size));
			} else if (status == STREAM_WINDOW) {
				assert_true(stream->wanted <= STREAM_MEMORY);
				free(stream->window);
				stream_give(stream, memory_new(stream->wanted), stream->wanted);
			} else if (status == STREAM_SUM) {
				sound = sample_sum_is_right(
					stream, bytes_from(buf_bytes(out), summed));
				summed = out->size;
			} else if (status == STREAM_BAD) {
				assert_non_null(stream->sentence);
				sound = false;
			}
		}
		assert_true(!sound || input.size == 0);
	}
	bool whole = sound && stream->is_whole;
	free(stream->window);
	stream_give(stream, NULL, 0);
	return whole;
}

static inline struct buf
sample_pack(const struct sample_codec *codec, struct bytes plain, const char *how)
{
	char command[300];
	data_write(sample_file, plain);
	(void)snprintf(command, sizeof command, "%s -c %s <%s", codec->program, how, sample_file);
	return command_output(command);
}

static inline void
sample_comes_back(const struct sample_codec *codec, struct bytes packed, struct bytes plain)
{
	static const size_t steps[] = {1 << 20, 1, 7, 4096};
	for (size_t at = 0; at < sizeof steps / sizeof steps[0]; at++) {
		struct buf out = BUF(BUF_MAX);
		assert_true(sample_decode(codec, packed, steps[at], &out));
		assert_true(bytes_equal(buf_bytes(&out), plain));
		buf_release(&out);
	}
}

static inline void
sample_packs_and_comes_back(const struct sample_codec *codec, struct bytes plain, const char *how)
{
	struct buf packed = sample_pack(codec, plain, how);
	sample_comes_back(codec, buf_bytes(&packed), plain);
	buf_release(&packed);
}

/* Texts, noise, zeros and numbers; sizes on both sides of what a block can hold. */
static inline void
sample_all_contents(const struct sample_codec *codec, const char *how)
{
	static const char *const commands[] = {"head -c 300000 /dev/urandom",
		"head -c 1000000 /dev/zero", "seq 1 40000", "printf abababab",
		"(head -c 131072 /dev/zero; seq 1 30000; head -c 131071 /dev/urandom)"};
	for (size_t at = 0; at < sizeof commands / sizeof commands[0]; at++) {
		struct buf plain = command_output(commands[at]);
		sample_packs_and_comes_back(codec, buf_bytes(&plain), how);
		buf_release(&plain);
	}
	struct buf words = words_make(400000);
	static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 255, 65535, 131072, 131073, 400000};
	for (size_t at = 0; at < sizeof sizes / sizeof sizes[0]; at++)
		sample_packs_and_comes_back(codec, bytes_of(words.data, sizes[at]), how);
	buf_release(&words);
}

static inline void
sample_cut_is_never_whole(const struct sample_codec *codec, const char *how)
{
	struct buf words = words_make(3000);
	struct buf packed = sample_pack(codec, buf_bytes(&words), how);
	for (size_t size = 0; size < packed.size; size++) {
		struct buf out = BUF(BUF_MAX);
		assert_false(sample_decode(codec, bytes_of(packed.data, size), 64, &out));
		buf_release(&out);
	}
	buf_release(&packed);
	buf_release(&words);
}

static inline void
sample_flip_never_gives_other_bytes(const struct sample_codec *codec, const char *how)
{
	struct buf words = words_make(1000);
	struct buf packed = sample_pack(codec, buf_bytes(&words), how);
	for (size_t bit = 0; bit < 8 * packed.size; bit++) {
		struct buf out = BUF(BUF_MAX);
		packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		bool whole = sample_decode(codec, buf_bytes(&packed), 512, &out);
		assert_true(!whole || bytes_equal(buf_bytes(&out), buf_bytes(&words)));
		packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		buf_release(&out);
	}
	buf_release(&packed);
	buf_release(&words);
}

/* Several files in a row are one; anything else behind a file is refused. */
static inline void
sample_joins(const struct sample_codec *codec, const char *how)
{
	struct buf words = words_make(5000);
	struct buf packed = sample_pack(codec, buf_bytes(&words), how);
	struct buf more = sample_pack(codec, bytes_of(words.data, 17), how);
	buf_add(&packed, buf_bytes(&more));
	buf_add(&words, bytes_of(words.data, 17));
	sample_comes_back(codec, buf_bytes(&packed), buf_bytes(&words));
	buf_add_text(&packed, "else");
	struct buf out = BUF(BUF_MAX);
	assert_false(sample_decode(codec, buf_bytes(&packed), 100, &out));
	buf_release(&out);
	buf_release(&more);
	buf_release(&packed);
	buf_release(&words);
}

static inline void
sample_is_refused(const struct sample_codec *codec, struct bytes packed, const char *sentence)
{
	struct buf out = BUF(BUF_MAX);
	assert_false(sample_decode(codec, packed, 4096, &out));
	assert_string_equal(codec->stream->sentence, sentence);
	buf_release(&out);
}

static inline int
sample_run(int (*run)(void))
{
	int fd = mkstemp(sample_file);
	if (fd < 0 || close(fd) != 0)
		return 1;
	int failed = run();
	(void)unlink(sample_file);
	return failed;
}
