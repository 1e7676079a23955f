/* SPDX-License-Identifier: MPL-2.0 */
#include "zip.h"

enum state {
	START,
	TAIL,
	ROOM,
	DIRECTORY,
	NEXT,
	LOCAL,
	CONTENT,
	BEHIND,
	DESCRIPTOR,
};

enum { LOCAL_SIZE = 30, LOCAL_MAX = LOCAL_SIZE + 2 * 65535 };
_Static_assert(
	(size_t)LOCAL_MAX <= ZIP_WINDOW && (size_t)ZIP_TAIL <= ZIP_WINDOW, "both are read there");

#define OVERLAP "entries overlap, or there is something between them"
#define DIFFERS "an entry differs from the directory"

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
	zip->file_size = file_size;
	zip->state = START;
}

void
zip_give(struct zip *zip, void *room)
{
	zip->to = (uint8_t *)room;
}

/* Asks for bytes, and for the part that follows them. */
static int
want(struct zip *zip, uint64_t offset, uint64_t size, enum state state)
{
	zip->offset = offset;
	zip->wanted = (size_t)size;
	zip->state = (uint8_t)state;
	return ZIP_READ;
}

static int
tail_want(struct zip *zip)
{
	uint64_t size = zip->file_size < ZIP_TAIL ? zip->file_size : ZIP_TAIL;
	zip->to = zip->bytes;
	return want(zip, zip->file_size - size, size, TAIL);
}

static int
tail_read(struct zip *zip)
{
	const char *sentence =
		zip_end_read(span_of(zip->bytes, zip->wanted), zip->file_size, &zip->end);
	if (sentence)
		return zip_bad(zip, sentence);
	zip->wanted = (size_t)zip->end.size;
	zip->state = ROOM;
	return ZIP_ROOM;
}

/* Takes the next record of the directory, if there is one, and says where the one before must end. */
static int
record_next(struct zip *zip)
{
	zip->limit = zip->end.offset;
	if (zip->end.count) {
		const char *sentence = zip_record_read(&zip->directory, &zip->next);
		if (sentence)
			return zip_bad(zip, sentence);
		if (zip->next.offset >= zip->limit)
			return zip_bad(zip, OVERLAP);
		zip->limit = zip->next.offset;
	} else if (zip->directory.size) {
		return zip_bad(zip, "the directory and its end record differ");
	}
	zip->state = NEXT;
	return GO_ON;
}

static int
directory_read(struct zip *zip)
{
	zip->directory = span_of(zip->to, zip->wanted);
	zip->place = 0;
	return record_next(zip);
}

static int
entry_next(struct zip *zip)
{
	if (zip->limit != zip->place)
		return zip_bad(zip, OVERLAP);
	if (zip->end.count == 0)
		return ZIP_END;
	zip->end.count--;
	zip->record = zip->next;
	int event = record_next(zip);
	if (event != GO_ON)
		return event;
	if (zip->limit <= zip->place)
		return zip_bad(zip, OVERLAP);
	uint64_t size = zip->limit - zip->place;
	zip->to = zip->bytes;
	return want(zip, zip->place, size < LOCAL_MAX ? size : LOCAL_MAX, LOCAL);
}

/* A number of a local header: the directory's, or none where a descriptor follows. */
static bool
is_agreed(const struct zip *zip, uint64_t local, uint64_t central)
{
	return local == central || (local == 0 && (zip->record.flags & ZIP_DESCRIPTOR));
}

static bool
local_is_right(const struct zip *zip, struct span name, struct span extra)
{
	const uint8_t *head = zip->bytes;
	const struct zip_record *record = &zip->record;
	uint64_t packed = load_32(head + 18);
	uint64_t size = load_32(head + 22);
	uint64_t *numbers[] = {&size, &packed};
	/* A streamed zip64 entry may have the field with zeros, though no number asks for it. */
	bool is_plain = packed != 0xffffffff && size != 0xffffffff;
	return memcmp(head, "PK\3\4", 4) == 0 && load_16(head + 6) == record->flags &&
	       load_16(head + 8) == record->method && span_equal(name, record->name) &&
	       (zip_extra_read(extra, name, numbers, is_plain ? 0 : 2) || is_plain) &&
	       is_agreed(zip, load_32(head + 14), record->sum) &&
	       is_agreed(zip, packed, record->packed) && is_agreed(zip, size, record->size);
}

