/* SPDX-License-Identifier: MPL-2.0 */
/*
 * tar: a step decoder of tar archives: ustar and pax (POSIX.1-2017, pax "ustar Interchange Format"
 * and "pax Interchange Format"), and GNU's long names.
 *
 *     tar_start(&tar);
 *     for (;;) switch (tar_step(&tar, &input, &data)) {
 *     case TAR_ON:     the next step follows
 *     case TAR_INPUT:  `input` was taken whole
 *     case TAR_ENTRY:  tar.item is the next entry
 *     case TAR_DATA:   a piece of the file's bytes, pointing into `input`
 *     case TAR_CLOSE:  the entry is whole
 *     case TAR_BAD:    tar.sentence says why
 *     }
 *     if (!tar_is_whole(&tar)) ...             the archive was cut off
 *
 * Paths are clean: names between single slashes, none of them "." or "..", at most TAR_PATH bytes;
 * "./" in front and a folder's '/' behind are gone, and the empty path is the archive's own folder.
 * What two readers could take differently is refused, never mended: absolute paths, a pax size that
 * differs from the header's, settings for all entries of path, link or size, attributes given
 * twice or to no entry, sizes of what has no bytes, sparse files, devices, bad sums, a single block
 * of zeros, and anything but whole blocks of zeros behind the end. Whether a path was there before, and what a link
 * points to, is the caller's affair. Imports nothing.
 *
 * `git archive` of a commit writes its id before the first entry, as a comment for all of them: tar.revision from then on.
 */
#pragma once

#include "item.h"

enum { TAR_BLOCK = 512, TAR_PATH = 4095, TAR_ATTRIBUTES = 64 << 10, TAR_REVISION = 64 };
#define TAR_SIZE_MAX ((uint64_t)8 << 30)

enum tar_event {
	TAR_ON,
	TAR_INPUT,
	TAR_ENTRY,
	TAR_DATA,
	TAR_CLOSE,
	TAR_BAD,
};

struct tar_text {
	size_t size;
	bool is_set;
	uint8_t bytes[TAR_PATH + 1];
};

struct tar {
	struct item item;
	const char *sentence;

	uint8_t state;
	uint8_t type;  /* of the header under way */
	uint64_t left; /* of the bytes under way */
	size_t padding;
	size_t collected;
	bool has_size;
	uint64_t pax_size;
	struct span revision; /* hexadecimal, of git; or empty */
	uint8_t revision_bytes[TAR_REVISION];
	uint8_t block[TAR_BLOCK];
	struct tar_text name;
	struct tar_text link;
	uint8_t attributes[TAR_ATTRIBUTES];
};

void tar_start(struct tar *tar);
enum tar_event tar_step(struct tar *tar, struct span *input, struct span *data);
/* Its end has come; what follows may be zeros alone. */
bool tar_has_ended(const struct tar *tar);
/* And of them no part of a block is left, which nobody has looked at. */
bool tar_is_whole(const struct tar *tar);
/* Whether 512 bytes are a header. */
bool tar_is_header(const uint8_t block[TAR_BLOCK]);
