/* SPDX-License-Identifier: MPL-2.0 */
#include "zip.h"

enum { LOCAL_SIZE = 30, LOCAL_MAX = LOCAL_SIZE + 2 * 65535 };
_Static_assert(
	(size_t)LOCAL_MAX <= ZIP_WINDOW && (size_t)ZIP_TAIL <= ZIP_WINDOW, "both are read there");

#define OVERLAP "entries overlap, or there is something between them"
#define DIFFERS "an entry differs from the directory"

static bool
zip_bad(struct zip *zip, const char *sentence)
{
	zip->sentence = sentence;
	return false;
}

static void
bytes_read(const struct zip *zip, uint64_t offset, uint8_t *to, uint64_t size)
{
	zip->read(zip->file, offset, to, (size_t)size);
}

COLD bool
zip_start(struct zip *zip, uint64_t file_size)
{
	uint64_t size = file_size < ZIP_TAIL ? file_size : ZIP_TAIL;
	zip->place = 0;
	bytes_read(zip, file_size - size, zip->bytes, size);
	zip->sentence = zip_end_read(span_of(zip->bytes, (size_t)size), file_size, &zip->end);
	return !zip->sentence;
}

/* Takes the next record of the directory, if there is one, and says where the one before must end. */
static bool
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
	return true;
}

bool
zip_give(struct zip *zip, void *room)
{
	zip->directory = span_of(room, (size_t)zip->end.size);
	bytes_read(zip, zip->end.offset, (uint8_t *)room, zip->end.size);
	return record_next(zip);
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
	/* The size, then what of it is packed, as the record has them. */
	uint64_t numbers[] = {load_32(head + 22), load_32(head + 18)};
	/* A streamed zip64 entry may have the field with zeros, though no number asks for it. */
	bool is_plain = numbers[0] != 0xffffffff && numbers[1] != 0xffffffff;
	return memcmp(head, "PK\3\4", 4) == 0 && load_16(head + 6) == record->flags &&
	       load_16(head + 8) == record->method && span_equal(name, record->name) &&
	       (zip_extra_read(extra, name, numbers, is_plain ? 0 : 2) || is_plain) &&
	       is_agreed(zip, load_32(head + 14), record->sum) &&
	       is_agreed(zip, numbers[1], record->packed) &&
	       is_agreed(zip, numbers[0], record->size);
}

/* The local header, the first of so many bytes that were read. */
static bool
local_read(struct zip *zip, size_t wanted)
{
	const uint8_t *head = zip->bytes;
	const struct zip_record *record = &zip->record;
	struct span name = span_of(head + LOCAL_SIZE, load_16(head + 26));
	struct span extra = span_of(name.data + name.size, load_16(head + 28));
	size_t size = LOCAL_SIZE + name.size + extra.size;
	if (wanted < LOCAL_SIZE || wanted < size)
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
	return true;
}

bool
zip_next(struct zip *zip)
{
	struct zip_record *record = &zip->record;
	if (zip->limit != zip->place)
		return zip_bad(zip, OVERLAP);
	if (zip->end.count == 0)
		return false;
	zip->end.count--;
	*record = zip->next;
	if (!record_next(zip))
		return false;
	if (zip->limit <= zip->place)
		return zip_bad(zip, OVERLAP);
	uint64_t size = zip->limit - zip->place;
	if (size > LOCAL_MAX)
		size = LOCAL_MAX;
	bytes_read(zip, zip->place, zip->bytes, size);
	if (!local_read(zip, (size_t)size))
		return false;
	zip->item =
		(struct item){(enum item_kind)record->kind, record->name, SPAN(""), record->size};
	zip->item.path.size -= record->kind == 'd';
	zip->packed_left = record->packed;
	zip->packed.size = 0;
	zip->left = record->size;
	zip->is_ended = false;
	zip->window = (struct inflate_window){zip->bytes, 0, ZIP_WINDOW};
	inflate_start(&zip->inflate);
	/* A link is short: one piece has it. */
	if (record->kind == 'l')
		(void)zip_piece(zip, &zip->item.target);
	return !zip->sentence;
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

/* What is behind the entry's bytes; false, as it has no more of them. */
static bool
entry_end(struct zip *zip)
{
	const uint8_t *field = zip->bytes;
	uint64_t size = zip->limit - zip->place;
	if (size == 0)
		return false;
	bytes_read(zip, zip->place, zip->bytes, size);
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
	return false;
}

bool
zip_piece(struct zip *zip, struct span *data)
{
	data->size = 0;
	while (!data->size) {
		if (zip->is_ended)
			return entry_end(zip);
		if (zip->packed.size == 0 && zip->packed_left) {
			size_t size =
				zip->packed_left < ZIP_PIECE ? (size_t)zip->packed_left : ZIP_PIECE;
			zip->packed = span_of(zip->piece, size);
			bytes_read(zip, zip->place, zip->piece, size);
			zip->place += size;
			zip->packed_left -= size;
		}
		enum inflate_status status = piece_unpack(zip, data);
		uint64_t left = zip->left - data->size;
		zip->is_ended = status == INFLATE_DONE;
		if (status == INFLATE_BAD || data->size > zip->left ||
			(zip->is_ended ? (left | zip->packed_left | zip->packed.size) != 0
				       : status == INFLATE_INPUT && !zip->packed_left)) {
			data->size = 0;
			return zip_bad(zip, "an entry is damaged");
		}
		zip->left = left;
	}
	return true;
}
