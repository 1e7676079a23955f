/* SPDX-License-Identifier: MPL-2.0 */
/* xz: a file in steps of the size that its first byte says; what it may copy from is bounded. */
#include <stdlib.h>

#include "stream_window.h"
#include "xz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT = 4 << 20 };
	static struct xz xz;
	static uint8_t held[STREAM_ROOM];
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	size_t made = 0;
	bool sound = true;
	memset(&xz, 0, sizeof xz);
	stream_start(&xz.stream, held);
	for (size_t at = 1; at < size && sound; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		bool has_more = true;
		while (sound && has_more) {
			enum stream_status status = xz_step(&xz);
			if (status == STREAM_INPUT)
				has_more = stream_more(&xz.stream, &input);
			if (status == STREAM_OUTPUT)
				made += xz.stream.output.size;
			sound = status != STREAM_BAD && made < OUTPUT &&
				(status != STREAM_WINDOW || window_give(&xz.stream));
		}
	}
	free(xz.stream.window);
	return 0;
}
