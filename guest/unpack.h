/* SPDX-License-Identifier: MPL-2.0 */
/*
 * unpack: an archive of any kind that is known, told by its content, into a tree.
 *
 *     struct unpack *unpack = unpack_new(&output, strip);
 *     unpack_add(unpack, bytes);               the file as it is served, as it comes
 *     unpack_finish(unpack, subpath);          `out` is there, and its Cab hash reported
 *
 * tar, and tar packed by gzip, xz, zstd or bzip2, are unpacked as they come; zip, whose directory is at
 * its end, lies beside the output as a file until it is whole.
 * What it is and what is wrong with it ends the program with a sentence. Memory: the largest window
 * is STREAM_MEMORY bytes, and some hundred bytes an entry.
 *
 * Compiled with GUEST_SMALL, only tar and tar.gz are known.
 */
#pragma once

#include "archive.h"

struct unpack;

struct unpack *unpack_new(struct output *output, uint8_t strip);
void unpack_add(struct unpack *unpack, struct span bytes);
/* Of what git archived the commit's id, as soon as it has come (tar.h); else empty. */
struct span unpack_revision(const struct unpack *unpack);
/* Before each archive of an image: the one before is whole, the next lies on it (layer.h). */
void unpack_layer(struct unpack *unpack);
void unpack_finish(struct unpack *unpack, struct span subpath);
