/* SPDX-License-Identifier: MPL-2.0 */
#include "unpack.h"

#include "gzip.h"
#include "heap.h"
#include "tar.h"
#ifndef GUEST_SMALL
#include "bzip2.h"
#include "xz.h"
#include "zip.h"
#include "zstd.h"
#endif

enum { BEHIND_MAX = 1 << 20 };
/* Of a tar in all: what its files may be, and as much again for headers. */
#define TAR_MAX    (2 * OUTPUT_BYTES)
#define NO_ARCHIVE "what came is no archive"

enum packing_kind { GZIP, XZ, ZSTD, BZIP2, ZIP };

/* What a file begins with. A skippable frame of zstd has one of sixteen marks; archives begin with
 * the first, if with any. */
static const struct packing {
	const char *magic;
	const char *name; /* for errors */
	enum packing_kind kind;
	size_t size; /* of the decoder */
} packings[] = {
	{"\x1f\x8b", "gzip", GZIP, sizeof(struct gzip)},
#ifndef GUEST_SMALL
	{"\xfd\x37zXZ", "xz", XZ, sizeof(struct xz)},
	{"\x28\xb5\x2f\xfd", "zstd", ZSTD, sizeof(struct zstd)},
	{"\x50\x2a\x4d\x18", "zstd", ZSTD, sizeof(struct zstd)},
	{"BZh", "bzip2", BZIP2, sizeof(struct bzip2)}, {"PK\3\4", "zip", ZIP, sizeof(struct zip)},
	{"PK\5\6", "zip", ZIP, sizeof(struct zip)}, /* of an empty one */
#endif
};

/* What is small first: what lies far behind takes longer numbers in the module. */
struct unpack {
	struct archive archive;
	bool is_known;                 /* what it is; tar, if it is not packed */
	const struct packing *packing; /* of which one of these is the decoder */
	struct stream *stream;
	int32_t sum; /* of the member or block that is under way; -1 is none */
#ifndef GUEST_SMALL
	struct zip *zip; /* of which the whole file is needed, so it is written first */
	int32_t fd;
	uint64_t zip_size;
#endif
	uint64_t tar_size;
	size_t behind; /* bytes behind its end */
	size_t first_size;
	uint8_t first[TAR_BLOCK];
	struct tar tar;
};

struct unpack *
unpack_new(struct output *output, uint8_t strip)
{
	struct unpack *unpack = (struct unpack *)heap_zero(sizeof *unpack);
	archive_start(&unpack->archive, output, strip);
	tar_start(&unpack->tar);
	return unpack;
}

static void
tar_add(struct unpack *unpack, struct span bytes)
{
	struct tar *tar = &unpack->tar;
	struct span data;
	/* A small file can unpack to zeros without end. */
	unpack->tar_size += bytes.size;
	if (tar_has_ended(tar))
		unpack->behind += bytes.size;
	if (unpack->tar_size > TAR_MAX || unpack->behind > BEHIND_MAX)
		fail_in("tar", "larger than any archive of 8 GiB");
	for (;;) {
		switch (tar_step(tar, &bytes, &data)) {
		case TAR_ON:
			break;
		case TAR_INPUT:
			return;
		case TAR_ENTRY:
			archive_begin(&unpack->archive, &tar->item);
			break;
		case TAR_DATA:
			archive_write(&unpack->archive, data);
			break;
		case TAR_CLOSE:
			archive_close(&unpack->archive);
			break;
		case TAR_BAD:
			fail_in("tar", tar->sentence);
		}
	}
}

static enum stream_status
stream_step(struct unpack *unpack)
{
	/* Of these the stream is the first member. */
	void *decoder = unpack->stream;
#ifndef GUEST_SMALL
	if (unpack->packing->kind == XZ)
		return xz_step((struct xz *)decoder);
	if (unpack->packing->kind == ZSTD)
		return zstd_step((struct zstd *)decoder);
	if (unpack->packing->kind == BZIP2)
		return bzip2_step((struct bzip2 *)decoder);
#endif
	return gzip_step((struct gzip *)decoder);
}

/* The hash of what a stream makes is begun with its first byte, or at its end where there is none. */
static void
sum_add(struct unpack *unpack, struct span bytes)
{
	if (unpack->sum < 0)
		unpack->sum = cab_hash_new(unpack->stream->hash);
	(void)cab_hash_add(unpack->sum, bytes.data, bytes.size);
}

static void
sum_check(struct unpack *unpack)
{
	uint8_t sum[SUM_MAX];
	sum_add(unpack, SPAN(""));
	hash_end(unpack->sum, sum);
	unpack->sum = -1;
	if (memcmp(sum, unpack->stream->sum.data, unpack->stream->sum.size) != 0)
		fail_in(unpack->packing->name, "a sum differs");
}

static void
stream_add(struct unpack *unpack, struct span bytes)
{
	struct stream *stream = unpack->stream;
	for (;;) {
		switch (stream_step(unpack)) {
		case STREAM_ON:
			break;
		case STREAM_INPUT:
			if (!stream_more(stream, &bytes))
				return;
			break;
		case STREAM_OUTPUT:
			if (stream->hash >= 0)
				sum_add(unpack, stream->output);
			tar_add(unpack, stream->output);
			break;
		case STREAM_WINDOW:
			heap_give(stream->window, stream->capacity);
			stream_give(stream, heap_take(stream->wanted), stream->wanted);
			break;
		case STREAM_SUM:
			sum_check(unpack);
			break;
		case STREAM_BAD:
			fail_in(unpack->packing->name, stream->sentence);
		}
	}
}

