/* SPDX-License-Identifier: MPL-2.0 */
#include "tar.h"

enum state {
	HEADER,
	ATTRIBUTES,
	CONTENT,
	PADDING, /* behind bytes of either sort */
	ZEROS,   /* one block of zeros has come */
	TAIL,
};

/* Where the fields of a header lie. */
enum field {
	FIELD_NAME = 0,
	FIELD_MODE = 100,
	FIELD_SIZE = 124,
	FIELD_SUM = 148,
	FIELD_TYPE = 156,
	FIELD_LINK = 157,
	FIELD_MAGIC = 257,
	FIELD_PREFIX = 345,
};

#define BAD_PAX  "attributes (pax) that cannot be followed"
#define NO_ENTRY "attributes of no entry"

void
tar_start(struct tar *tar)
{
	tar->state = HEADER;
	tar->collected = 0;
	tar->padding = 0;
	tar->name.is_set = false;
	tar->link.is_set = false;
	tar->has_size = false;
	tar->item.kind = 0;
	tar->revision.size = 0;
}

bool
tar_has_ended(const struct tar *tar)
{
	return tar->state == TAIL;
}

bool
tar_is_whole(const struct tar *tar)
{
	/* Less than a block behind the end is no zeros that were looked at. */
	return tar_has_ended(tar) && tar->collected == 0;
}

static enum tar_event
tar_bad(struct tar *tar, const char *sentence)
{
	tar->sentence = sentence;
	return TAR_BAD;
}

/* Octal digits, with spaces before and a space or NUL behind; or, in GNU's way, a first byte of 0x80
 * and a big-endian number. */
static bool
field_number(const uint8_t *field, size_t size, uint64_t *number_out)
{
	uint64_t number = 0;
	size_t at = 0;
	unsigned bits = 3;
	if (field[0] == 0x80) {
		at++;
		bits = 8;
	}
	while (bits == 3 && at < size && field[at] == ' ')
		at++;
	for (; at < size; at++) {
		unsigned digit = field[at];
		if (bits == 3 && (digit -= '0') > 7)
			break;
		if (number >> 48)
			return false;
		number = number << bits | digit;
	}
	*number_out = number;
	while (at < size && (field[at] == ' ' || field[at] == 0))
		at++;
	return at == size;
}

bool
tar_is_header(const uint8_t block[TAR_BLOCK])
{
	uint64_t said;
	if (!field_number(block + FIELD_SUM, 8, &said))
		return false;
	uint64_t sum = (uint64_t)8 * ' ';
	for (size_t at = 0; at < TAR_BLOCK; at++)
		if (at < FIELD_SUM || at >= FIELD_SUM + 8)
			sum += block[at];
	return sum == said;
}

static struct span
field_text(const uint8_t *field, size_t size)
{
	return span_of(field, span_find(span_of(field, size), 0));
}

static bool
text_append(struct tar_text *text, struct span span)
{
	if (span.size > TAR_PATH - text->size)
		return false;
	if (span.size)
		memcpy(text->bytes + text->size, span.data, span.size);
	text->size += span.size;
	return true;
}

/* Given by an attribute; false where it is too long, holds a NUL or nothing (which takes the header's
 * own text away, or does not, as readers go), or was given before. */
static bool
text_set(struct tar_text *text, struct span span)
{
	if (text->is_set || span.size == 0 || span_find(span, 0) < span.size)
		return false;
	text->is_set = true;
	text->size = 0;
	return text_append(text, span);
}

/* Takes "./" in front and one '/' behind away; what is left is names between slashes, or nothing. */
static bool
path_clean(struct span *path, bool is_folder)
{
	while (span_has_prefix(*path, "./"))
		*path = span_from(*path, 2);
	if (is_folder && path->size && path->data[path->size - 1] == '/')
		path->size--;
	if (is_folder && span_is(*path, "."))
		path->size = 0;
	return path->size ? span_is_path(*path) : is_folder;
}

