/* SPDX-License-Identifier: MPL-2.0 */
#include "document.h"

#include "heap.h"
#include "json.h"

void
document_expect(struct span text, const char *name)
{
	const char *problem = json_problem(text);
	if (problem)
		fail_in(name, problem);
}

struct span
document_string(const uint8_t *value)
{
	size_t size = json_plain(value).size;
	uint8_t *text = (uint8_t *)heap_take(size);
	return span_of(text, size ? json_string(value, text) : 0);
}

bool
url_is_http(struct span url)
{
	return span_has_prefix(url, "https://") || span_has_prefix(url, "http://");
}
