/* SPDX-License-Identifier: MPL-2.0 */
/* pkt: frames, whole and byte by byte: both must give the same events. */
#include <stdlib.h>

#include "pkt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t
events_sum(const uint8_t *data, size_t size, size_t step)
{
	struct pkt pkt;
	uint64_t sum = 0;
	pkt_start(&pkt);
	for (size_t at = 0; at < size; at += step) {
		struct span input = span_of(data + at, size_min(step, size - at));
		struct span piece;
		enum pkt_event event;
		while ((event = pkt_step(&pkt, &input, &piece)) != PKT_INPUT) {
			if (event == PKT_BAD)
				return sum;
			if (event == PKT_DATA)
				for (size_t byte = 0; byte < piece.size; byte++)
					sum = sum * 31 + piece.data[byte];
			else
				sum = sum * 31 + 1000 + (uint64_t)event;
		}
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && events_sum(data, size, size) != events_sum(data, size, 1))
		abort();
	return 0;
}
