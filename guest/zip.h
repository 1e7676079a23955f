/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zip: a step decoder of zip files (PKWARE's APPNOTE.TXT 6.3.10). The directory is at the end, so
 * the file must lie somewhere whole; the caller reads it where the decoder says.
 *
 *     zip_start(&zip, file_size);
 *     for (;;) switch (zip_step(&zip, &data)) {
 *     case ZIP_READ:   zip.wanted bytes of the file, from zip.offset on, are to be at zip.to
 *     case ZIP_ROOM:   zip_give(&zip, memory)    of zip.wanted bytes, for the directory
 *     case ZIP_ENTRY:  zip.item is the next entry
 *     case ZIP_DATA:   a piece of the file's bytes, borrowed until the next step
 *     case ZIP_CLOSE:  the entry is whole, if zip.record.sum is the CRC-32 of its bytes (of a link: of
 *                      its target); the host computes it beside the guest
 *     case ZIP_END:    so was the last one
 *     case ZIP_BAD:    zip.sentence says why
 *     }
 *
 * The central directory is the truth (zip_directory.h). In its order the entries must fill the file
 * from its start to the directory, one right behind the other, so none can overlap another and nothing
 * can hide between them; each local header must have the flags, method and name that the directory
 * has, and the same sizes and sum unless a data descriptor behind the data brings those. What is wrong
 * with an entry's place is found before it is unpacked. Whether a path was there before, and what a
 * link points to, is the caller's affair. Imports nothing.
 */
#pragma once

#include "inflate.h"
#include "item.h"
#include "zip_directory.h"

enum { ZIP_WINDOW = 160 << 10, ZIP_PIECE = 64 << 10 };

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
	uint8_t *to;
	struct item item;
	struct zip_record record;
	const char *sentence;

	uint8_t state;
	uint64_t file_size;
	struct zip_end end;    /* its count: records that are still to be read */
	struct span directory; /* of which these are left */
	struct zip_record next;
	uint64_t place; /* of what comes next in the file */
	uint64_t limit; /* where the entry must end */
	uint64_t packed_left;
	uint64_t left;      /* of the entry's bytes */
	struct span packed; /* bytes that have been read */
	struct inflate_window window;
	struct inflate inflate;
	uint8_t bytes[ZIP_WINDOW]; /* the tail, a local header, or the window */
	uint8_t piece[ZIP_PIECE];
};

void zip_start(struct zip *zip, uint64_t file_size);
void zip_give(struct zip *zip, void *room);
enum zip_event zip_step(struct zip *zip, struct span *data);
