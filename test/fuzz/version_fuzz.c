/* SPDX-License-Identifier: MPL-2.0 */
/* version: two versions, a line each: an order is the same from both sides, and everything is itself. */
#include <stdlib.h>

#include "version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
sign(int order)
{
	return (order > 0) - (order < 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span right = span_of(data, size);
	struct span left = span_word(&right, '\n');
	if (sign(version_compare(left, right)) != -sign(version_compare(right, left)) ||
		version_compare(left, left) != 0)
		abort();
	if (sign(version_compare_python(left, right)) !=
			-sign(version_compare_python(right, left)) ||
		!version_is_same_python(right, right))
		abort();
	if (version_is_final_python(left) && version_is_final_python(right) &&
		version_is_same_python(left, right) != version_is_same_python(right, left))
		abort();
	(void)version_is_early(left);
	return 0;
}
