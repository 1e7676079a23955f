/* SPDX-License-Identifier: MPL-2.0 */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/must.h"

struct vector {
	enum hash_algorithm algorithm;
	const char *sum;
};

static void
expect_sum(struct hasher *hasher, const struct vector *vector)
{
	struct err err = {0};
	uint8_t sum[HASH_SIZE_MAX];
	char text[2 * HASH_SIZE_MAX + 1];
	size_t size = hasher_finish(hasher, sum, &err);
	assert_int_equal(size, hash_size(vector->algorithm));
	hex_print(bytes_of(sum, size), text);
	assert_string_equal(text, vector->sum);
}

/* All at once, then again with the same hasher in two uneven pieces. */
static void
expect_vectors(const struct vector *vectors, struct bytes data)
{
	for (size_t at = 0; at < HASH_COUNT; at++) {
		struct hasher *hasher = hasher_new(vectors[at].algorithm);
		hasher_add(hasher, data);
		expect_sum(hasher, &vectors[at]);
		hasher_add(hasher, bytes_first(data, data.size / 3));
		hasher_add(hasher, bytes_from(data, data.size / 3));
		expect_sum(hasher, &vectors[at]);
		hasher_free(hasher);
	}
}

static void
empty_input_has_the_published_sums(void **state)
{
	(void)state;
	static const struct vector vectors[HASH_COUNT] = {
		{HASH_BLAKE3, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
		{HASH_SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{HASH_SHA1_PLAIN, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{HASH_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{HASH_SHA512, "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
			      "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
		{HASH_MD5, "d41d8cd98f00b204e9800998ecf8427e"},
		{HASH_CRC32, "00000000"},
		{HASH_CRC64, "0000000000000000"},
		{HASH_XXH64, "99e9d85137db46ef"},
		{HASH_CRC32_BZIP2, "00000000"},
	};
	expect_vectors(vectors, bytes_of(NULL, 0));
}

static void
abc_has_the_published_sums(void **state)
{
	(void)state;
	static const struct vector vectors[HASH_COUNT] = {
		{HASH_BLAKE3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"},
		{HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{HASH_SHA1_PLAIN, "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{HASH_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{HASH_MD5, "900150983cd24fb0d6963f7d28e17f72"},
		{HASH_CRC32, "c2412435"},
		{HASH_CRC64, "2776271a4a09d82c"},
		{HASH_XXH64, "990977adf52cbc44"},
		{HASH_CRC32_BZIP2, "73bb8c64"},
	};
	expect_vectors(vectors, BYTES_LITERAL("abc"));
}

/* The input of BLAKE3's own vectors, bytes 0 to 250 over and over; sums by Python's hashlib and
 * blake3 over the same bytes, CRC-64 as xz has it in a file of them, XXH64 as zstd has its half. */
static void
a_mebibyte_has_the_sums_that_other_tools_give(void **state)
{
	(void)state;
	static const struct vector vectors[HASH_COUNT] = {
		{HASH_BLAKE3, "74cb441fd087764ca9c3694da742ebe30cbeb3060a17009ca81825c7a8d10343"},
		{HASH_SHA1, "c2fc4cb20f1301a6b0dd211c19e69a13925dbe40"},
		{HASH_SHA1_PLAIN, "c2fc4cb20f1301a6b0dd211c19e69a13925dbe40"},
		{HASH_SHA256, "631b84027d6b9e52b539c4e8373622d23032dfadc64d60af87339c9037e4f769"},
		{HASH_SHA512, "67dad569eefc986a3b2424f5516d5a0284bb53d7b52d75f5ed881a6830a95765"
			      "ccc82bc48752fb693422579f11dc9a400561ec1885af9eeef703dbbd312d4fd0"},
		{HASH_MD5, "8f293a2f6c19b345152f7a49bb4c643c"},
		{HASH_CRC32, "54600eef"},
		{HASH_CRC64, "bc4288f8a8586fde"},
		{HASH_XXH64, "314a46c49903ac89"},
		{HASH_CRC32_BZIP2, "72888e41"},
	};
	size_t size = 1 << 20;
	uint8_t *data = memory_new(size);
	for (size_t at = 0; at < size; at++)
		data[at] = (uint8_t)(at % 251);
	expect_vectors(vectors, bytes_of(data, size));
	free(data);
}

/* The first 320 bytes of shattered-1.pdf (Stevens and others, https://shattered.io): the prefix and
 * the pair of near-collision blocks. */
static const char shattered[] =
	"255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f"
	"4865696768742033203020522f547970652034203020522f537562747970652035203020522f4669"
	"6c7465722036203020522f436f6c6f7253706163652037203020522f4c656e677468203820302052"
	"2f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d31"
	"20697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe017346dc9166b67e11"
	"8f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3"
	"dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f"
	"0e332edf93ac3500eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1";

static void
sha1_refuses_an_input_that_was_made_to_collide(void **state)
{
	(void)state;
	uint8_t data[320];
	assert_true(hex_parse(bytes_text(shattered), data));
	struct hasher *hasher = hasher_new(HASH_SHA1);
	hasher_add(hasher, bytes_of(data, sizeof data));
	struct err err = {0};
	uint8_t sum[HASH_SIZE_MAX] = {0};
	assert_int_equal(hasher_finish(hasher, sum, &err), 0);
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_int_equal(sum[0], 0);

	/* It starts anew: the collision is forgotten, and so is what was added. */
	hasher_add(hasher, BYTES_LITERAL("abc"));
	expect_sum(hasher, &(struct vector){HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"});
	hasher_free(hasher);
}

static void
names_are_found_and_unknown_names_are_not(void **state)
{
	(void)state;
	for (size_t at = 0; at < HASH_CRC32; at++) {
		enum hash_algorithm found;
		assert_true(hash_find(bytes_text(hash_name((enum hash_algorithm)at)), &found));
		assert_int_equal(found, at);
	}
	enum hash_algorithm untouched = HASH_MD5;
	assert_false(hash_find(BYTES_LITERAL("crc32"), &untouched));
	assert_false(hash_find(BYTES_LITERAL("SHA1"), &untouched));
	assert_false(hash_find(BYTES_LITERAL("sha25"), &untouched));
	assert_false(hash_find(BYTES_LITERAL(""), &untouched));
	assert_int_equal(untouched, HASH_MD5);
}

static void
freeing_no_hasher_is_fine(void **state)
{
	(void)state;
	hasher_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_input_has_the_published_sums),
		cmocka_unit_test(abc_has_the_published_sums),
		cmocka_unit_test(a_mebibyte_has_the_sums_that_other_tools_give),
		cmocka_unit_test(sha1_refuses_an_input_that_was_made_to_collide),
		cmocka_unit_test(names_are_found_and_unknown_names_are_not),
		cmocka_unit_test(freeing_no_hasher_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
