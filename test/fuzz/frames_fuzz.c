/* SPDX-License-Identifier: MPL-2.0 */
#include "base/must.h"
#include "network/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the first flush or fault stands, in pieces of so many bytes. */
static size_t
first_stop(struct bytes text, size_t most, enum frames_event *event_out)
{
	struct frames frames = {0};
	size_t at = 0;
	*event_out = FRAMES_MORE;
	while (at < text.size) {
		struct bytes rest = bytes_first(bytes_from(text, at), most), piece;
		while (rest.size) {
			size_t before = rest.size;
			*event_out = frames_step(&frames, &rest, &piece);
			must(piece.size == before - rest.size, "a piece is what was taken");
			must(frames.first_size <= FRAMES_FIRST, "a first line has a ceiling");
			at += piece.size;
			if (*event_out == FRAMES_FLUSH || *event_out == FRAMES_BAD)
				return at;
		}
	}
	*event_out = FRAMES_MORE;
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum frames_event whole, cut;
	size_t at = first_stop(bytes_of(data, size), SIZE_MAX, &whole);
	for (size_t most = 1; most < 6; most++)
		must(first_stop(bytes_of(data, size), most, &cut) == at && cut == whole,
			"where bytes are cut means nothing");
	return 0;
}
