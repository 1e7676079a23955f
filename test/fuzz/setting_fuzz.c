/* SPDX-License-Identifier: MPL-2.0 */
/* setting: what is read of a client's file of settings, printed in one form, is read as the same again. */
#include "island/setting.h"

#include "base/buf.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct bytes text, struct bytes part)
{
	must(part.size == 0 || (part.data >= text.data && part.size <= text.size &&
				       (size_t)(part.data - text.data) <= text.size - part.size),
		"a span is of the text");
	must(bytes_find(part, '\n') == SIZE_MAX, "a setting is of one line");
}

/* Each setting below its section, its value between quotes. */
static void
print(struct bytes text, struct buf *out)
{
	struct setting setting = setting_start(text);
	while (setting_next(&setting)) {
		check(text, setting.section);
		check(text, setting.key);
		check(text, setting.value);
		must(bytes_find(setting.key, '=') == SIZE_MAX, "a key ends at the first sign");
		buf_add(out, BYTES_LITERAL("["));
		buf_add(out, setting.section);
		buf_add(out, BYTES_LITERAL("]\n"));
		buf_add(out, setting.key);
		buf_add(out, BYTES_LITERAL(" = \""));
		buf_add(out, setting.value);
		buf_add(out, BYTES_LITERAL("\"\n"));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A section is printed again at each of its settings. */
	cleanup_buf struct buf once = BUF(BUF_MAX);
	cleanup_buf struct buf twice = BUF(BUF_MAX);
	print(bytes_of(data, size), &once);
	print(buf_bytes(&once), &twice);
	must(bytes_equal(buf_bytes(&once), buf_bytes(&twice)), "print(read(x)) is read as x");
	return 0;
}
