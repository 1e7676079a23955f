/* SPDX-License-Identifier: MPL-2.0 */
/*
 * lfs: contents that git's trees hold as pointers (Git LFS), fetched from the repository's server.
 *
 *     if (lfs_note(lfs, output, content, folder, name, executable)) ...    it is one: no file was written
 *     lfs_fetch(lfs, output, url);              writes them all; ends the program unless each is what its pointer says
 *
 * A pointer is what git-lfs itself writes for version 1 of its specification, to the byte: "version
 * https://git-lfs.github.com/spec/v1", "oid sha256:HEX", "size N", a newline behind each. They are asked for by the batch
 * API of git-lfs (docs/api/batch.md of its repository), LFS_BATCH at once, and fetched from where it answers ("basic"
 * transfers), each once, wherever it belongs. They are read one after another; of small ones, which wait whole in the
 * pipe of their body, so many are asked for ahead. A large one that waited would lose its server's patience.
 */
#pragma once

#include "file.h"
#include "table.h"

enum {
	LFS_POINTER = 1024, /* a pointer has fewer bytes */
	LFS_BATCH = 100,
	LFS_OBJECTS = 10000,
	LFS_AHEAD = 6,
	LFS_SMALL = 64 << 10,
	LFS_ANSWER = 4 << 20,
};

struct pointer;

struct lfs {
	struct table table;    /* of struct pointer, by oid */
	struct pointer *first; /* the last one noted */
};

/* Folder and name stay. */
bool lfs_note(struct lfs *lfs, struct output *output, struct span content,
	const struct folder *folder, struct span name, bool executable);
/* The URL is the repository's. */
void lfs_fetch(struct lfs *lfs, struct output *output, struct span url);
