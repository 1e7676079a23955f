/* SPDX-License-Identifier: MPL-2.0 */
/* zstd: a file in steps of the size that its first byte says; what it may copy from is bounded. */
#include <stdlib.h>

#include "stream_window.h"
#include "zstd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT = 4 << 20 };
	static struct zstd zstd;
	static uint8_t held[STREAM_ROOM];
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	size_t made = 0;
	bool sound = true;
	memset(&zstd, 0, sizeof zstd);
	stream_start(&zstd.stream, held);
	for (size_t at = 1; at < size && sound; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		bool has_more = true;
		while (sound && has_more) {
			enum stream_status status = zstd_step(&zstd);
			if (status == STREAM_INPUT)
				has_more = stream_more(&zstd.stream, &input);
			if (status == STREAM_OUTPUT)
				made += zstd.stream.output.size;
			sound = status != STREAM_BAD && made < OUTPUT &&
				(status != STREAM_WINDOW || window_give(&zstd.stream));
		}
	}
	free(zstd.stream.window);
	return 0;
}
