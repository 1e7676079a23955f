/* SPDX-License-Identifier: MPL-2.0 */
/*
 * layer: what one layer of an image takes away of those below it (OCI Image Format Specification, "Image
 * Layer Filesystem Changeset"). Inside archive.c alone.
 *
 * ".wh.NAME" hides NAME of the layers below, ".wh..wh..opq" all that they have in its folder; other names
 * that begin with ".wh..wh." mean nothing here. What a layer has itself is never hidden by it, in whatever order
 * its entries come. A file or link takes the place of whatever was of its name; a folder that of all but a
 * folder.
 *
 * What is hidden is moved to a folder beside the tree, which goes with the working directory.
 */
#pragma once

#include "archive.h"

enum layer_mark {
	LAYER_ENTRY,  /* no mark */
	LAYER_HIDES,  /* the path */
	LAYER_OPAQUE, /* what is beneath the path */
	LAYER_NOTHING,
};

/* What an entry's path is a mark of, which is added where it is one. */
enum layer_mark layer_mark(struct span path, struct text *marked);
/* Hides what the layers below have of an entry and beneath it; the entry itself where it is theirs and
 * `itself`. */
void layer_hide(struct archive *archive, struct archive_entry *entry, bool itself);
/* A folder and those around it have something of the layer that is under way. */
void layer_touch(const struct archive *archive, struct archive_entry *folder);
