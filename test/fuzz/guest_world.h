/* SPDX-License-Identifier: MPL-2.0 */
/*
 * guest_world: all that the fetcher's C sees of the world, in memory, out of one input; for fuzz targets that run more of
 * the guest than a decoder.
 *
 *     world_load(input);
 *     int32_t code = world_run(function, context, piece);     from an empty working directory; its exit code
 *     const struct world_file *file = world_find("out");      what it left, until the next run
 *     world_unload();
 *
 * An input is blocks with "\n%%\n" between them. The first is the program's arguments, a space between them. Then, in any
 * order: "env NAME=VALUE"; "file PATH\n" and its content, or "exec PATH\n", "link PATH\n" or "void PATH\n" (a folder), which is there beforehand where the
 * path begins with "former", as CAB_FORMER says; and anything else is an answer, given to the requests in their order: status,
 * lines "name: value", a blank line, the body. A request without an answer fails, and so does a body after the line "broken: ".
 * Bodies come in pieces of at most `piece` bytes. A target whose inputs are others makes the world of blocks of its own:
 * world_start, then world_take for each; they stay its own.
 *
 * Each block of the heap is one of malloc's, given back with the size it was taken with. What must hold: paths are names
 * between slashes, beneath folders that were made, nothing that is there is written or moved over, and descriptors are
 * the program's own. Little fits: the guest's ceilings for bytes and entries are not reached here, WORLD_* are.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

enum { WORLD_BYTES = 8 << 20, WORLD_FILES = 300, WORLD_HEAP = 128 << 20, WORLD_BLOCKS = 64 };

struct world_file {
	struct world_file *next;
	char *path;
	size_t size;  /* of the path */
	uint8_t kind; /* 'f', 'x', 'l' or 'd' */
	struct buf content;
};

void world_load(struct bytes input);
void world_start(struct bytes arguments);
void world_take(struct bytes block);
/* Up to the next separator, which is taken too. */
struct bytes world_block(struct bytes *rest);
void world_unload(void);
int32_t world_run(void (*run)(void *context), void *context, size_t piece);

/* NULL where there is none. */
const struct world_file *world_find(const char *path);
/* All, a new one before the others. */
const struct world_file *world_files(void);
struct world_file *world_add(struct bytes path, uint8_t kind);
/* The folder of a path, where it is not the working directory itself. */
struct bytes world_folder(struct bytes path);
/* The digest of a file's bytes, or of a folder's node with all beneath it, as cab-store(5) has it. */
struct digest world_digest(const struct world_file *file);
/* The file of a folder's nodes, as a hint has it. */
void world_nodes(const struct world_file *folder, struct buf *out);
/* Does what the realizer does of `reuse`, which must be possible; false where that would be too many files. */
bool world_reuse(void);
/* The blocks that were files, and what is in them: the whole lines "PATH\nCONTENT". */
size_t world_given(const struct bytes **given_out);
/* Inside of this alone. */
void world_heap_end(void);
