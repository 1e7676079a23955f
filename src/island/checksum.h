/* SPDX-License-Identifier: MPL-2.0 */
/*
 * checksum: "sha256-…" or "sha512-…", as people paste it. Inside island/ only.
 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/* The algorithm, '-', and hexadecimal digits of either case, or base64 with its padding (RFC 4648,
 * as W3C's Subresource Integrity writes it). Gives "<algorithm>-<lower-case hex>". */
MUST_CHECK bool checksum_parse(
	struct arena *arena, struct bytes text, struct bytes *out, struct err *err);
