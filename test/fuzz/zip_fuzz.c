/* SPDX-License-Identifier: MPL-2.0 */
/* zip: a file behind one byte that says nothing; paths that come out are clean, and nothing is asked for
 * that is not in the file. */
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
static void
piece_read(const struct zip *zip, struct span file)
{
	if (zip->offset > file.size || zip->wanted > file.size - zip->offset)
		abort();
	if (zip->wanted)
		memcpy(zip->to, file.data + zip->offset, zip->wanted);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { OUTPUT = 4 << 20 };
	static struct zip zip;
	if (size == 0)
		return 0;
	struct span file = span_of(data + 1, size - 1);
	struct span piece;
	void *room = NULL;
	size_t made = 0;
	enum zip_event event = ZIP_READ;
	zip_start(&zip, file.size);
	while (event != ZIP_END && event != ZIP_BAD && made < OUTPUT) {
		event = zip_step(&zip, &piece);
		if (event == ZIP_READ)
			piece_read(&zip, file);
		else if (event == ZIP_ROOM)
			zip_give(&zip, room = malloc(zip.wanted + !zip.wanted));
		else if (event == ZIP_ENTRY)
			path_check(zip.item.path);
		else if (event == ZIP_DATA)
			made += piece.size;
	}
	free(room);
	return 0;
}
