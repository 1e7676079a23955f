/* SPDX-License-Identifier: MPL-2.0 */
#include "island/commits.h"

#include "base/digest.h"

enum { FRONT = 13, COMMIT = 1 };

bool
commits_read(struct bytes value, uint32_t *out)
{
	static const uint8_t start[] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};
	uint8_t front[FRONT];
	if (value.size != (size_t)2 * FRONT || !hex_parse(value, front) ||
		memcmp(front, start, sizeof start) != 0)
		return false;
	uint32_t count = (uint32_t)front[8] << 24 | (uint32_t)front[9] << 16 |
			 (uint32_t)front[10] << 8 | front[11];
	if (!count || (front[FRONT - 1] >> 4 & 7) != COMMIT)
		return false;
	*out = count;
	return true;
}
