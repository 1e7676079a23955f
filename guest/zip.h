/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zip: a decoder of zip files (PKWARE's APPNOTE.TXT 6.3.10). The directory is at the end, so
 * the file must lie somewhere whole; the decoder reads it by a function of the caller's.
 *
 *     zip->read = read; zip->file = file;      fills memory with bytes that the file has
 *     bool is_sound = zip_start(zip, file_size) && zip_give(zip, room);    room for zip->end.size bytes
 *     while (is_sound && zip_next(zip)) {      zip->item is the next entry
 *         while (zip_piece(zip, &data)) ...    its bytes, borrowed until the next call
 *         if (zip->sentence) break;
 *         the entry is whole, if zip->record.sum is the CRC-32 of its bytes (of a link: of its target);
 *         the host computes it beside the guest
 *     }
 *     if (zip->sentence) ...                   says why the file is refused; nothing may be called after it
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

struct zip {
	void (*read)(void *file, uint64_t offset, uint8_t *to, size_t size);
	void *file;
	const char *sentence;
	struct item item;
	struct zip_record record;
	struct zip_end end; /* its count: records that are still to be read */

	struct span directory; /* of which these are left */
	uint64_t place;        /* of what comes next in the file */
	uint64_t limit;        /* where the entry must end */
	uint64_t packed_left;
	uint64_t left;      /* of the entry's bytes */
	struct span packed; /* bytes that have been read */
	bool is_ended;      /* the entry */
	struct zip_record next;
	struct inflate_window window;
	struct inflate inflate;
	uint8_t bytes[ZIP_WINDOW]; /* the tail, a local header, the window, or a descriptor */
	uint8_t piece[ZIP_PIECE];
};

bool zip_start(struct zip *zip, uint64_t file_size);
bool zip_give(struct zip *zip, void *room);
bool zip_next(struct zip *zip);
bool zip_piece(struct zip *zip, struct span *data);
