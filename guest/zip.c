/* SPDX-License-Identifier: MPL-2.0 */
#include "zip.h"

enum state {
	TAIL,
	ROOM,
	DIRECTORY,
	LOCAL_HEAD,
	LOCAL_NAME,
	CONTENT,
	CONTENT_END,
	DESCRIPTOR,
	CLOSED,
};

enum { LOCAL_SIZE = 30, DESCRIPTOR_MAX = 24 };

/* What the parts return beside an event: the next part follows at once. */
enum { GO_ON = -1 };

static int
zip_bad(struct zip *zip, const char *sentence)
{
	zip->sentence = sentence;
	return ZIP_BAD;
}

COLD void
zip_start(struct zip *zip, uint64_t file_size)
{
	memset(zip, 0, offsetof(struct zip, crc));
	crc_build(&zip->crc, CRC_32);
	zip->file_size = file_size;
	zip->state = TAIL;
	zip->offset = file_size < ZIP_TAIL ? 0 : file_size - ZIP_TAIL;
}

void
zip_give(struct zip *zip, void *room)
{
	zip->room = (uint8_t *)room;
}

/* Collects `size` bytes of the file from zip->offset on. */
static bool
collect(struct zip *zip, struct span *input, uint8_t *bytes, size_t size)
{
	zip->offset -= zip->collected;
	bool is_there = span_collect(input, bytes, &zip->collected, size);
	zip->offset += zip->collected;
	zip->wanted = size - zip->collected;
	return is_there;
}

static void
state_set(struct zip *zip, enum state state)
{
	zip->state = (uint8_t)state;
	zip->collected = 0;
}

static int
tail_step(struct zip *zip, struct span *input)
{
	size_t size = zip->file_size < ZIP_TAIL ? (size_t)zip->file_size : ZIP_TAIL;
	if (!collect(zip, input, zip->bytes, size))
		return ZIP_READ;
	const char *sentence = zip_end_read(span_of(zip->bytes, size), zip->file_size, &zip->end);
	if (sentence)
		return zip_bad(zip, sentence);
	state_set(zip, ROOM);
	return GO_ON;
}

static int
room_step(struct zip *zip)
{
	size_t order = (size_t)zip->end.count * sizeof(uint32_t);
	if (!zip->room) {
		/* Never nothing: an empty archive has an empty directory. */
		zip->wanted = order + (size_t)zip->end.size + 1;
		return ZIP_ROOM;
	}
	zip->directory.order = (uint32_t *)(void *)zip->room;
	zip->directory.count = (size_t)zip->end.count;
	zip->directory.bytes = span_of(zip->room + order, (size_t)zip->end.size);
	zip->offset = zip->end.offset;
	state_set(zip, DIRECTORY);
	return GO_ON;
}

static int
directory_step(struct zip *zip, struct span *input)
{
	size_t order = zip->directory.count * sizeof(uint32_t);
	if (!collect(zip, input, zip->room + order, zip->directory.bytes.size))
		return ZIP_READ;
	const char *sentence = zip_directory_check(&zip->directory);
	if (sentence)
		return zip_bad(zip, sentence);
	zip->offset = 0;
	state_set(zip, CLOSED);
	return GO_ON;
}

/* Whether a link, from the folder that it lies in, stays in the archive. */
static bool
target_stays(struct span path, struct span target)
{
	size_t depth = 0;
	for (size_t at = 0; at < path.size; at++)
		depth += path.data[at] == '/';
	if (target.size && target.data[0] == '/')
		return false;
	while (target.size) {
		struct span name = span_word(&target, '/');
		if (span_is(name, "..")) {
			if (depth == 0)
				return false;
			depth--;
		} else if (name.size && !span_is(name, ".")) {
			depth++;
		}
	}
	return true;
}

/* The next entry by its place; where it begins is where the one before ended. */
static int
entry_next(struct zip *zip)
{
	uint64_t limit = zip->end.offset;
	if (zip->next == zip->directory.count)
		return zip->offset == limit
			       ? ZIP_END
			       : zip_bad(zip,
					 "entries overlap, or there is something between them");
	(void)zip_record_read(zip->directory.bytes, zip->directory.order[zip->next], &zip->record);
	zip->next++;
	if (zip->record.offset != zip->offset)
		return zip_bad(zip, "entries overlap, or there is something between them");
	if (limit - zip->offset < LOCAL_SIZE)
		return zip_bad(zip, "entries overlap, or there is something between them");
	zip->item = (struct item){
		(enum item_kind)zip->record.kind, zip->record.name, SPAN(""), zip->record.size};
	if (zip->record.kind == 'd')
		zip->item.path.size--;
	state_set(zip, LOCAL_HEAD);
	return GO_ON;
}

