/* SPDX-License-Identifier: MPL-2.0 */
/*
 * module: island.wasm, the one program of all builtin islands, as it was built with this cab; and the earlier ones whose
 * identities still count (believed_list.h).
 */
#pragma once

#include "base/digest.h"
#include "realize/table.h"

struct bytes module_island(void);
struct digest module_island_digest(void);
/* Their count; `out` has room for TABLE_BELIEVED. */
size_t module_believed(struct digest *out);
