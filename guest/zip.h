/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zip: a step decoder of zip files (PKWARE's APPNOTE.TXT 6.3.10). The directory is at the end, so
 * the file must lie somewhere whole; the caller reads it where the decoder says.
 *
 *     zip_start(&zip, file_size);
 *     for (;;) switch (zip_step(&zip, &input, &data)) {
 *     case ZIP_READ:   input = 1 to zip.wanted bytes of the file, from zip.offset on
 *     case ZIP_ROOM:   zip_give(&zip, memory)    of zip.wanted bytes, aligned to 8, for the directory
 *     case ZIP_ENTRY:  zip.item is the next entry
 *     case ZIP_DATA:   a piece of the file's bytes, borrowed until the next step
 *     case ZIP_CLOSE:  the entry is whole, and its CRC32 right
 *     case ZIP_END:    so was the last one
 *     case ZIP_BAD:    zip.sentence says why
 *     }
 *
 * The central directory is the truth (zip_directory.h); it is checked before anything is unpacked.
 * The entries must then fill the file from its start to the directory, one right behind the other,
 * so none can overlap another and nothing can hide between them; each local header must have the
 * flags, method and name that the directory has, and the same sizes and sum unless a data descriptor
 * behind the data brings those. A link that leads out of the archive is refused. Imports
 * nothing.
 */
#pragma once

#include "crc.h"
#include "inflate.h"
#include "item.h"
#include "zip_directory.h"

enum { ZIP_WINDOW = 128 << 10, ZIP_PIECE = 64 << 10 };

enum zip_event {
	ZIP_READ,
	ZIP_ROOM,
	ZIP_ENTRY,
	ZIP_DATA,
	ZIP_CLOSE,
	ZIP_END,
	ZIP_BAD,
};

struct zip {
	uint64_t offset;
	size_t wanted;
	struct item item;
	struct zip_record record;
	const char *sentence;

	uint8_t state;
	uint64_t file_size;
	struct zip_end end;
	uint8_t *room;
	struct zip_directory directory;
	size_t next; /* entry */
	uint64_t packed_left;
	uint64_t left; /* of the entry's bytes */
	uint64_t sum;
	size_t collected;
	struct crc crc;
	struct inflate inflate;
	struct inflate_window window;
	uint8_t link[ZIP_TARGET + 1];
	uint8_t bytes[ZIP_WINDOW]; /* the tail, a local header, or the window */
};

void zip_start(struct zip *zip, uint64_t file_size);
void zip_give(struct zip *zip, void *room);
enum zip_event zip_step(struct zip *zip, struct span *input, struct span *data);
