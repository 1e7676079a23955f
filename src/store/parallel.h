/* SPDX-License-Identifier: MPL-2.0 */
/*
 * parallel: one function over many indices, on all cores, within one call.
 *
 * The threads are joined before it returns. After a failure no new index is begun; the failure of
 * the lowest index that failed is the one reported. The function must touch only what belongs to
 * its index.
 */
#pragma once

#include "base/err.h"

typedef bool parallel_step(void *context, size_t index, struct err *err);

MUST_CHECK bool parallel_each(size_t count, parallel_step *step, void *context, struct err *err);
