/* SPDX-License-Identifier: MPL-2.0 */
#include "island/island.h"

static const struct scheme schemes[SCHEME_COUNT] = {
#define SCHEME(name, text, shape, base, redirects, formats)                                        \
	{SCHEME_##name, SHAPE_##shape, text, base, redirects, formats},
#include "island/scheme_list.h"
};

const struct scheme *
scheme_find(struct bytes text)
{
	for (size_t at = 0; at < SCHEME_COUNT; at++)
		if (bytes_equal_text(text, schemes[at].text))
			return &schemes[at];
	return NULL;
}

const struct scheme *
scheme_get(enum scheme_id id)
{
	must(id < SCHEME_COUNT, "a scheme's number comes from the list");
	return &schemes[id];
}
