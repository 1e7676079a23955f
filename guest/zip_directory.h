/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zip_directory: the end record and the central directory of a zip file, in memory
 * (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16, 4.4 and 4.5.3).
 *
 *     zip_end_read(tail, size, &end)            where the directory is; tail is the file's last bytes,
 *                                               ZIP_TAIL or all of them
 *     zip_record_read(&directory, &record)      takes its next record
 *
 * Both return NULL, or the sentence that says why the file is refused. Readers of zip files differ in
 * what they take a doubtful one for, so whatever is doubtful is refused: more than one end record, a
 * comment with the mark of one, anything between directory and end record, zip64 fields that are
 * not wanted or not there, two names for one entry, encryption, methods other than stored and deflate,
 * and modes that are no file, folder or link.
 */
#pragma once

#include "port.h"

enum {
	ZIP_TAIL = 22 + 65535 + 20 + 56, /* end record, comment, zip64 locator and record */
	ZIP_NAME = 4095,                 /* bytes of a path */
	ZIP_TARGET = 4095,               /* bytes of a link's target, packed and not */
	ZIP_DIRECTORY = 64 << 20,        /* bytes of a directory */
};

struct zip_end {
	uint64_t count;
	uint64_t offset; /* of the directory */
	uint64_t size;
};

enum zip_flag {
	ZIP_DESCRIPTOR = 1 << 3,
	ZIP_REFUSED = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 13, /* encrypted, a patch, masked */
};

enum zip_method { ZIP_STORED = 0, ZIP_DEFLATE = 8 };

struct zip_record {
	uint8_t kind; /* 'f' file, 'x' executable, 'd' folder, 'l' link */
	uint16_t flags;
	uint16_t method;
	uint32_t sum;
	/* In the order that a field of zip64 has them. */
	union {
		uint64_t numbers[3];
		struct {
			uint64_t size;
			uint64_t packed;
			uint64_t offset; /* of the local header */
		};
	};
	struct span name; /* as it stands; a folder's ends in '/' */
};

const char *zip_end_read(struct span tail, uint64_t file_size, struct zip_end *end);
const char *zip_record_read(struct span *directory, struct zip_record *record);
/* Extra fields of a header: takes the 64-bit values of those of the `count` numbers that are all
 * ones, as a zip64 field has them, and compares a second name with the first; false where they lie. */
bool zip_extra_read(struct span extra, struct span name, uint64_t *numbers, size_t count);
