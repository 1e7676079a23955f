/* SPDX-License-Identifier: MPL-2.0 */
/*
 * commits: how many there are in a pack, from its front, as island.wasm reports it (cab-island(7), *since*): 13 bytes in
 * hexadecimal, "PACK", the version 2, the number of objects, big-endian, and the head of the first one, which must be a
 * commit (gitformat-pack(5)).
 *
 * It is the server's word. False where it is no such front or there are none.
 */
#pragma once

#include "base/bytes.h"

bool commits_read(struct bytes value, uint32_t *out);
