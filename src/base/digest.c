/* SPDX-License-Identifier: MPL-2.0 */
#include "base/digest.h"

#include <stdlib.h>

#include "engine.h"

static const char digest_letters[] = "abcdefghijklmnopqrstuvwxyz234567";

struct digester {
	struct engine_blake3 *state;
};

struct digest
digest_of(struct bytes data)
{
	struct digest digest;
	engine_blake3_once(data.data, data.size, digest.bytes);
	return digest;
}

struct digest
digest_derive(const char *context, struct bytes data)
{
	struct digest digest;
	engine_blake3_derive(context, strlen(context), data.data, data.size, digest.bytes);
	return digest;
}

struct digest_text
digest_print(const struct digest *digest)
{
	struct digest_text out;
	for (size_t at = 0; at < DIGEST_TEXT; at++) {
		size_t bit = at * 5;
		unsigned pair = (unsigned)digest->bytes[bit / 8] << 8;
		if (bit / 8 + 1 < DIGEST_SIZE)
			pair |= digest->bytes[bit / 8 + 1];
		out.text[at] = digest_letters[pair >> (11 - bit % 8) & 31];
	}
	out.text[DIGEST_TEXT] = '\0';
	return out;
}

static int
digest_letter(uint8_t letter)
{
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a';
	if (letter >= '2' && letter <= '7')
		return letter - '2' + 26;
	return -1;
}

bool
digest_parse(struct bytes text, struct digest *out)
{
	if (text.size != DIGEST_TEXT)
		return false;
	struct digest digest = {{0}};
	unsigned held = 0;
	unsigned bits = 0;
	size_t done = 0;
	for (size_t at = 0; at < DIGEST_TEXT; at++) {
		int value = digest_letter(text.data[at]);
		if (value < 0)
			return false;
		held = (held << 5 | (unsigned)value) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			digest.bytes[done++] = (uint8_t)(held >> bits);
		}
	}
	/* 260 bits carry 256: the four left over must be zero, or one digest had several texts. */
	if (held & 15)
		return false;
	*out = digest;
	return true;
}

struct digester *
digester_new(void)
{
	struct digester *digester = (struct digester *)memory_new(sizeof *digester);
	digester->state = engine_blake3_new();
	return digester;
}

void
digester_add(struct digester *digester, struct bytes data)
{
	engine_blake3_add(digester->state, data.data, data.size);
}

struct digest
digester_finish(struct digester *digester)
{
	struct digest digest;
	engine_blake3_finish(digester->state, digest.bytes);
	return digest;
}

void
digester_free(struct digester *digester)
{
	if (!digester)
		return;
	engine_blake3_free(digester->state);
	free(digester);
}

void
hex_print(struct bytes raw, char *text_out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t at = 0; at < raw.size; at++) {
		text_out[2 * at] = digits[raw.data[at] >> 4];
		text_out[2 * at + 1] = digits[raw.data[at] & 15];
	}
	text_out[2 * raw.size] = '\0';
}

static int
hex_digit(uint8_t letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	return -1;
}

bool
hex_parse(struct bytes text, uint8_t *raw_out)
{
	if (text.size % 2)
		return false;
	for (size_t at = 0; at < text.size; at++)
		if (hex_digit(text.data[at]) < 0)
			return false;
	for (size_t at = 0; at < text.size; at += 2)
		raw_out[at / 2] =
			(uint8_t)(hex_digit(text.data[at]) << 4 | hex_digit(text.data[at + 1]));
	return true;
}
