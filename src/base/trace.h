/* SPDX-License-Identifier: MPL-2.0 */
/*
 * trace: what cab does, one line an event, on standard error, for the parts that CAB_TRACE names
 * ("store,build", or "all"). Free of cost when off but for one test.
 *
 *     trace("store", "object %s added", name);
 */
#pragma once

#include "base/must.h"

void trace(const char *part, const char *format, ...) PRINTF(2, 3);
