/* SPDX-License-Identifier: MPL-2.0 */
/* bzip2: a file in steps of the size that its first byte says; what it may copy from is bounded. */
#include <stdlib.h>

#include "stream_window.h"
#include "bzip2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT = 4 << 20 };
	static struct bzip2 bzip2;
	static uint8_t held[STREAM_ROOM];
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	size_t made = 0;
	bool sound = true;
	memset(&bzip2, 0, sizeof bzip2);
	stream_start(&bzip2.stream, held);
	for (size_t at = 1; at < size && sound; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		bool has_more = true;
		while (sound && has_more) {
			enum stream_status status = bzip2_step(&bzip2);
			if (status == STREAM_INPUT)
				has_more = stream_more(&bzip2.stream, &input);
			if (status == STREAM_OUTPUT)
				made += bzip2.stream.output.size;
			sound = status != STREAM_BAD && made < OUTPUT &&
				(status != STREAM_WINDOW || window_give(&bzip2.stream));
		}
	}
	free(bzip2.stream.window);
	return 0;
}
