/* SPDX-License-Identifier: MPL-2.0 */
#include "derivation/identity.h"

static bool
is_format(struct bytes format)
{
	if (format.size == 0 || format.size > IDENTITY_FORMAT)
		return false;
	for (size_t at = 0; at < format.size; at++) {
		uint8_t byte = format.data[at];
		if (byte >= 'a' && byte <= 'z')
			continue;
		bool later =
			(byte >= '0' && byte <= '9') || byte == '.' || byte == '+' || byte == '-';
		if (at == 0 || !later)
			return false;
	}
	return true;
}

bool
identity_is_valid(struct identity identity)
{
	if (!is_format(identity.format))
		return false;
	if (identity.value.size == 0 || identity.value.size > IDENTITY_VALUE)
		return false;
	for (size_t at = 0; at < identity.value.size; at++)
		if (identity.value.data[at] <= ' ' || identity.value.data[at] >= 0x7f)
			return false;
	return true;
}

bool
identity_parse(struct bytes text, struct identity *out)
{
	size_t space = bytes_find(text, ' ');
	if (space == SIZE_MAX)
		return false;
	struct identity identity = {bytes_first(text, space), bytes_from(text, space + 1)};
	if (!identity_is_valid(identity))
		return false;
	*out = identity;
	return true;
}

struct bytes
identity_print(struct arena *arena, struct identity identity)
{
	return bytes_text(arena_format(
		arena, "%.*s %.*s", BYTES_ARGS(identity.format), BYTES_ARGS(identity.value)));
}

bool
identity_equal(struct identity left, struct identity right)
{
	return bytes_equal(left.format, right.format) && bytes_equal(left.value, right.value);
}

bool
cab_value_is_valid(struct bytes value)
{
	struct digest digest;
	return value.size == CAB_VALUE_TEXT && value.data[0] && strchr("dfxl", value.data[0]) &&
	       digest_parse(bytes_from(value, 1), &digest);
}

const struct identity *
identity_find(const struct identity *identities, size_t count, const char *format)
{
	for (size_t at = 0; at < count; at++)
		if (bytes_equal_text(identities[at].format, format))
			return &identities[at];
	return NULL;
}
