/* SPDX-License-Identifier: MPL-2.0 */
/* What a local process may send to the stage: a whole head has a plain target, and stays whole whatever follows it. */
#include "cli/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes target = {0};
	struct bytes again = {0};
	bool is_head = false;
	if (stage_read_head(bytes_of(data, size), &target, &is_head) != STAGE_WHOLE)
		return 0;
	must(target.size && target.data[0] == '/' && target.size < size, "a target is a path");
	for (size_t at = 0; at < target.size; at++)
		must(target.data[at] > ' ' && target.data[at] < 0x7f, "a target is plain");
	cleanup_buf struct buf more = BUF(BUF_MAX);
	buf_add(&more, bytes_of(data, size));
	buf_add_text(&more, "more\r\n\r\n");
	must(stage_read_head(buf_bytes(&more), &again, &is_head) == STAGE_WHOLE &&
			bytes_equal(target, again),
		"what follows a head is not of it");
	return 0;
}
