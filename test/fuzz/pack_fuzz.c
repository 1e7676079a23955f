/* SPDX-License-Identifier: MPL-2.0 */
/*
 * pack: a pack in steps of the size that its first byte says, of ids of 32 bytes where that is odd; each object is then taken for a delta
 * on the one before it, and for a tree.
 */
#include <stdlib.h>

#include "delta.h"
#include "pack.h"
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 64 << 10 };

static void
object_use(struct span object, struct span before, size_t id_size)
{
	static uint8_t result[ROOM];
	uint64_t size;
	if (delta_head(&object, before.size, &size) && size <= ROOM)
		(void)delta_apply(object, before, result, (size_t)size);
	struct tree tree = tree_start(object, id_size);
	while (tree_next(&tree))
		if (tree_name_problem(tree.name))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pack pack;
	static uint8_t rooms[2][ROOM];
	struct span before = {NULL, 0};
	unsigned turn = 0;
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	size_t id_size = data[0] & 1 ? SUM_SHA256 : SUM_SHA1;
	pack_start(&pack, id_size);
	for (size_t at = 1; at < size; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		enum pack_event event = PACK_END;
		while (event != PACK_INPUT) {
			event = pack_step(&pack, &input);
			if (event == PACK_BAD || event == PACK_FULL)
				return 0;
			if (event == PACK_OBJECT)
				pack.window = (struct inflate_window){rooms[turn++ % 2], 0, ROOM};
			if (event == PACK_END) {
				struct span object = span_of(pack.window.data, pack.window.used);
				object_use(object, before, id_size);
				before = object;
			}
		}
	}
	return 0;
}
