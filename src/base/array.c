/* SPDX-License-Identifier: MPL-2.0 */
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void
array_room(void **data, size_t *size, size_t *capacity, size_t element)
{
	if (*size == *capacity) {
		*capacity = *capacity ? *capacity + *capacity / 2 + 1 : 8;
		*data = memory_grow(*data, *capacity, element);
	}
	memset((uint8_t *)*data + *size * element, 0, element);
	++*size;
}

void
array_drop(void **data, size_t *size, size_t *capacity)
{
	free(*data);
	*data = NULL;
	*size = 0;
	*capacity = 0;
}
