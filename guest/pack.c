/* SPDX-License-Identifier: MPL-2.0 */
#include "pack.h"

#include "feature.h"

enum state {
	HEAD,
	OBJECT_FIRST,
	OBJECT_SIZE,
	BASE_OFFSET,
	BASE_ID,
	BODY_HEAD,
	BODY,
	BODY_SUM,
	TRAILER_HEAD,
	TRAILER,
	DONE,
};

#define TOO_LARGE "an object is too large"
#define NO_BASE   "a delta has no base before it, or too large a one"
#define NO_STREAM "an object is no zlib stream of its size"

/* What the parts return: an event, or that the next part follows at once. */
enum { GO_ON = -1 };

void
pack_start(struct pack *pack, size_t id_size)
{
	pack->id_size = (uint8_t)id_size;
	pack->taken = 0;
	pack->number = 0;
	pack->state = HEAD;
	pack->collected = 0;
}

static int
pack_bad(struct pack *pack, const char *sentence)
{
	pack->sentence = sentence;
	return PACK_BAD;
}

static bool
pack_collect(struct pack *pack, struct span *input, size_t size)
{
	if (!span_collect(input, pack->field, &pack->collected, size))
		return false;
	pack->collected = 0;
	return true;
}

static uint32_t
load_big_32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static ONCE bool
pack_byte(struct span *input, uint8_t *byte)
{
	if (!input->size)
		return false;
	*byte = *input->data;
	*input = span_after(*input, 1);
	return true;
}

static int
head_step(struct pack *pack, struct span *input)
{
	if (!pack_collect(pack, input, 12))
		return PACK_INPUT;
	if (load_big_32(pack->field) != 0x5041434b || load_big_32(pack->field + 4) != 2)
		return pack_bad(pack, "it does not begin as one of version 2");
	pack->count = load_big_32(pack->field + 8);
	pack->state = pack->count ? OBJECT_FIRST : TRAILER_HEAD;
	return GO_ON;
}

static int
object_first(struct pack *pack, struct span *input, uint64_t offset)
{
	uint8_t byte;
	if (!pack_byte(input, &byte))
		return PACK_INPUT;
	if (offset > UINT32_MAX)
		return pack_bad(pack, TOO_LARGE);
	pack->offset = (uint32_t)offset;
	pack->number++;
	pack->type = byte >> 4 & 7;
	pack->size = byte & 15;
	pack->shift = 4;
	if (pack->type == 0 || pack->type == 5)
		return pack_bad(pack, "an object of no type");
	pack->is_more = byte >> 7;
	pack->state = OBJECT_SIZE;
	return GO_ON;
}

static int
object_size(struct pack *pack, struct span *input)
{
	while (pack->is_more) {
		uint8_t byte;
		if (!pack_byte(input, &byte))
			return PACK_INPUT;
		if (pack->shift > 25)
			return pack_bad(pack, TOO_LARGE);
		pack->size |= (uint32_t)(byte & 127) << pack->shift;
		pack->shift = (uint8_t)(pack->shift + 7);
		pack->is_more = byte >> 7;
	}
	if (pack->size > PACK_OBJECT_MAX)
		return pack_bad(pack, TOO_LARGE);
	pack->variable = 0;
	pack->state = pack->type == PACK_OFFSET_DELTA ? BASE_OFFSET
		      : pack->type == PACK_ID_DELTA   ? BASE_ID
						      : BODY_HEAD;
	return pack->state == BODY_HEAD ? PACK_OBJECT : GO_ON;
}