/* A size of a local header: the directory's, or none where a descriptor follows. */
static bool
is_agreed(const struct zip *zip, uint64_t local, uint64_t central)
{
	return local == central || (local == 0 && (zip->record.flags & ZIP_DESCRIPTOR));
}

static int
local_check(struct zip *zip)
{
	const uint8_t *head = zip->bytes;
	const struct zip_record *record = &zip->record;
	struct span name = span_of(head + LOCAL_SIZE, (size_t)zip_load(head + 26, 2));
	struct span extra = span_of(name.data + name.size, (size_t)zip_load(head + 28, 2));
	uint64_t packed = zip_load(head + 18, 4);
	uint64_t size = zip_load(head + 22, 4);
	uint64_t *numbers[] = {&size, &packed};
	/* A streamed zip64 entry may have the field with zeros, though no number asks for it. */
	bool is_plain = packed != 0xffffffff && size != 0xffffffff;
	const char *sentence = zip_extra_read(extra, name, numbers, is_plain ? 0 : 2);
	if (sentence && !is_plain)
		return zip_bad(zip, sentence);
	if (memcmp(head, "PK\3\4", 4) != 0 || zip_load(head + 6, 2) != record->flags ||
		zip_load(head + 8, 2) != record->method || !span_equal(name, record->name) ||
		!is_agreed(zip, zip_load(head + 14, 4), record->sum) ||
		!is_agreed(zip, packed, record->packed) || !is_agreed(zip, size, record->size))
		return zip_bad(zip, "an entry's local header differs from the directory");
	if (record->packed > zip->end.offset - zip->offset)
		return zip_bad(zip, "entries overlap, or there is something between them");
	zip->packed_left = record->packed;
	zip->left = record->size;
	zip->sum = 0;
	zip->window = (struct inflate_window){zip->bytes, 0, ZIP_WINDOW};
	inflate_start(&zip->inflate);
	state_set(zip, CONTENT);
	return record->kind == 'l' ? GO_ON : ZIP_ENTRY;
}

static int
local_step(struct zip *zip, struct span *input)
{
	size_t size = LOCAL_SIZE;
	if (zip->state == LOCAL_NAME)
		size += (size_t)(zip_load(zip->bytes + 26, 2) + zip_load(zip->bytes + 28, 2));
	if (!collect(zip, input, zip->bytes, size))
		return ZIP_READ;
	if (zip->state == LOCAL_NAME)
		return local_check(zip);
	/* The name's bytes come behind the head's, in the same place. */
	zip->state = LOCAL_NAME;
	size = (size_t)(zip_load(zip->bytes + 26, 2) + zip_load(zip->bytes + 28, 2));
	if (size > zip->end.offset - zip->offset || size > ZIP_WINDOW - LOCAL_SIZE)
		return zip_bad(zip, "entries overlap, or there is something between them");
	return GO_ON;
}

/* Takes a piece of the entry's bytes; a link's are kept. */
static int
content_end(struct zip *zip, struct span piece, struct span *data)
{
	if (piece.size > zip->left)
		return zip_bad(zip, "an entry has other bytes than its sum says");
	zip->sum = crc_add(&zip->crc, zip->sum, piece);
	zip->left -= piece.size;
	if (piece.size == 0)
		return GO_ON;
	*data = piece;
	if (zip->record.kind != 'l')
		return ZIP_DATA;
	/* At most ZIP_TARGET bytes in all, as the directory's check saw to. */
	memcpy(zip->link + zip->collected, piece.data, piece.size);
	zip->collected += piece.size;
	return GO_ON;
}

static int
content_close(struct zip *zip)
{
	if (zip->left || zip->sum != zip->record.sum)
		return zip_bad(zip, "an entry has other bytes than its sum says");
	zip->item.target = span_of(zip->link, zip->collected);
	bool is_link = zip->record.kind == 'l';
	if (is_link && !target_stays(zip->item.path, zip->item.target))
		return zip_bad(zip, "a symbolic link leads out of the archive");
	state_set(zip, DESCRIPTOR);
	return is_link ? ZIP_ENTRY : GO_ON;
}