static int
local_read(struct zip *zip)
{
	const uint8_t *head = zip->bytes;
	const struct zip_record *record = &zip->record;
	struct span name = span_of(head + LOCAL_SIZE, load_16(head + 26));
	struct span extra = span_of(name.data + name.size, load_16(head + 28));
	size_t size = LOCAL_SIZE + name.size + extra.size;
	if (zip->wanted < LOCAL_SIZE || zip->wanted < size)
		return zip_bad(zip, OVERLAP);
	if (!local_is_right(zip, name, extra))
		return zip_bad(zip, DIFFERS);
	zip->place += size;
	if (record->packed > zip->limit - zip->place)
		return zip_bad(zip, OVERLAP);
	/* A descriptor has a mark or not, and sizes of 4 bytes or 8: its length tells. */
	uint64_t behind = zip->limit - zip->place - record->packed;
	bool has_descriptor = record->flags & ZIP_DESCRIPTOR;
	if (has_descriptor ? behind < 12 || behind > 24 || behind % 4 : behind != 0)
		return zip_bad(zip, OVERLAP);
	zip->item =
		(struct item){(enum item_kind)record->kind, record->name, SPAN(""), record->size};
	zip->item.path.size -= record->kind == 'd';
	zip->packed_left = record->packed;
	zip->packed.size = 0;
	zip->left = record->size;
	zip->window = (struct inflate_window){zip->bytes, 0, ZIP_WINDOW};
	inflate_start(&zip->inflate);
	zip->state = CONTENT;
	return record->kind == 'l' ? GO_ON : ZIP_ENTRY;
}

/* The next of the entry's bytes, from those that were read. */
static enum inflate_status
piece_unpack(struct zip *zip, struct span *data)
{
	struct inflate_window *window = &zip->window;
	*data = zip->packed;
	if (zip->record.method == ZIP_STORED) {
		zip->packed.size = 0;
		return zip->packed_left ? INFLATE_INPUT : INFLATE_DONE;
	}
	if (window->capacity - window->used < ZIP_WINDOW / 4)
		inflate_slide(window);
	data->data = window->data + window->used;
	enum inflate_status status = inflate_step(&zip->inflate, &zip->packed, window);
	data->size = (size_t)(window->data + window->used - data->data);
	return status;
}

static int
content_step(struct zip *zip, struct span *data)
{
	if (zip->packed.size == 0 && zip->packed_left) {
		size_t size = zip->packed_left < ZIP_PIECE ? (size_t)zip->packed_left : ZIP_PIECE;
		zip->packed = span_of(zip->piece, size);
		zip->to = zip->piece;
		(void)want(zip, zip->place, size, CONTENT);
		zip->place += size;
		zip->packed_left -= size;
		return ZIP_READ;
	}
	enum inflate_status status = piece_unpack(zip, data);
	bool is_end = status == INFLATE_DONE;
	uint64_t left = zip->left - data->size;
	bool is_link = zip->record.kind == 'l';
	/* A link is short: one step makes it. */
	if (status == INFLATE_BAD || data->size > zip->left ||
		(is_end ? (left | zip->packed_left | zip->packed.size) != 0
			: is_link || (status == INFLATE_INPUT && !zip->packed_left)))
		return zip_bad(zip, "an entry is damaged");
	zip->left = left;
	if (is_end)
		zip->state = BEHIND;
	if (is_link) {
		zip->item.target = *data;
		return ZIP_ENTRY;
	}
	return data->size ? ZIP_DATA : GO_ON;
}

static int
behind_want(struct zip *zip)
{
	zip->state = NEXT;
	if (zip->place == zip->limit)
		return ZIP_CLOSE;
	zip->to = zip->bytes;
	return want(zip, zip->place, zip->limit - zip->place, DESCRIPTOR);
}

static int
descriptor_read(struct zip *zip)
{
	const uint8_t *field = zip->bytes;
	size_t size = zip->wanted;
	bool is_right = true;
	if (size % 8 == 0) {
		is_right = memcmp(field, "PK\7\10", 4) == 0;
		field += 4;
	}
	uint64_t packed = load_32(field + 4);
	uint64_t whole = load_32(field + 8);
	if (size >= 20) {
		packed = load_64(field + 4);
		whole = load_64(field + 12);
	}
	if (!is_right || load_32(field) != zip->record.sum || packed != zip->record.packed ||
		whole != zip->record.size)
		return zip_bad(zip, DIFFERS);
	zip->place = zip->limit;
	zip->state = NEXT;
	return ZIP_CLOSE;
}

static int
zip_part(struct zip *zip, struct span *data)
{
	switch ((enum state)zip->state) {
	case START:
		return tail_want(zip);
	case TAIL:
		return tail_read(zip);
	case ROOM:
		return want(zip, zip->end.offset, zip->end.size, DIRECTORY);
	case DIRECTORY:
		return directory_read(zip);
	case NEXT:
		return entry_next(zip);
	case LOCAL:
		return local_read(zip);
	case CONTENT:
		return content_step(zip, data);
	case BEHIND:
		return behind_want(zip);
	case DESCRIPTOR:
		return descriptor_read(zip);
	}
	return GO_ON;
}

enum zip_event
zip_step(struct zip *zip, struct span *data)
{
	int event = GO_ON;
	while (event == GO_ON)
		event = zip_part(zip, data);
	return (enum zip_event)event;
}
