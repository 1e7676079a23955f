/* SPDX-License-Identifier: MPL-2.0 */
/* module: island.wasm, the one program of all builtin islands, as it was built with this cab. */
#pragma once

#include "base/digest.h"

struct bytes module_island(void);
struct digest module_island_digest(void);