static int
stored_step(struct zip *zip, struct span *input, struct span *data)
{
	if (zip->packed_left == 0)
		return content_close(zip);
	zip->wanted = zip->packed_left < ZIP_PIECE ? (size_t)zip->packed_left : ZIP_PIECE;
	if (input->size == 0)
		return ZIP_READ;
	struct span piece = span_of(input->data, size_min(input->size, zip->wanted));
	*input = span_after(*input, piece.size);
	zip->offset += piece.size;
	zip->packed_left -= piece.size;
	return content_end(zip, piece, data);
}

static int
inflate_piece(struct zip *zip, struct span *input, struct span *data)
{
	struct inflate_window *window = &zip->window;
	if (window->capacity - window->used < ZIP_WINDOW / 4)
		inflate_slide(window);
	/* No more than belongs to the entry, whoever gives more. */
	struct span bytes = span_of(input->data, input->size);
	if (bytes.size > zip->packed_left)
		bytes.size = (size_t)zip->packed_left;
	size_t before = window->used;
	size_t had = bytes.size;
	enum inflate_status status = inflate_step(&zip->inflate, &bytes, window);
	size_t taken = had - bytes.size;
	*input = span_after(*input, taken);
	zip->offset += taken;
	zip->packed_left -= taken;
	if (status == INFLATE_BAD)
		return zip_bad(zip, "an entry is damaged");
	int event = content_end(zip, span_of(window->data + before, window->used - before), data);
	if (event == ZIP_BAD)
		return event;
	if (status == INFLATE_DONE) {
		if (zip->packed_left)
			return zip_bad(zip, "an entry is damaged");
		zip->state = CONTENT_END;
	} else if (status == INFLATE_INPUT && zip->packed_left == 0) {
		return zip_bad(zip, "an entry is damaged");
	} else if (status == INFLATE_INPUT && event == GO_ON) {
		zip->wanted = zip->packed_left < ZIP_PIECE ? (size_t)zip->packed_left : ZIP_PIECE;
		return ZIP_READ;
	}
	return event;
}

/* The descriptor has a mark or not, and sizes of 4 bytes or 8: its length tells, as it ends where the
 * next entry or the directory begins. */
static int
descriptor_step(struct zip *zip, struct span *input)
{
	if (!(zip->record.flags & ZIP_DESCRIPTOR)) {
		state_set(zip, CLOSED);
		return ZIP_CLOSE;
	}
	uint64_t end = zip->end.offset;
	if (zip->next < zip->directory.count) {
		struct zip_record next;
		(void)zip_record_read(zip->directory.bytes, zip->directory.order[zip->next], &next);
		end = next.offset;
	}
	uint64_t size = end - (zip->offset - zip->collected);
	if (size != 12 && size != 16 && size != 20 && size != DESCRIPTOR_MAX)
		return zip_bad(zip, "a data descriptor is none");
	if (!collect(zip, input, zip->bytes, (size_t)size))
		return ZIP_READ;
	const uint8_t *field = zip->bytes;
	if (size % 8 == 0) {
		if (memcmp(field, "PK\7\10", 4) != 0)
			return zip_bad(zip, "a data descriptor is none");
		field += 4;
	}
	size_t width = size >= 20 ? 8 : 4;
	if (zip_load(field, 4) != zip->record.sum ||
		zip_load(field + 4, width) != zip->record.packed ||
		zip_load(field + 4 + width, width) != zip->record.size)
		return zip_bad(zip, "a data descriptor differs from the directory");
	state_set(zip, CLOSED);
	return ZIP_CLOSE;
}

static int
zip_part(struct zip *zip, struct span *input, struct span *data)
{
	switch ((enum state)zip->state) {
	case TAIL:
		return tail_step(zip, input);
	case ROOM:
		return room_step(zip);
	case DIRECTORY:
		return directory_step(zip, input);
	case LOCAL_HEAD:
	case LOCAL_NAME:
		return local_step(zip, input);
	case CONTENT:
		return zip->record.method == ZIP_DEFLATE ? inflate_piece(zip, input, data)
							 : stored_step(zip, input, data);
	case CONTENT_END:
		return content_close(zip);
	case DESCRIPTOR:
		return descriptor_step(zip, input);
	case CLOSED:
		/* What was read beyond this place is read again. */
		input->size = 0;
		return entry_next(zip);
	}
	return GO_ON;
}

enum zip_event
zip_step(struct zip *zip, struct span *input, struct span *data)
{
	int event = GO_ON;
	while (event == GO_ON)
		event = zip_part(zip, input, data);
	return (enum zip_event)event;
}
