/* SPDX-License-Identifier: MPL-2.0 */
#include "store/vouch.h"

static const char *const vouch_words[] = {
	[VOUCH_SELF] = "self",
	[VOUCH_KEY] = "key ",
	[VOUCH_REALIZER] = "realizer ",
};

void
vouch_encode(const struct vouch *vouch, struct buf *out)
{
	record_add(out, "vouch", "%s%s", vouch_words[vouch->kind], vouch->name);
}

bool
vouch_decode(struct record *record, struct vouch *out, struct err *err)
{
	struct bytes value;
	if (!record_take(record, "vouch", &value, err))
		return false;
	struct vouch vouch = {VOUCH_SELF, ""};
	if (bytes_equal_text(value, "self")) {
		*out = vouch;
		return true;
	}
	vouch.kind = bytes_has_prefix(value, bytes_text("key ")) ? VOUCH_KEY : VOUCH_REALIZER;
	struct bytes word = bytes_text(vouch_words[vouch.kind]);
	struct bytes name = bytes_from(value, word.size);
	if (!bytes_has_prefix(value, word) || name.size == 0 || name.size > VOUCH_NAME_MAX)
		return record_bad(record, "vouch", err);
	for (size_t at = 0; at < name.size; at++)
		if (name.data[at] <= ' ' || name.data[at] >= 0x7f)
			return record_bad(record, "vouch", err);
	memcpy(vouch.name, name.data, name.size);
	*out = vouch;
	return true;
}

bool
vouch_equal(const struct vouch *left, const struct vouch *right)
{
	return left->kind == right->kind && strcmp(left->name, right->name) == 0;
}
