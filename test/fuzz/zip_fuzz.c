/* SPDX-License-Identifier: MPL-2.0 */
/* zip: a file read in pieces of the size that its first byte says; paths that come out are clean, and
 * nothing is asked for that is not in the file. */
#include <stdlib.h>

#include "zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
path_check(struct span path)
{
	struct span rest = path;
	if (rest.size == 0)
		abort();
	while (rest.size) {
		struct span name = span_of(rest.data, span_find(rest, '/'));
		if (name.size == 0 || span_equal(name, SPAN(".")) || span_equal(name, SPAN("..")) ||
			span_find(name, 0) < name.size)
			abort();
		rest = span_from(rest, name.size + 1);
	}
}

/* The caller's part: what the decoder wants of the file. */
static struct span
piece_of(const struct zip *zip, struct span file, size_t step)
{
	if (zip->wanted == 0 || zip->offset >= file.size || zip->wanted > file.size - zip->offset)
		abort();
	return span_of(file.data + zip->offset, size_min(zip->wanted, step));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT = 4 << 20 };
	static struct zip zip;
	if (size == 0)
		return 0;
	size_t step = data[0] ? data[0] : size;
	struct span file = span_of(data + 1, size - 1);
	struct span input = span_of(data, 0);
	struct span piece;
	size_t made = 0;
	enum zip_event event = ZIP_READ;
	zip_start(&zip, file.size);
	while (event != ZIP_END && event != ZIP_BAD && made < OUTPUT) {
		event = zip_step(&zip, &input, &piece);
		if (event == ZIP_READ)
			input = piece_of(&zip, file, step);
		else if (event == ZIP_ROOM)
			zip_give(&zip, malloc(zip.wanted));
		else if (event == ZIP_ENTRY)
			path_check(zip.item.path);
		else if (event == ZIP_DATA)
			made += piece.size;
	}
	free(zip.room);
	return 0;
}
