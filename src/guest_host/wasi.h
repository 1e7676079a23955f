/* SPDX-License-Identifier: MPL-2.0 */
/*
 * wasi: the numbers of WASI preview 1 that cab's subset needs.
 *
 * Source: the `wasi_snapshot_preview1` witx of the WebAssembly/WASI repository, whose enums are
 * numbered in the order of their names.
 */
#pragma once

#include <stdint.h>

enum wasi_errno {
	WASI_SUCCESS = 0,
	WASI_2BIG = 1,
	WASI_ACCES = 2,
	WASI_AGAIN = 6,
	WASI_BADF = 8,
	WASI_BUSY = 10,
	WASI_DQUOT = 19,
	WASI_EXIST = 20,
	WASI_FAULT = 21,
	WASI_FBIG = 22,
	WASI_INTR = 27,
	WASI_INVAL = 28,
	WASI_IO = 29,
	WASI_ISDIR = 31,
	WASI_LOOP = 32,
	WASI_MFILE = 33,
	WASI_MLINK = 34,
	WASI_NAMETOOLONG = 37,
	WASI_NFILE = 41,
	WASI_NOENT = 44,
	WASI_NOMEM = 48,
	WASI_NOSPC = 51,
	WASI_NOTDIR = 54,
	WASI_NOTEMPTY = 55,
	WASI_NOTSUP = 58,
	WASI_NXIO = 60,
	WASI_OVERFLOW = 61,
	WASI_PERM = 63,
	WASI_PIPE = 64,
	WASI_ROFS = 69,
	WASI_SPIPE = 70,
	WASI_TXTBSY = 74,
	WASI_XDEV = 75,
	WASI_NOTCAPABLE = 76,
};

enum wasi_filetype {
	WASI_UNKNOWN = 0,
	WASI_DIRECTORY = 3,
	WASI_REGULAR_FILE = 4,
	WASI_SYMBOLIC_LINK = 7,
};

enum wasi_rights {
	WASI_RIGHT_FD_DATASYNC = 1 << 0,
	WASI_RIGHT_FD_READ = 1 << 1,
	WASI_RIGHT_FD_SEEK = 1 << 2,
	WASI_RIGHT_FD_TELL = 1 << 5,
	WASI_RIGHT_FD_WRITE = 1 << 6,
	WASI_RIGHT_FD_ALLOCATE = 1 << 8,
	WASI_RIGHT_FD_READDIR = 1 << 14,
	WASI_RIGHT_FD_FILESTAT_SET_SIZE = 1 << 22,
	WASI_RIGHTS_ALL = (1 << 30) - 1,
};

enum wasi_fdflags { WASI_FDFLAG_APPEND = 1 << 0, WASI_FDFLAGS = 31 };
enum wasi_lookupflags { WASI_LOOKUP_SYMLINK_FOLLOW = 1 << 0 };
enum wasi_oflags {
	WASI_OFLAG_CREAT = 1 << 0,
	WASI_OFLAG_DIRECTORY = 1 << 1,
	WASI_OFLAG_EXCL = 1 << 2,
	WASI_OFLAG_TRUNC = 1 << 3,
	WASI_OFLAGS = 15,
};
enum wasi_whence { WASI_WHENCE_SET, WASI_WHENCE_CUR, WASI_WHENCE_END };
enum wasi_clock { WASI_CLOCKS = 4 };

/* Sizes of records in guest memory. */
enum {
	WASI_IOVEC = 8,     /* u32 data, u32 size */
	WASI_FDSTAT = 24,   /* u8 filetype, u16 flags at 2, u64 rights at 8, u64 inheriting at 16 */
	WASI_FILESTAT = 64, /* u64 dev ino, u8 filetype, u64 at 24: nlink size atim mtim ctim */
	WASI_DIRENT = 24,   /* u64 next, u64 ino, u32 size of the name, u8 filetype */
	WASI_PRESTAT = 8,   /* u8 tag 0, u32 size of the name at 4 */
};

/* The clock stands at one second after the epoch. */
#define WASI_NOW ((uint64_t)1000000000)

/* The WASI number of a kernel error; WASI_IO for one without. */
enum wasi_errno wasi_errno_of(int number);
