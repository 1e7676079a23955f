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
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	size_t made = 0;
	bool sound = true;
	xz_start(&xz);
	for (size_t at = 1; at < size && sound; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		enum stream_status status = STREAM_OUTPUT;
		while (sound && status != STREAM_INPUT) {
			status = xz_step(&xz, &input);
			if (status == STREAM_OUTPUT)
				made += xz.stream.output.size;
			sound = status != STREAM_BAD && made < OUTPUT &&
				(status != STREAM_WINDOW || window_give(&xz.stream));
		}
	}
	free(xz.stream.window);
	return 0;
}