static enum tar_event
entry_kind(struct tar *tar, uint8_t type, uint64_t mode)
{
	switch (type) {
	case 0:
	case '0':
	case '7':
		tar->item.kind = mode & 0100 ? ITEM_EXECUTABLE : ITEM_FILE;
		return TAR_ON;
	case '1':
		tar->item.kind = ITEM_HARD_LINK;
		return TAR_ON;
	case '2':
		tar->item.kind = ITEM_LINK;
		return TAR_ON;
	case '5':
		tar->item.kind = ITEM_FOLDER;
		return TAR_ON;
	default:
		return tar_bad(tar, ITEM_NO_KIND);
	}
}

static bool
entry_texts(struct tar *tar)
{
	const uint8_t *block = tar->block;
	if (!tar->name.is_set) {
		tar->name.size = 0;
		struct span prefix = field_text(block + FIELD_PREFIX, 155);
		/* GNU's own header has times where the prefix is. */
		if (span_equal(span_of(block + FIELD_MAGIC, 6), SPAN("ustar\0")) && prefix.size) {
			(void)text_append(&tar->name, prefix);
			(void)text_append(&tar->name, SPAN("/"));
		}
		(void)text_append(&tar->name, field_text(block + FIELD_NAME, 100));
	}
	if (!tar->link.is_set) {
		tar->link.size = 0;
		(void)text_append(&tar->link, field_text(block + FIELD_LINK, 100));
	}
	tar->item.path = span_of(tar->name.bytes, tar->name.size);
	tar->item.target = span_of(tar->link.bytes, tar->link.size);
	if (!path_clean(&tar->item.path, tar->item.kind == ITEM_FOLDER))
		return false;
	return tar->item.kind != ITEM_HARD_LINK || path_clean(&tar->item.target, false);
}

static enum tar_event
entry_begin(struct tar *tar)
{
	uint64_t mode;
	if (!field_number(tar->block + FIELD_MODE, 8, &mode))
		return tar_bad(tar, "a mode is no number");
	enum tar_event event = entry_kind(tar, tar->type, mode);
	if (event != TAR_ON)
		return event;
	tar->item.size = tar->left;
	if ((tar->has_size && tar->pax_size != tar->item.size) ||
		(tar->item.size && tar->item.kind != ITEM_FILE &&
			tar->item.kind != ITEM_EXECUTABLE))
		return tar_bad(tar, "a size that no entry may have");
	if (!entry_texts(tar))
		return tar_bad(tar, ITEM_BAD_PATH);
	if (tar->link.is_set && tar->item.kind != ITEM_LINK && tar->item.kind != ITEM_HARD_LINK)
		return tar_bad(tar, NO_ENTRY);
	tar->name.is_set = false;
	tar->link.is_set = false;
	tar->has_size = false;
	tar->state = CONTENT;
	return TAR_ENTRY;
}

/* One "SIZE KEY=VALUE\n" of a pax header; false where it is none. */
static bool
record_next(struct span *rest, struct span *key, struct span *value)
{
	uint64_t size;
	size_t digits = span_find(*rest, ' ');
	if (!span_number(span_of(rest->data, digits), &size) || size > rest->size ||
		size < digits + 3 || rest->data[size - 1] != '\n')
		return false;
	struct span record = span_of(rest->data + digits + 1, (size_t)size - digits - 2);
	*rest = span_after(*rest, (size_t)size);
	size_t equals = span_find(record, '=');
	if (equals == 0 || equals == record.size)
		return false;
	*key = span_of(record.data, equals);
	*value = span_after(record, equals + 1);
	return true;
}

/* By its size: what it names is taken by the caller as its server's word. */
static void
revision_take(struct tar *tar, struct span text)
{
	if (tar->item.kind || (text.size != TAR_REVISION && text.size != 40))
		return;
	memcpy(tar->revision_bytes, text.data, text.size);
	tar->revision = span_of(tar->revision_bytes, text.size);
}

