/* SPDX-License-Identifier: MPL-2.0 */
/* An index of git; what is found in it by its own names is there. */
#include "island/tracked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tracked tracked = TRACKED;
	struct err err;
	if (tracked_decode(&tracked, bytes_of(data, size), &err))
		for (size_t at = 0; at < tracked.rows.size; at++) {
			struct bytes path = tracked.rows.data[at].path;
			must(tracked_find(&tracked, path), "a name that was read is found");
			must(tracked_has_beneath(&tracked, path), "a name begins with itself");
		}
	tracked_release(&tracked);
	return 0;
}
