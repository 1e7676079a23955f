/* SPDX-License-Identifier: MPL-2.0 */
#include "base/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_print(struct bytes data, char *out)
{
	for (size_t at = 0; at < data.size; at += 3) {
		size_t left = data.size - at;
		uint32_t bits = (uint32_t)data.data[at] << 16;
		bits |= left > 1 ? (uint32_t)data.data[at + 1] << 8 : 0;
		bits |= left > 2 ? (uint32_t)data.data[at + 2] : 0;
		*out++ = letters[bits >> 18];
		*out++ = letters[bits >> 12 & 63];
		*out++ = left > 1 ? letters[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? letters[bits & 63] : '=';
	}
	*out = '\0';
}
