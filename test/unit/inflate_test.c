/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include <unistd.h>

#include "base/hash.h"
#include "gzip.h"

static char file[] = "/tmp/inflate-test-XXXXXX";

/* Decodes a gzip file in steps of so many bytes, through a window of this capacity; false where it
 * is bad or cut off. */
static bool
gzip_decode(struct bytes zipped, size_t step, size_t capacity, struct buf *out)
{
	struct gzip *gzip = (struct gzip *)memory_new(sizeof *gzip);
	struct inflate_window window = {(uint8_t *)memory_new(capacity), 0, capacity};
	enum gzip_status status = GZIP_INPUT;
	struct hasher *hasher = hasher_new(HASH_CRC32);
	gzip_start(gzip);
	for (size_t at = 0; at < zipped.size && status != GZIP_BAD;) {
		size_t size = zipped.size - at < step ? zipped.size - at : step;
		struct span input = span_of(zipped.data + at, size);
		at += size;
		do {
			size_t before = window.used;
			status = gzip_step(gzip, &input, &window);
			struct bytes fresh = bytes_of(window.data + before, window.used - before);
			buf_add(out, fresh);
			hasher_add(hasher, fresh);
			uint8_t sum[HASH_SIZE_MAX];
			if (status == GZIP_DONE && (hasher_finish(hasher, sum, NULL) != GZIP_SUM ||
							   memcmp(sum, gzip->field, GZIP_SUM) != 0))
				status = GZIP_BAD;
			if (status == GZIP_FULL)
				inflate_slide(&window);
		} while (status == GZIP_FULL || (status == GZIP_DONE && input.size));
	}
	hasher_free(hasher);
	free(window.data);
	free(gzip);
	return status == GZIP_DONE;
}

static void
decodes_back(struct bytes plain, const char *how)
{
	data_write(file, plain);
	char command[256];
	(void)snprintf(command, sizeof command, "gzip -c %s %s", how, file);
	struct buf zipped = command_output(command);
	static const size_t steps[] = {1 << 20, 1, 7, 13, 4096};
	for (size_t at = 0; at < sizeof steps / sizeof steps[0]; at++) {
		struct buf out = BUF(BUF_MAX);
		assert_true(gzip_decode(buf_bytes(&zipped), steps[at], 100000, &out));
		assert_true(bytes_equal(buf_bytes(&out), plain));
		buf_release(&out);
	}
	buf_release(&zipped);
}

static void
what_gzip_packs_comes_back_whatever_the_steps(void **state)
{
	(void)state;
	struct buf words = words_make(300000);
	static const char *const levels[] = {"-1", "-6", "-9"};
	for (size_t at = 0; at < 3; at++) {
		decodes_back(buf_bytes(&words), levels[at]);
		decodes_back(bytes_of(words.data, 1), levels[at]);
		decodes_back(bytes_of(NULL, 0), levels[at]);
	}
	buf_release(&words);
}

static void
bytes_that_do_not_compress_come_back_from_stored_blocks(void **state)
{
	(void)state;
	struct buf noise = command_output("head -c 200000 /dev/urandom");
	decodes_back(buf_bytes(&noise), "-6");
	buf_release(&noise);
	struct buf zeros = command_output("head -c 1000000 /dev/zero");
	decodes_back(buf_bytes(&zeros), "-9");
	buf_release(&zeros);
}

static void
a_head_with_every_field_and_several_members_are_read(void **state)
{
	(void)state;
	struct buf words = words_make(5000);
	data_write(file, buf_bytes(&words));
	char command[256];
	(void)snprintf(command, sizeof command, "gzip -c -N %s; gzip -c -n -1 %s", file, file);
	struct buf zipped = command_output(command);
	struct buf out = BUF(BUF_MAX);
	assert_true(gzip_decode(buf_bytes(&zipped), 5, 70000, &out));
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
	struct buf words = words_make(3000);
	data_write(file, buf_bytes(&words));
	char command[256];
	(void)snprintf(command, sizeof command, "gzip -c %s", file);
	struct buf zipped = command_output(command);
	for (size_t size = 0; size < zipped.size; size++) {
		struct buf out = BUF(BUF_MAX);
		assert_false(gzip_decode(bytes_of(zipped.data, size), 64, 70000, &out));
		buf_release(&out);
	}
	buf_release(&zipped);
	buf_release(&words);
}

static void
a_flipped_bit_never_gives_other_bytes(void **state)
{
	(void)state;
	struct buf words = words_make(2000);
	data_write(file, buf_bytes(&words));
	char command[256];
	(void)snprintf(command, sizeof command, "gzip -c -n %s", file);
	struct buf zipped = command_output(command);
	for (size_t bit = 0; bit < 8 * zipped.size; bit++) {
		struct buf out = BUF(BUF_MAX);
		zipped.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		bool whole = gzip_decode(buf_bytes(&zipped), 512, 70000, &out);
		/* The time and system in the head say nothing of the bytes. */
		assert_true(!whole || bytes_equal(buf_bytes(&out), buf_bytes(&words)));
		zipped.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		buf_release(&out);
	}
	buf_release(&zipped);
	buf_release(&words);
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

int
main(void)
{
	int fd = mkstemp(file);
	if (fd < 0 || close(fd) != 0)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gzip_packs_comes_back_whatever_the_steps),
		cmocka_unit_test(bytes_that_do_not_compress_come_back_from_stored_blocks),
		cmocka_unit_test(a_head_with_every_field_and_several_members_are_read),
		cmocka_unit_test(a_file_cut_off_anywhere_is_never_whole),
		cmocka_unit_test(a_flipped_bit_never_gives_other_bytes),
		cmocka_unit_test(streams_that_lie_are_bad),
		cmocka_unit_test(a_stream_fills_its_buffer_exactly_or_says_that_it_is_full),
		cmocka_unit_test(the_input_stands_right_behind_the_stream),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(file);
	return failed;
}
