/* SPDX-License-Identifier: MPL-2.0 */
/* modules: what a .gitmodules gives is plain and leads nowhere else. */
#include <stdlib.h>

#include "modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct modules modules;
	modules_start(&modules, span_of(data, size));
	while (modules_next(&modules)) {
		struct span path = span_of(modules.path.data, modules.path.size);
		if (path.size == 0 || path.size > MODULES_VALUE || modules.url.size == 0 ||
			modules.url.size > MODULES_VALUE || modules.url.data[0] == '-')
			abort();
		while (path.size)
			if (!span_is_name(span_word(&path, '/')))
				abort();
	}
	return 0;
}
