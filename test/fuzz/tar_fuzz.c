/* SPDX-License-Identifier: MPL-2.0 */
/* tar: an archive in steps of the size that its first byte says; paths that come out are clean. */
#include <stdlib.h>

#include "tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
path_check(struct span path)
{
	struct span rest = path;
	while (rest.size) {
		struct span name = span_of(rest.data, span_find(rest, '/'));
		if (name.size == 0 || span_equal(name, SPAN(".")) || span_equal(name, SPAN("..")) ||
			span_find(name, 0) < name.size)
			abort();
		rest = span_from(rest, name.size + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tar tar;
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	tar_start(&tar);
	for (size_t at = 1; at < size; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		struct span piece;
		enum tar_event event;
		while ((event = tar_step(&tar, &input, &piece)) != TAR_INPUT) {
			if (event == TAR_BAD)
				return 0;
			if (event == TAR_ENTRY)
				path_check(tar.item.path);
		}
	}
	return 0;
}
