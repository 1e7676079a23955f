/* SPDX-License-Identifier: MPL-2.0 */
#include "gzip.h"

enum state {
	HEAD,
	EXTRA_SIZE,
	EXTRA,
	NAME,
	COMMENT,
	HEAD_SUM,
	BODY,
	TAIL,
};

enum flag {
	FLAG_HEAD_SUM = 2,
	FLAG_EXTRA = 4,
	FLAG_NAME = 8,
	FLAG_COMMENT = 16,
	FLAG_UNKNOWN = 0xe0,
};

enum { FIELD_MAX = 64 << 10 };

/* What the parts return: a status, or that the next part follows at once. */
enum { GO_ON = -1 };

static void
member_start(struct gzip *gzip)
{
	inflate_start(&gzip->inflate);
	gzip->size = 0;
	gzip->collected = 0;
	gzip->left = 0;
	gzip->state = HEAD;
}

void
gzip_start(struct gzip *gzip)
{
	gzip->sentence = "the file is damaged";
	member_start(gzip);
}

/* The fields of fixed size. Of the head, six bytes say nothing of use. */
static int
field_step(struct gzip *gzip, struct span *input)
{
	size_t size = gzip->state == HEAD ? 10 : gzip->state == TAIL ? 8 : 2;
	if ((gzip->state == EXTRA_SIZE && !(gzip->flags & FLAG_EXTRA)) ||
		(gzip->state == HEAD_SUM && !(gzip->flags & FLAG_HEAD_SUM)))
		size = 0;
	if (!span_collect(input, gzip->field, &gzip->collected, size))
		return GZIP_INPUT;
	uint32_t first = load_32(gzip->field);
	gzip->collected = 0;
	switch ((enum state)gzip->state++) {
	case HEAD:
		gzip->flags = (uint8_t)(first >> 24);
		return (first & 0xffffff) != 0x088b1f || gzip->flags & FLAG_UNKNOWN ? GZIP_BAD
										    : GO_ON;
	case EXTRA_SIZE:
		gzip->left = size ? first & 0xffff : 0;
		return GO_ON;
	case TAIL:
		if (load_32(gzip->field + 4) != gzip->size)
			return GZIP_BAD;
		member_start(gzip);
		return GZIP_DONE;
	case EXTRA:
	case NAME:
	case COMMENT:
	case HEAD_SUM:
	case BODY:
		break;
	}
	return GO_ON;
}

static int
extra_step(struct gzip *gzip, struct span *input)
{
	if (!span_skip(input, &gzip->left))
		return GZIP_INPUT;
	gzip->state = NAME;
	return GO_ON;
}

static int
text_step(struct gzip *gzip, struct span *input, enum flag flag)
{
	while (gzip->flags & flag) {
		if (!input->size)
			return GZIP_INPUT;
		uint8_t byte = *input->data;
		*input = span_after(*input, 1);
		if (byte == 0)
			break;
		if (++gzip->left > FIELD_MAX)
			return GZIP_BAD;
	}
	gzip->left = 0;
	gzip->state++;
	return GO_ON;
}

static int
body_step(struct gzip *gzip, struct span *input, struct inflate_window *window)
{
	size_t before = window->used;
	enum inflate_status status = inflate_step(&gzip->inflate, input, window);
	gzip->size += (uint32_t)(window->used - before);
	switch (status) {
	case INFLATE_INPUT:
		return GZIP_INPUT;
	case INFLATE_FULL:
		return GZIP_FULL;
	case INFLATE_BAD:
		return GZIP_BAD;
	case INFLATE_DONE:
		break;
	}
	gzip->state = TAIL;
	return GO_ON;
}

static int
gzip_part(struct gzip *gzip, struct span *input, struct inflate_window *window)
{
	switch ((enum state)gzip->state) {
	case EXTRA:
		return extra_step(gzip, input);
	case NAME:
		return text_step(gzip, input, FLAG_NAME);
	case COMMENT:
		return text_step(gzip, input, FLAG_COMMENT);
	case BODY:
		return body_step(gzip, input, window);
	case HEAD:
	case EXTRA_SIZE:
	case HEAD_SUM:
	case TAIL:
		break;
	}
	return field_step(gzip, input);
}

enum gzip_status
gzip_step(struct gzip *gzip, struct span *input, struct inflate_window *window)
{
	int status = GO_ON;
	while (status == GO_ON)
		status = gzip_part(gzip, input, window);
	return (enum gzip_status)status;
}
