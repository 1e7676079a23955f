/* SPDX-License-Identifier: MPL-2.0 */
/* inflate: a gzip file, in steps of the size that its first byte says. */
#include "gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT = 4 << 20 };
	static struct gzip gzip;
	static uint8_t held[STREAM_ROOM];
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	size_t made = 0;
	memset(&gzip, 0, sizeof gzip);
	stream_start(&gzip.stream, held);
	for (size_t at = 1; at < size; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		enum stream_status status;
		while ((status = gzip_step(&gzip)) != STREAM_INPUT ||
			stream_more(&gzip.stream, &input)) {
			if (status == STREAM_OUTPUT)
				made += gzip.stream.output.size;
			if (status == STREAM_BAD || made > OUTPUT)
				return 0;
		}
	}
	return 0;
}
