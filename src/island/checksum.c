/* SPDX-License-Identifier: MPL-2.0 */
#include "island/checksum.h"

#include "base/digest.h"

enum { RAW = 64 };

static int
digit_value(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static bool
from_hex(struct bytes text, uint8_t *raw, size_t size)
{
	if (text.size != 2 * size)
		return false;
	for (size_t at = 0; at < size; at++) {
		int high = digit_value(text.data[2 * at]);
		int low = digit_value(text.data[2 * at + 1]);
		if (high < 0 || low < 0)
			return false;
		raw[at] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int
letter_value(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	if (byte == '+')
		return 62;
	return byte == '/' ? 63 : -1;
}

/* Sums of 32 and 64 bytes leave 2 and 1 bytes in the last group of 3. */
static bool
from_base64(struct bytes text, uint8_t *raw, size_t size)
{
	size_t padding = (3 - size % 3) % 3;
	if (text.size != (size + padding) / 3 * 4)
		return false;
	uint32_t bits = 0;
	unsigned held = 0;
	size_t made = 0;
	for (size_t at = 0; at < text.size; at++) {
		bool pad = at >= text.size - padding;
		int value = pad ? 0 : letter_value(text.data[at]);
		if (value < 0 || (pad && text.data[at] != '='))
			return false;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		uint8_t byte = (uint8_t)(bits >> held);
		/* What the padding stands for must be zero: one text a sum. */
		if (made < size)
			raw[made] = byte;
		else if (byte != 0)
			return false;
		made++;
		bits &= (1U << held) - 1;
	}
	return true;
}

bool
checksum_parse(struct arena *arena, struct bytes text, struct bytes *out, struct err *err)
{
	struct bytes prefix = BYTES_LITERAL("sha256-");
	bool wide = bytes_has_prefix(text, BYTES_LITERAL("sha512-"));
	if (!wide && !bytes_has_prefix(text, prefix))
		return err_set(err, ERR_REFUSED,
			"checksum: \"sha256-…\" or \"sha512-…\" is wanted, not `%.*s`",
			BYTES_ARGS(bytes_first(text, 128)));
	size_t size = wide ? 64 : 32;
	struct bytes sum = bytes_from(text, prefix.size);
	uint8_t raw[RAW];
	if (!from_hex(sum, raw, size) && !from_base64(sum, raw, size))
		return err_set(err, ERR_REFUSED,
			"checksum: `%.*s` is neither %zu hexadecimal digits nor base64 of %zu "
			"bytes",
			BYTES_ARGS(bytes_first(text, 160)), 2 * size, size);
	char hex[2 * RAW + 1];
	hex_print(bytes_of(raw, size), hex);
	*out = bytes_text(arena_format(arena, "%s-%s", wide ? "sha512" : "sha256", hex));
	return true;
}
