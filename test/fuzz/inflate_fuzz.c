/* SPDX-License-Identifier: MPL-2.0 */
/* inflate: a gzip file, in steps of the size that its first byte says, through a small window. */
#include <stdlib.h>

#include "gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { WINDOW = 40 << 10, STEPS = 4096 };
	static struct gzip gzip;
	static uint8_t room[WINDOW];
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	struct inflate_window window = {room, 0, WINDOW};
	gzip_start(&gzip);
	unsigned steps = 0;
	for (size_t at = 1; at < size; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		enum gzip_status status = GZIP_FULL;
		while (status == GZIP_FULL || (status == GZIP_DONE && input.size)) {
			status = gzip_step(&gzip, &input, &window);
			if (status == GZIP_BAD || ++steps > STEPS)
				return 0;
			if (status == GZIP_FULL)
				inflate_slide(&window);
		}
	}
	return 0;
}