static bool
record_apply(struct tar *tar, struct span key, struct span value)
{
	struct tar_text *text = span_is(key, "path")       ? &tar->name
				: span_is(key, "linkpath") ? &tar->link
							   : NULL;
	bool is_size = span_is(key, "size");
	if (span_has_prefix(key, "GNU.sparse."))
		return false;
	if (tar->type == 'g') {
		if (span_is(key, "comment"))
			revision_take(tar, value);
		return !text && !is_size;
	}
	if (text)
		return text_set(text, value);
	if (!is_size)
		return true;
	if (tar->has_size)
		return false;
	tar->has_size = true;
	return span_number(value, &tar->pax_size);
}

static enum tar_event
attributes_end(struct tar *tar)
{
	struct span rest = span_of(tar->attributes, tar->collected);
	tar->collected = 0;
	tar->state = PADDING;
	if (tar->type == 'L' || tar->type == 'K') {
		struct tar_text *text = tar->type == 'L' ? &tar->name : &tar->link;
		/* GNU writes one NUL behind the text. */
		if (rest.size && rest.data[rest.size - 1] == 0)
			rest.size--;
		return text_set(text, rest) ? TAR_ON : tar_bad(tar, ITEM_BAD_PATH);
	}
	while (rest.size) {
		struct span key;
		struct span value;
		if (!record_next(&rest, &key, &value) || !record_apply(tar, key, value))
			return tar_bad(tar, BAD_PAX);
	}
	return TAR_ON;
}

static enum tar_event
zero_block(struct tar *tar)
{
	if (tar->name.is_set || tar->link.is_set || tar->has_size)
		return tar_bad(tar, NO_ENTRY);
	tar->state = tar->state == HEADER ? ZEROS : TAIL;
	return TAR_ON;
}

static enum tar_event
header_end(struct tar *tar)
{
	/* A zero, and each byte is as the one before. */
	if (tar->block[0] == 0 && memcmp(tar->block, tar->block + 1, TAR_BLOCK - 1) == 0)
		return zero_block(tar);
	if (tar->state != HEADER)
		return tar_bad(tar, "more bytes behind its end");
	if (!tar_is_header(tar->block))
		return tar_bad(tar, "its sum differs");
	if (!field_number(tar->block + FIELD_SIZE, 12, &tar->left) || tar->left > TAR_SIZE_MAX)
		return tar_bad(tar, "a size that no entry may have");
	tar->type = tar->block[FIELD_TYPE];
	tar->padding = (size_t)(-tar->left & (TAR_BLOCK - 1));
	if (tar->type != 'x' && tar->type != 'g' && tar->type != 'L' && tar->type != 'K')
		return entry_begin(tar);
	if (tar->left > TAR_ATTRIBUTES)
		return tar_bad(tar, BAD_PAX);
	tar->state = ATTRIBUTES;
	return TAR_ON;
}

enum tar_event
tar_step(struct tar *tar, struct span *input, struct span *data)
{
	switch ((enum state)tar->state) {
	case HEADER:
	case ZEROS:
	case TAIL:
		if (!span_collect(input, tar->block, &tar->collected, TAR_BLOCK))
			return TAR_INPUT;
		tar->collected = 0;
		return header_end(tar);
	case ATTRIBUTES:
		if (!span_collect(input, tar->attributes, &tar->collected, (size_t)tar->left))
			return TAR_INPUT;
		return attributes_end(tar);
	case CONTENT:
		if (tar->left == 0) {
			tar->state = PADDING;
			return TAR_CLOSE;
		}
		if (input->size == 0)
			return TAR_INPUT;
		*data = span_of(
			input->data, tar->left < input->size ? (size_t)tar->left : input->size);
		*input = span_after(*input, data->size);
		tar->left -= data->size;
		return TAR_DATA;
	case PADDING:
		break;
	}
	if (!span_skip(input, &tar->padding))
		return TAR_INPUT;
	tar->state = HEADER;
	return TAR_ON;
}
