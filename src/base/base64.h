/* SPDX-License-Identifier: MPL-2.0 */
/*
 * base64: bytes as letters, RFC 4648 section 4, with padding.
 *
 *     char text[BASE64_ROOM(sizeof data)];
 *     base64_print(bytes_of(data, sizeof data), text);
 *
 * The text is written where the caller wants it and nowhere else: it may be a secret.
 */
#pragma once

#include "base/bytes.h"

/* The letters of so many bytes, and the NUL. */
#define BASE64_ROOM(size) (((size) + 2) / 3 * 4 + 1)

/* `out` holds BASE64_ROOM(data.size). */
void base64_print(struct bytes data, char *out);
