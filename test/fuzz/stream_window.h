/* SPDX-License-Identifier: MPL-2.0 */
/* stream_window: the memory that a decoder of guest/stream.h asks for, for the fuzz targets of all of them. */
#pragma once

#include <stdlib.h>

#include "stream.h"

/* The caller's part: memory of exactly what is wanted. False where the file is bad, or wants more
 * than is worth its time here. */
static bool
window_give(struct stream *stream)
{
	enum { WINDOW = 8 << 20 };
	if (stream->wanted > STREAM_MEMORY)
		abort();
	if (stream->wanted > WINDOW)
		return false;
	free(stream->window);
	void *window = malloc(stream->wanted);
	if (!window)
		abort();
	stream_give(stream, window, stream->wanted);
	return true;
}
