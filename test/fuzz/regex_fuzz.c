/* SPDX-License-Identifier: MPL-2.0 */
/* A pattern up to the first NUL, a text after it: refused, or run without a fault; spans lie in the
 * text. */
#include <stdlib.h>

#include "lang/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_spans(const struct regex *regex, struct bytes text, const size_t *spans)
{
	for (size_t group = 0; group <= regex_group_count(regex); group++) {
		size_t start = spans[2 * group], end = spans[2 * group + 1];
		if (start != SIZE_MAX && end != SIZE_MAX && (start > end || end > text.size))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size), pattern = {0};
	if (!size || !bytes_split(&rest, 0, &pattern))
		return 0;
	struct err err = {0};
	struct regex *regex = regex_new(pattern, &err);
	if (!regex)
		return 0;
	size_t spans[2 * REGEX_GROUPS];
	if (regex_match(regex, rest, spans)) {
		check_spans(regex, rest, spans);
		if (spans[0] != 0 || spans[1] != rest.size)
			abort();
	}
	if (regex_search(regex, rest, 0, spans))
		check_spans(regex, rest, spans);
	regex_free(regex);
	return 0;
}