/* Seven bits a byte, the highest first, and one is added for each byte that follows. */
static int
base_offset(struct pack *pack, struct span *input)
{
	for (;;) {
		uint8_t byte;
		if (!pack_byte(input, &byte))
			return PACK_INPUT;
		pack->variable = pack->variable << 7 | (byte & 127);
		if (!(byte & 128))
			break;
		/* What one more bit would overflow leads before any pack of 4 GiB. */
		if (++pack->variable >> 25)
			return pack_bad(pack, NO_BASE);
	}
	if (pack->variable == 0 || pack->variable > pack->offset)
		return pack_bad(pack, NO_BASE);
	pack->base_offset = pack->offset - pack->variable;
	pack->state = BODY_HEAD;
	return PACK_OBJECT;
}

/* An object without bytes, or with its last one in the window, has no room left; its stream's end
 * may still be to come, so a full window is only full while more bytes are missing than it has room for. */
static int
body_step(struct pack *pack, struct span *input)
{
	uint32_t missing = pack->size - pack->made;
	struct inflate_window window = pack->window;
	if (window.capacity - window.used > missing)
		window.capacity = window.used + missing;
	size_t before = window.used;
	enum inflate_status status = inflate_step(&pack->inflate, input, &window);
	pack->window.used = window.used;
	pack->made += (uint32_t)(window.used - before);
	switch (status) {
	case INFLATE_INPUT:
		return PACK_INPUT;
	case INFLATE_BAD:
		return pack_bad(pack, NO_STREAM);
	case INFLATE_FULL:
		/* Room for all that is missing is not made by sliding. */
		if (pack->window.capacity - window.used >= pack->size - pack->made)
			return pack_bad(pack, NO_STREAM);
		return PACK_FULL;
	case INFLATE_DONE:
		break;
	}
	if (pack->made != pack->size)
		return pack_bad(pack, NO_STREAM);
	pack->state = BODY_SUM;
	return GO_ON;
}

static int
body_head(struct pack *pack, struct span *input)
{
	if (!pack_collect(pack, input, 2))
		return PACK_INPUT;
	/* zlib (RFC 1950): deflate, a window of 32 KiB at most, no dictionary */
	if ((pack->field[0] & 15) != 8 || pack->field[0] >> 4 > 7 || pack->field[1] & 32 ||
		(pack->field[0] << 8 | pack->field[1]) % 31)
		return pack_bad(pack, NO_STREAM);
	inflate_start(&pack->inflate);
	pack->made = 0;
	pack->state = BODY;
	return GO_ON;
}

static int
pack_part(struct pack *pack, struct span *input, uint64_t offset)
{
	switch ((enum state)pack->state) {
	case HEAD:
		return head_step(pack, input);
	case OBJECT_FIRST:
		return object_first(pack, input, offset);
	case OBJECT_SIZE:
		return object_size(pack, input);
	case BASE_OFFSET:
		return base_offset(pack, input);
	case BASE_ID:
		if (!pack_collect(pack, input, id_size(pack->id_size)))
			return PACK_INPUT;
		memcpy(pack->base_id, pack->field, SUM_ID);
		pack->state = BODY_HEAD;
		return PACK_OBJECT;
	case BODY_HEAD:
		return body_head(pack, input);
	case BODY:
		return body_step(pack, input);
	case BODY_SUM:
		if (!pack_collect(pack, input, 4))
			return PACK_INPUT;
		pack->state = pack->number < pack->count ? OBJECT_FIRST : TRAILER_HEAD;
		return PACK_END;
	case TRAILER_HEAD:
		pack->state = TRAILER;
		return PACK_TRAILER;
	case TRAILER:
		if (!pack_collect(pack, input, id_size(pack->id_size)))
			return PACK_INPUT;
		pack->state = DONE;
		return PACK_DONE;
	case DONE:
		break;
	}
	return pack_bad(pack, "more bytes behind its end");
}

enum pack_event
pack_step(struct pack *pack, struct span *input)
{
	const uint8_t *start = input->data;
	int event = GO_ON;
	while (event == GO_ON)
		event = pack_part(pack, input, pack->taken + (size_t)(input->data - start));
	pack->taken += (size_t)(input->data - start);
	return (enum pack_event)event;
}
