/* SPDX-License-Identifier: MPL-2.0 */
#include "delta.h"

static bool
size_read(struct span *delta, uint64_t *size_out)
{
	uint64_t size = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		if (!delta->size)
			return false;
		uint8_t byte = *delta->data;
		*delta = span_after(*delta, 1);
		size |= (uint64_t)(byte & 127) << shift;
		if (!(byte & 128)) {
			*size_out = size;
			return true;
		}
	}
	return false;
}

/* The bytes of a number that `present` names, lowest first. */
static bool
number_take(struct span *delta, unsigned present, unsigned count, size_t *number_out)
{
	size_t number = 0;
	for (unsigned at = 0; at < count; at++) {
		if (!(present >> at & 1))
			continue;
		if (!delta->size)
			return false;
		number |= (size_t)*delta->data << 8 * at;
		*delta = span_after(*delta, 1);
	}
	*number_out = number;
	return true;
}

bool
delta_head(struct span *delta, size_t base_size, uint64_t *result_size_out)
{
	uint64_t said;
	return size_read(delta, &said) && said == base_size && size_read(delta, result_size_out);
}

bool
delta_apply(struct span delta, struct span base, uint8_t *result, size_t result_size)
{
	size_t done = 0;
	while (delta.size) {
		uint8_t code = *delta.data;
		delta = span_after(delta, 1);
		size_t size = code;
		const uint8_t *from = delta.data;
		if (code & 128) {
			size_t offset;
			if (!number_take(&delta, code & 15, 4, &offset) ||
				!number_take(&delta, code >> 4 & 7, 3, &size))
				return false;
			if (size == 0)
				size = 0x10000;
			if (offset > base.size || size > base.size - offset)
				return false;
			from = base.data + offset;
		} else {
			if (code == 0 || size > delta.size)
				return false;
			delta = span_after(delta, size);
		}
		if (size > result_size - done)
			return false;
		memcpy(result + done, from, size);
		done += size;
	}
	return done == result_size;
}
