/* SPDX-License-Identifier: MPL-2.0 */
/* A lease: the lines that are taken are taken alone too, write the same again, and none is lost to what stands before or after it. */
#include "base/must.h"
#include "store/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes other =
		BYTES_LITERAL("\nr0123456789012345678901234567890123456789");
	struct map all = {0};
	struct map again = {0};
	struct map alone = {0};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct bytes rest = bytes_of(data, size);
	struct bytes line;
	lease_decode(rest, &all);
	while (bytes_split(&rest, '\n', &line))
		lease_decode(line, &alone);
	must(all.size == alone.size, "a line counts whatever stands beside it");
	for (size_t at = 0; at < all.size; at++) {
		must(map_has(&alone, all.entries[at].key),
			"a line counts whatever stands beside it");
		buf_add(&text, all.entries[at].key);
		buf_add_byte(&text, '\n');
	}
	lease_decode(buf_bytes(&text), &again);
	must(again.size == all.size, "what was taken is taken again");
	buf_clear(&text);
	buf_add(&text, bytes_of(data, size));
	buf_add(&text, other);
	lease_decode(buf_bytes(&text), &again);
	must(map_has(&again, bytes_from(other, 1)), "a line that follows is taken");
	map_release(&alone);
	map_release(&again);
	map_release(&all);
	return 0;
}
