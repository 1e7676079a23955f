/* SPDX-License-Identifier: MPL-2.0 */
#include "session/module.h"

#include "island_wasm.h"

struct bytes
module_island(void)
{
	return bytes_of(island_wasm, sizeof island_wasm);
}

struct digest
module_island_digest(void)
{
	struct digest digest;
	memcpy(digest.bytes, island_wasm_digest, sizeof digest.bytes);
	return digest;
}
