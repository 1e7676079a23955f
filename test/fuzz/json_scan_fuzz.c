/* SPDX-License-Identifier: MPL-2.0 */
/* json_scan: a text is JSON for the host where it is for the fetcher, and what opens is closed. */
#include "island/json_scan.h"

#include <stdlib.h>

#include "base/must.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_scan scan = json_scan(bytes_of(data, size));
	struct bytes piece;
	enum json_event event;
	unsigned depth = 0;
	do {
		event = json_scan_next(&scan, &piece);
		depth += event == JSON_EVENT_OPEN;
		depth -= event == JSON_EVENT_CLOSE;
		must(event == JSON_EVENT_BAD || (depth == scan.depth && depth <= JSON_SCAN_DEPTH),
			"what opens is counted");
		must(!piece.size || (piece.data >= data && piece.data + piece.size <= data + size),
			"a piece is of the text");
	} while (event != JSON_EVENT_END && event != JSON_EVENT_BAD);
	must(event == JSON_EVENT_BAD || !depth, "what opens is closed");
	must(json_scan_next(&scan, &piece) == event, "an end is one");
	/* The fetcher's has a NUL behind it. */
	uint8_t *copy = (uint8_t *)calloc(size + 1, 1);
	must(copy, "no memory");
	for (size_t at = 0; at < size; at++)
		copy[at] = data[at];
	must((event == JSON_EVENT_END) == !json_problem(span_of(copy, size)),
		"the fetcher thinks the same");
	free(copy);
	return 0;
}
