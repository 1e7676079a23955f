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

static void
crc_build(struct gzip *gzip)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t sum = byte;
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
		gzip->crc_tables[0][byte] = sum;
	}
	for (uint32_t byte = 0; byte < 256; byte++)
		for (int table = 1; table < 4; table++) {
			uint32_t sum = gzip->crc_tables[table - 1][byte];
			gzip->crc_tables[table][byte] = sum >> 8 ^ gzip->crc_tables[0][sum & 255];
		}
}

static void
crc_add(struct gzip *gzip, const uint8_t *data, size_t size)
{
	uint32_t sum = gzip->crc;
	for (; size >= 4; size -= 4, data += 4) {
		uint32_t word;
		__builtin_memcpy(&word, data, 4);
		sum ^= word;
		sum = gzip->crc_tables[3][sum & 255] ^ gzip->crc_tables[2][sum >> 8 & 255] ^
		      gzip->crc_tables[1][sum >> 16 & 255] ^ gzip->crc_tables[0][sum >> 24];
	}
	for (; size; size--, data++)
		sum = sum >> 8 ^ gzip->crc_tables[0][(sum ^ *data) & 255];
	gzip->crc = sum;
}

static enum gzip_status
gzip_bad(struct gzip *gzip, const char *sentence)
{
	gzip->sentence = sentence;
	return GZIP_BAD;
}

static void
member_start(struct gzip *gzip)
{
	inflate_start(&gzip->inflate);
	gzip->crc = 0xffffffff;
	gzip->size = 0;
	gzip->head = 0;
	gzip->head_size = 0;
	gzip->state = HEAD;
}

void
gzip_start(struct gzip *gzip)
{
	crc_build(gzip);
	member_start(gzip);
}

/* Collects `size` bytes, the first one lowest. */
static bool
head_collect(struct gzip *gzip, struct span *input, unsigned size)
{
	while (gzip->head_size < size && input->size) {
		gzip->head |= (uint64_t)*input->data << 8 * gzip->head_size++;
		*input = span_after(*input, 1);
	}
	return gzip->head_size == size;
}

static void
head_next(struct gzip *gzip, enum state state)
{
	gzip->state = (uint8_t)state;
	gzip->head = 0;
	gzip->head_size = 0;
	gzip->field = 0;
}

/* The fixed ten bytes are read as 4 (magic, method, flags) and 6 that say nothing of use. */
static enum gzip_status
head_step(struct gzip *gzip, struct span *input)
{
	if (gzip->head_size < 4) {
		if (!head_collect(gzip, input, 4))
			return GZIP_INPUT;
		if ((gzip->head & 0xffffff) != 0x088b1f)
			return gzip_bad(gzip, "what follows a member is none");
		gzip->flags = (uint8_t)(gzip->head >> 24);
		if (gzip->flags & FLAG_UNKNOWN)
			return gzip_bad(gzip, "flags that do not exist");
	}
	while (gzip->head_size < 10) {
		if (!input->size)
			return GZIP_INPUT;
		gzip->head_size++;
		*input = span_after(*input, 1);
	}
	head_next(gzip, EXTRA_SIZE);
	return GZIP_DONE;
}

static enum gzip_status
text_step(struct gzip *gzip, struct span *input, enum flag flag)
{
	while (gzip->flags & flag) {
		if (!input->size)
			return GZIP_INPUT;
		uint8_t byte = *input->data;
		*input = span_after(*input, 1);
		if (byte == 0)
			break;
		if (++gzip->field > FIELD_MAX)
			return gzip_bad(gzip, "a name of more than 64 KiB");
	}
	head_next(gzip, flag == FLAG_NAME ? COMMENT : HEAD_SUM);
	return GZIP_DONE;
}

static enum gzip_status
extra_step(struct gzip *gzip, struct span *input)
{
	size_t size = size_min(gzip->field, input->size);
	*input = span_after(*input, size);
	gzip->field -= (uint32_t)size;
	if (gzip->field)
		return GZIP_INPUT;
	head_next(gzip, NAME);
	return GZIP_DONE;
}

static enum gzip_status
body_step(struct gzip *gzip, struct span *input, struct inflate_window *window)
{
	size_t before = window->used;
	enum inflate_status status = inflate_step(&gzip->inflate, input, window);
	crc_add(gzip, window->data + before, window->used - before);
	gzip->size += (uint32_t)(window->used - before);
	switch (status) {
	case INFLATE_INPUT:
		return GZIP_INPUT;
	case INFLATE_FULL:
		return GZIP_FULL;
	case INFLATE_BAD:
		return gzip_bad(gzip, "the file is damaged");
	case INFLATE_DONE:
		break;
	}
	head_next(gzip, TAIL);
	return GZIP_DONE;
}

enum gzip_status
gzip_step(struct gzip *gzip, struct span *input, struct inflate_window *window)
{
	for (;;) {
		enum gzip_status status = GZIP_DONE;
		switch ((enum state)gzip->state) {
		case HEAD:
			status = head_step(gzip, input);
			break;
		case EXTRA_SIZE:
			if (!(gzip->flags & FLAG_EXTRA)) {
				head_next(gzip, NAME);
				break;
			}
			if (!head_collect(gzip, input, 2))
				return GZIP_INPUT;
			gzip->field = (uint32_t)gzip->head;
			gzip->state = EXTRA;
			break;
		case EXTRA:
			status = extra_step(gzip, input);
			break;
		case NAME:
			status = text_step(gzip, input, FLAG_NAME);
			break;
		case COMMENT:
			status = text_step(gzip, input, FLAG_COMMENT);
			break;
		case HEAD_SUM:
			if ((gzip->flags & FLAG_HEAD_SUM) && !head_collect(gzip, input, 2))
				return GZIP_INPUT;
			head_next(gzip, BODY);
			break;
		case BODY:
			status = body_step(gzip, input, window);
			break;
		case TAIL:
			if (!head_collect(gzip, input, 8))
				return GZIP_INPUT;
			if ((uint32_t)gzip->head != ~gzip->crc ||
				(uint32_t)(gzip->head >> 32) != gzip->size)
				return gzip_bad(gzip, "the file is damaged");
			member_start(gzip);
			return GZIP_DONE;
		}
		if (status != GZIP_DONE)
			return status;
	}
}
