/* SPDX-License-Identifier: MPL-2.0 */
/* The first byte says in which pieces the rest arrives; whatever the pieces, the lines are the same. */
#include <stdint.h>

#include "realize/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	size_t piece = (size_t)data[0] + 1;
	struct bytes rest = bytes_of(data + 1, size - 1);
	struct bytes whole = rest;
	static struct report parts;
	static struct report once;
	struct err err;
	parts = (struct report){0};
	once = (struct report){0};
	bool good = true;
	while (good && rest.size) {
		good = report_feed(&parts, bytes_first(rest, piece), &err);
		rest = bytes_from(rest, piece);
	}
	bool same = report_feed(&once, whole, &err);
	/* A piece may be taken before the ceiling of bytes is met by a later one. */
	must(!same || good, "what is taken at once is taken in pieces");
	if (!good)
		return 0;
	must(parts.count == once.count || !same, "pieces give the same lines");
	struct identity identity;
	while (report_next(&parts, &identity))
		must(identity_is_valid(identity), "what comes out is of the grammar");
	if (report_finish(&parts, &err))
		must(parts.ended, "a whole report ends with cab");
	return 0;
}
