/* SPDX-License-Identifier: MPL-2.0 */
/*
 * file: what the fetcher writes in its working directory.
 *
 * Folders are a chain of names, so a path costs memory once; the names are borrowed. No file
 * replaces another. Failures end the program with a sentence that names the path, as do more than
 * OUTPUT_FILES entries, OUTPUT_BYTES bytes, OUTPUT_DEPTH folders in each other, or a path of more
 * than OUTPUT_PATH bytes: what one source may unpack to.
 */
#pragma once

#include "text.h"

enum {
	OUTPUT_FILES = 2000000,
	OUTPUT_DEPTH = 128,
	OUTPUT_PATH = 4000,
	OUTPUT_NAME = 255,
	OUTPUT_TARGET = 4095,
};
#define OUTPUT_BYTES ((uint64_t)8 << 30)

/* A folder beneath the working directory; parent NULL is the working directory itself. */
struct folder {
	const struct folder *parent;
	struct span name;
	unsigned depth;
};

/* One that stays. */
struct folder *folder_new(const struct folder *parent, struct span name);

/* What has been written, and room for the path under way. */
struct output {
	uint64_t bytes;
	uint32_t files;
	struct wasi_iovec vector; /* what WASI is to write or to fill */
	size_t some;              /* and how much it did */
	int32_t opened;           /* what it opened last */
	struct text path;
};

/* The path of a name in a folder, borrowed until the next call. */
void output_path_set(struct output *output, const struct folder *folder, struct span name);
static inline __attribute__((always_inline)) struct span
output_path(struct output *output, const struct folder *folder, struct span name)
{
	output_path_set(output, folder, name);
	return text_span(&output->path);
}

/* A new file, written from its start in order; it may be read too. */
int32_t file_create(struct output *output, const struct folder *folder, struct span name);
void file_write(struct output *output, int32_t fd, struct span data);
/* Ends it, and gives the BLAKE3 of its bytes. */
void file_finish(int32_t fd, bool executable, uint8_t digest_out[SUM_BLAKE3]);
/* One that was written before, to be read. */
int32_t file_open(struct output *output, const struct folder *folder, struct span name);
void file_read_at(struct output *output, int32_t fd, uint64_t offset, uint8_t *data, size_t size);
/* A second file with the bytes of the first. */
void file_copy(struct output *output, const struct folder *from_folder, struct span from,
	const struct folder *folder, struct span name, uint64_t size, bool executable);
void file_move(struct output *output, const struct folder *from_folder, struct span from,
	const struct folder *folder, struct span name, bool executable);
void folder_make(struct output *output, const struct folder *folder, struct span name);
void link_make(
	struct output *output, const struct folder *folder, struct span name, struct span target);
