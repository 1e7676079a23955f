/* SPDX-License-Identifier: MPL-2.0 */
#include "network/frames.h"

enum { DIGITS = 4, LINE_MOST = 65520 };

static int
digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static void
first_add(struct frames *frames, struct bytes data)
{
	size_t room = FRAMES_FIRST - frames->first_size;
	if (frames->lines || !data.size)
		return;
	data = bytes_first(data, room);
	memcpy(frames->first + frames->first_size, data.data, data.size);
	frames->first_size += data.size;
}

/* Four digits are there: a length with itself, or a special frame. */
static enum frames_event
head_end(struct frames *frames)
{
	uint32_t length = frames->length;
	frames->digits = 0;
	frames->length = 0;
	if (length == 0)
		return FRAMES_FLUSH;
	if (length == 3 || length > LINE_MOST)
		return FRAMES_BAD;
	frames->left = length > DIGITS ? length - DIGITS : 0;
	if (frames->left)
		return FRAMES_MORE;
	frames->lines++;
	return FRAMES_LINE;
}

static enum frames_event
line_take(struct frames *frames, struct bytes *rest)
{
	size_t size = rest->size < frames->left ? rest->size : frames->left;
	first_add(frames, bytes_first(*rest, size));
	*rest = bytes_from(*rest, size);
	frames->left -= (uint32_t)size;
	if (frames->left)
		return FRAMES_MORE;
	frames->lines++;
	return FRAMES_LINE;
}

enum frames_event
frames_step(struct frames *frames, struct bytes *rest, struct bytes *piece)
{
	struct bytes whole = *rest;
	enum frames_event event = FRAMES_MORE;
	while (rest->size && event == FRAMES_MORE) {
		if (frames->left) {
			event = line_take(frames, rest);
			continue;
		}
		int value = digit(*rest->data);
		if (value < 0) {
			event = FRAMES_BAD;
			break;
		}
		frames->length = frames->length * 16 + (uint32_t)value;
		*rest = bytes_from(*rest, 1);
		if (++frames->digits == DIGITS)
			event = head_end(frames);
	}
	*piece = bytes_first(whole, whole.size - rest->size);
	return event;
}
