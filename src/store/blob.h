/* SPDX-License-Identifier: MPL-2.0 */
/*
 * blob: contents of files, once each, in blobs/<digest> (0444) and blobs/<digest>.x (0555).
 *
 * What a file of an object shares with its blob is the inode (a hard link), or the extents where
 * the file system can reflink. A blob that is there is read and hashed before anything is linked to
 * it: after a crash its name may be there without its bytes. One that is damaged is replaced.
 */
#pragma once

#include "store/inventory.h"

struct blob_name {
	char text[DIGEST_TEXT + 3];
};
struct blob_name blob_name(const struct digest *digest, char kind);

/* Shares the files of a normalised and digested tree, in parallel: per content and kind one name,
 * so that no two names in the tree share an inode; empty files never. */
MUST_CHECK bool blob_share(struct store *store, struct inventory *inventory, struct err *err);

/* The bytes of a blob of either mode, hashed. ERR_NOT_FOUND, or ERR_CORRUPT. */
MUST_CHECK bool blob_read(
	const struct store *store, const struct digest *digest, struct buf *out, struct err *err);
/* Makes a blob of bytes, 0444; one of either mode that is there and whole is enough. */
MUST_CHECK bool blob_write(
	struct store *store, const struct digest *digest, struct bytes data, struct err *err);
/* ERR_CORRUPT where the open file is not this content, normal in every way. */
MUST_CHECK bool blob_check(int fd, const struct digest *digest, char kind, struct err *err);

/* A copy of a file's bytes as a new file, its extents shared where the file system can; 0600. */
MUST_CHECK bool blob_copy(
	struct store *store, int from, int folder, const char *name, struct err *err);
