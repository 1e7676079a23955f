/* SPDX-License-Identifier: MPL-2.0 */
/*
 * archive: the tree that an archive's entries make, and its Cab hash.
 *
 *     archive_start(&archive, &output, strip);      the struct is zeroed
 *     archive_begin(&archive, &item);          the next entry
 *     archive_write(&archive, bytes);          a file's, as they come
 *     archive_close(&archive);                 the entry is whole
 *     archive_finish(&archive, subpath);       `out` is there, and its Cab hash reported
 *
 * An image is several archives, one on the other (layer.h): archive_layer before each of them.
 *
 * Everything lands in a folder of its own first; the part that is wanted is renamed to `out` and
 * the rest removed with the working directory. With STRIP_AUTO an archive whose entries all lie in
 * one folder is taken without that folder; else that many leading names of each path go away, and
 * a file or link that has no more names than that ends the program. So do two entries of one path
 * (a folder may be met before its own entry), an entry beneath a file or link, and a hard link to
 * anything but a file before it; hard links become files of their own.
 */
#pragma once

#include "file.h"
#include "item.h"
#include "node.h"
#include "table.h"

struct archive_entry {
	uint8_t key[TABLE_KEY];
	struct folder folder; /* its name, and its parent's */
	uint8_t kind;         /* 'd', 'f', 'x', 'l' */
	bool is_told;         /* by an entry of its own */
	uint32_t layer;       /* that has it, or something beneath it */
	uint64_t size;
	struct archive_entry *older; /* in the order of their making */
	struct archive_entry *children;
	struct archive_entry *sibling;
	struct span target;
	uint8_t digest[SUM_BLAKE3];
};

struct archive {
	struct output *output;
	uint8_t strip;
	struct archive_entry *root;
	struct archive_entry *newest;
	struct table table;         /* of struct archive_entry */
	struct archive_entry *file; /* under way */
	int32_t fd;
	struct archive_entry *taken; /* what `out` is */
	uint32_t layer;              /* under way, from 1; 0 where there are none */
	uint32_t dropped;            /* entries that a layer has taken away */
};

void archive_start(struct archive *archive, struct output *output, uint8_t strip);
void archive_layer(struct archive *archive);
void archive_begin(struct archive *archive, const struct item *item);
void archive_write(struct archive *archive, struct span bytes);
void archive_close(struct archive *archive);
void archive_finish(struct archive *archive, struct span subpath);
