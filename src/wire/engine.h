/* SPDX-License-Identifier: MPL-2.0 */
/*
 * engine: what the machine code that cab-guest makes of a module depends on beside the module.
 *
 * Both programs are built together, so the realizer knows it without asking the other.
 */
#pragma once

#include "base/buf.h"

/* Changes whenever guest_host/runtime.c makes another engine of the same library. */
#define ENGINE_SETTINGS 1

/* Engine, settings, and what this processor has of all that code is made for: one line, without its end. */
void engine_print(struct buf *out);
