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
file_read(void *context, uint64_t offset, uint8_t *to, size_t size)
{
	const struct span *file = (const struct span *)context;
	if (offset > file->size || size > file->size - offset)
		abort();
	if (size)
		memcpy(to, file->data + offset, size);
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
	zip.read = file_read;
	zip.file = &file;
	bool is_sound = zip_start(&zip, file.size) &&
			zip_give(&zip, room = malloc((size_t)zip.end.size + !zip.end.size));
	while (is_sound && zip_next(&zip)) {
		path_check(zip.item.path);
		while (made < OUTPUT && zip_piece(&zip, &piece))
			made += piece.size;
		is_sound = made < OUTPUT && !zip.sentence;
	}
	free(room);
	return 0;
}
