/* SPDX-License-Identifier: MPL-2.0 */
#include "session/module.h"

#include "base/must.h"
#include "island_wasm.h"

/* A test's cab has a list of its own. */
#ifndef BELIEVED_LIST
#define BELIEVED_LIST "session/believed_list.h"
#endif

static const char *const believed[] = {
#define BELIEVED(digest) digest,
#include BELIEVED_LIST
#undef BELIEVED
	NULL,
};

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

size_t
module_believed(struct digest *out)
{
	size_t count = 0;
	for (; believed[count]; count++)
		must(count < TABLE_BELIEVED &&
				digest_parse(bytes_text(believed[count]), &out[count]),
			"the list of earlier modules is digests, and few");
	return count;
}
