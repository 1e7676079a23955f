/* SPDX-License-Identifier: MPL-2.0 */
/*
 * delta: git's deltas (gitformat-pack(5), "Deltified representation").
 *
 *     delta_head(&delta, base.size, &result_size)     takes the head from the front
 *     buffer of result_size bytes
 *     delta_apply(delta, base, buffer, result_size)
 *
 * Both are false where the delta is not one for this base: its sizes differ, it copies from outside
 * of the base, or makes more or fewer bytes than it said. Imports nothing.
 */
#pragma once

#include "port.h"

bool delta_head(struct span *delta, size_t base_size, uint64_t *result_size_out);
bool delta_apply(struct span delta, struct span base, uint8_t *result, size_t result_size);
