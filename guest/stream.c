/* SPDX-License-Identifier: MPL-2.0 */
#include "stream.h"

COLD void
stream_start(struct stream *stream, uint8_t *held)
{
	stream->hash = -1;
	stream->held = held;
	stream->sentence = "the file is damaged";
}

COLD bool
stream_more(struct stream *stream, struct span *input)
{
	size_t used = stream->rest.size;
	if (input->size == 0) {
		stream->is_whole = stream->is_between && used == 0;
		return false;
	}
	if (stream->rest.data != stream->held && used)
		memmove(stream->held, stream->rest.data, used);
	(void)span_collect(input, stream->held, &used, STREAM_HELD);
	stream->rest = span_of(stream->held, used);
	return true;
}

COLD const uint8_t *
stream_take(struct stream *stream, size_t size)
{
	const uint8_t *taken = stream->rest.data;
	if (size > stream->rest.size)
		return NULL;
	stream->rest = span_after(stream->rest, size);
	return taken;
}
