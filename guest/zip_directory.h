/* SPDX-License-Identifier: MPL-2.0 */
/*
 * zip_directory: the end record and the central directory of a zip file, in memory
 * (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16, 4.4 and 4.5.3).
 *
 *     zip_end_read(tail, size, &end)            where the directory is; tail is the file's last bytes,
 *                                               ZIP_TAIL or all of them
 *     zip_directory_check(&directory)           directory.bytes, .count, .order: every record is
 *                                               sound, no two have one name; .order is by place
 *     zip_record_read(bytes, at, &record)       the record there
 *
 * All return NULL, or the sentence that says why the file is refused. Readers of zip files differ in
 * what they take a doubtful one for, so whatever is doubtful is refused: more than one end record, a
 * comment with the mark of one, anything between directory and end record, zip64 fields that are
 * not wanted or not there, names that differ only in case or in '\' and '/', two names for one entry,
 * encryption, methods other than stored and deflate, and modes that are no file, folder or link.
 */
#pragma once

#include "port.h"

enum {
	ZIP_TAIL = 22 + 65535 + 20 + 56, /* end record, comment, zip64 locator and record */
	ZIP_NAME = 4095,                 /* bytes of a path */
	ZIP_TARGET = 4095,               /* bytes of a link's target */
	ZIP_DIRECTORY = 64 << 20,        /* bytes of a directory */
};
#define ZIP_SIZE_MAX ((uint64_t)8 << 30) /* bytes of all entries together */

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
	uint64_t packed;
	uint64_t size;
	uint64_t offset;  /* of the local header */
	struct span name; /* as it stands; a folder's ends in '/' */
	size_t length;    /* of the record */
};

struct zip_directory {
	struct span bytes;
	size_t count;
	uint32_t *order; /* where each record begins in `bytes` */
};

const char *zip_end_read(struct span tail, uint64_t file_size, struct zip_end *end);
const char *zip_directory_check(struct zip_directory *directory);
const char *zip_record_read(struct span bytes, size_t at, struct zip_record *record);
/* Extra fields of a header: takes the 64-bit values of those of the `count` numbers that are all
 * ones, as a zip64 field has them, and compares a second name with the first. */
const char *zip_extra_read(struct span extra, struct span name, uint64_t **numbers, size_t count);

static inline uint64_t
zip_load(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;
	while (size)
		value = value << 8 | bytes[--size];
	return value;
}
