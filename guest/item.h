/* SPDX-License-Identifier: MPL-2.0 */
/*
 * item: what an archive says of one of its entries, whatever kind of archive it is.
 *
 * Paths are clean: names between single slashes, none of them "." or ".."; the empty path is the
 * archive's own folder. The spans are borrowed until the decoder's next step.
 */
#pragma once

#include "port.h"

#define ITEM_BAD_PATH "a path leads elsewhere, or is no clean path"
#define ITEM_NO_KIND  "an entry is no file, link, folder or submodule"

enum item_kind {
	ITEM_FILE = 'f',
	ITEM_EXECUTABLE = 'x',
	ITEM_FOLDER = 'd',
	ITEM_LINK = 'l',
	ITEM_HARD_LINK = 'h', /* target is the path of an entry before */
};

struct item {
	enum item_kind kind;
	struct span path;
	struct span target; /* of links */
	uint64_t size;
};
