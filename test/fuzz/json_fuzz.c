/* SPDX-License-Identifier: MPL-2.0 */
/* JSON: what is read ends in a value or an error, and each string in it is text that writes back. */
#include "derivation/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
visit(const json_t *value)
{
	struct bytes text;
	if (!json_read_text(value, &text))
		return;
	must(json_text_is_valid(text), "a string that was read is text");
	cleanup_buf struct buf out = BUF(BUF_MAX);
	buf_add_byte(&out, '[');
	json_add_text(&out, text);
	buf_add_byte(&out, ']');
	struct err err = {0};
	cleanup_json json_t *again = json_read(buf_bytes(&out), 1, &err);
	must(again, "what was written reads back");
	must(json_equal(json_array_get(again, 0), value), "it is the same string");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	cleanup_json json_t *value = json_read(bytes_of(data, size), 16, &err);
	if (!value) {
		must(err.kind == ERR_CORRUPT || err.kind == ERR_LIMIT, "an error has its kind");
		return 0;
	}
	for (size_t at = 0; at < json_array_size(value); at++)
		visit(json_array_get(value, at));
	return 0;
}
