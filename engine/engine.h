/* SPDX-License-Identifier: MPL-2.0 */
/*
 * engine.h: the C face of libcab_hashes.a, the BLAKE3 and SHA-1 of the engine workspace.
 *
 * A state is made by new, fed by add, and read by finish, which also starts it anew. `data` may be
 * NULL when size is 0. No function fails, but SHA-1's finish says false when the input was made to
 * collide. Wasmtime's own C API lives in a second archive, libcab_engine.a, with the headers that
 * its package ships.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine_blake3;
struct engine_blake3 *engine_blake3_new(void);
void engine_blake3_add(struct engine_blake3 *state, const uint8_t *data, size_t size);
void engine_blake3_finish(struct engine_blake3 *state, uint8_t digest_out[32]);
void engine_blake3_free(struct engine_blake3 *state);
void engine_blake3_once(const uint8_t *data, size_t size, uint8_t digest_out[32]);
/* The context is UTF-8. */
void engine_blake3_derive(const char *context, size_t context_size, const uint8_t *data,
	size_t size, uint8_t digest_out[32]);

struct engine_sha1;
struct engine_sha1 *engine_sha1_new(void);
void engine_sha1_add(struct engine_sha1 *state, const uint8_t *data, size_t size);
bool engine_sha1_finish(struct engine_sha1 *state, uint8_t digest_out[20]);
void engine_sha1_free(struct engine_sha1 *state);