#ifndef GUEST_SMALL

static void
zip_add(struct unpack *unpack, struct span bytes)
{
	file_write(unpack->archive.output, unpack->fd, bytes);
	unpack->zip_size += bytes.size;
}

static void
zip_read(void *file, uint64_t offset, uint8_t *to, size_t size)
{
	struct unpack *unpack = (struct unpack *)file;
	file_read_at(unpack->archive.output, unpack->fd, offset, to, size);
}

static void
zip_unpack(struct unpack *unpack)
{
	struct zip *zip = unpack->zip;
	struct archive *archive = &unpack->archive;
	struct span data;
	uint8_t sum[SUM_MAX];
	zip->read = zip_read;
	zip->file = unpack;
	bool is_sound =
		zip_start(zip, unpack->zip_size) && zip_give(zip, heap_take((size_t)zip->end.size));
	while (is_sound && zip_next(zip)) {
		data = zip->item.target;
		archive_begin(archive, &zip->item);
		unpack->sum = cab_hash_new(CAB_HASH_CRC32);
		(void)cab_hash_add(unpack->sum, data.data, data.size);
		while (zip_piece(zip, &data)) {
			archive_write(archive, data);
			(void)cab_hash_add(unpack->sum, data.data, data.size);
		}
		if (zip->sentence)
			break;
		hash_end(unpack->sum, sum);
		if (load_32(sum) != zip->record.sum)
			fail_in("zip", "the sum of an entry differs");
		archive_close(archive);
	}
	if (zip->sentence)
		fail_in("zip", zip->sentence);
}

static void
zip_begin(struct unpack *unpack)
{
	/* Layers are tar files. */
	if (unpack->archive.layer)
		fail(NO_ARCHIVE);
	unpack->zip = (struct zip *)heap_zero(sizeof *unpack->zip);
	unpack->fd = file_create(unpack->archive.output, NULL, SPAN("packed"));
}

#endif

static void
packing_begin(struct unpack *unpack, struct span first)
{
	const struct packing *packing = packings;
	while (!span_has_prefix(first, packing->magic))
		if (++packing == packings + sizeof packings / sizeof packings[0])
			fail(NO_ARCHIVE);
	unpack->packing = packing;
#ifndef GUEST_SMALL
	if (packing->kind == ZIP) {
		zip_begin(unpack);
		return;
	}
#endif
	uint8_t *decoder = (uint8_t *)heap_zero(packing->size + STREAM_ROOM);
	unpack->stream = (struct stream *)(void *)decoder;
	unpack->sum = -1;
	stream_start(unpack->stream, decoder + packing->size);
}

static void
packed_add(struct unpack *unpack, struct span bytes)
{
	if (!unpack->packing)
		tar_add(unpack, bytes);
	else if (unpack->stream)
		stream_add(unpack, bytes);
#ifndef GUEST_SMALL
	else
		zip_add(unpack, bytes);
#endif
}

/* By its first bytes, a block of them, or all that there are. */
static void
kind_find(struct unpack *unpack)
{
	struct span first = span_of(unpack->first, unpack->first_size);
	if (first.size < TAR_BLOCK || !tar_is_header(first.data))
		packing_begin(unpack, first);
	unpack->is_known = true;
	packed_add(unpack, first);
}

void
unpack_add(struct unpack *unpack, struct span bytes)
{
	if (!unpack->is_known) {
		/* The first block, from as many pieces as it takes. */
		if (!span_collect(&bytes, unpack->first, &unpack->first_size, TAR_BLOCK))
			return;
		kind_find(unpack);
	}
	packed_add(unpack, bytes);
}

struct span
unpack_revision(const struct unpack *unpack)
{
	return unpack->tar.revision;
}

/* The archive is whole. */
static void
unpack_end(struct unpack *unpack)
{
	/* An archive of less than a block, as one of next to nothing may be. */
	if (!unpack->is_known)
		kind_find(unpack);
#ifndef GUEST_SMALL
	if (unpack->zip) {
		zip_unpack(unpack);
		return;
	}
#endif
	if (unpack->stream && !unpack->stream->is_whole)
		fail_in(unpack->packing->name, "cut off");
	if (!tar_is_whole(&unpack->tar))
		fail_in("tar", "cut off");
}

void
unpack_finish(struct unpack *unpack, struct span subpath)
{
	unpack_end(unpack);
	archive_finish(&unpack->archive, subpath);
}

#ifndef GUEST_SMALL
void
unpack_layer(struct unpack *unpack)
{
	if (unpack->archive.layer) {
		unpack_end(unpack);
		if (unpack->stream) {
			heap_give(unpack->stream->window, unpack->stream->capacity);
			heap_give(unpack->stream, unpack->packing->size + STREAM_ROOM);
		}
		struct archive archive = unpack->archive;
		memset(unpack, 0, sizeof *unpack);
		unpack->archive = archive;
		tar_start(&unpack->tar);
	}
	archive_layer(&unpack->archive);
}
#endif
