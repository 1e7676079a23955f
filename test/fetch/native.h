/* SPDX-License-Identifier: MPL-2.0 */
/*
 * native: the imports of the guest ABI over plain files and sockets, to run the fetcher's own C as
 * an ordinary program: for tests of trees, and as the bench's native half. It is no sandbox and
 * applies no policy. HTTP is version 1.1 over a plain socket to a numeric address, a connection a
 * request; "registry:NAME/..." goes to CAB_TEST_REGISTRY/....
 *
 *     native_enter(folder)                  the working directory, which holds `hash`
 *     native_arguments(count, arguments)    what the guest sees; its environment is ours
 *     guest_main();                         ends by exit() where the guest fails
 */
#pragma once

#include "port.h"

#include "base/hash.h"
#include "base/must.h"

void native_enter(const char *folder);
void native_arguments(int count, char **arguments);
/* Bytes of the heap taken so far. */
size_t native_memory(void);
/* Drops the hashes that are under way. */
void native_hashes_end(void);

/* The hash that a guest means by a number of CAB_HASH_*. */
static inline enum hash_algorithm
native_algorithm(int32_t number)
{
	static const enum hash_algorithm algorithms[] = {
		[CAB_HASH_BLAKE3] = HASH_BLAKE3,
		[CAB_HASH_SHA1] = HASH_SHA1,
		[CAB_HASH_SHA256] = HASH_SHA256,
		[CAB_HASH_SHA512] = HASH_SHA512,
		[CAB_HASH_CRC32] = HASH_CRC32,
		[CAB_HASH_SHA1_PLAIN] = HASH_SHA1_PLAIN,
		[CAB_HASH_CRC64] = HASH_CRC64,
		[CAB_HASH_XXH64] = HASH_XXH64,
		[CAB_HASH_CRC32_BZIP2] = HASH_CRC32_BZIP2,
	};
	must(number >= 0 && number < (int32_t)(sizeof algorithms / sizeof algorithms[0]),
		"an algorithm is one of the ABI's");
	return algorithms[number];
}
