/* SPDX-License-Identifier: MPL-2.0 */
#include "receive.h"

#include "delta.h"
#include "feature.h"
#include "former.h"
#include "heap.h"

void
receive_init(struct receive *receive, struct objects *objects, struct checkout *checkout)
{
	pack_start(&receive->pack, objects->id_size);
	receive->objects = objects;
	receive->checkout = checkout;
	receive->stream = -1;
	receive->hash = cab_hash_new(
		id_size(objects->id_size) == SUM_SHA1 ? CAB_HASH_SHA1_PLAIN : CAB_HASH_SHA256);
}

static bool
is_delta(const struct pack *pack)
{
	return pack->type == PACK_OFFSET_DELTA || pack->type == PACK_ID_DELTA;
}

static struct receive_entry *
entry_now(struct receive *receive)
{
	return &receive->entries[receive->pack.number - 1];
}

/* The oldest content becomes an object; the first of an id counts. */
static void
late_settle(struct receive *receive)
{
	struct receive_late *late = &receive->late[receive->late_first];
	uint8_t id[SUM_ID];
	hash_end(late->hash, id);
	struct object *object = object_find(receive->objects, id);
	receive->entries[late->entry].object = object;
	receive->late_first = (receive->late_first + 1) % RECEIVE_LATE;
	receive->late_count--;
	receive->late_bytes -= late->size;
	if (object->type) {
		object_buffer_give(late->data, late->size);
		return;
	}
	object_receive(receive->objects, object, late->type, late->data, late->size);
	checkout_arrived(receive->checkout, object);
	object_unpin(receive->objects, object);
}

static void
late_settle_all(struct receive *receive)
{
	while (receive->late_count)
		late_settle(receive);
}

static void
receive_content(struct receive *receive, uint8_t type, uint8_t *data, size_t size)
{
	size_t at = (receive->late_first + receive->late_count++) % RECEIVE_LATE;
	receive->late[at] = (struct receive_late){receive->pack.number - 1, data, size,
		object_hash(receive->objects, data, size, type), type};
	receive->late_bytes += size;
	/* A commit is waited for: what stops the fetch may depend on it. */
	if (type == PACK_COMMIT || type == PACK_TAG)
		late_settle_all(receive);
	while (receive->late_count == RECEIVE_LATE || receive->late_bytes > RECEIVE_LATE_BYTES)
		late_settle(receive);
}

/* Takes the delta's bytes over. */
static void
receive_delta(struct receive *receive, struct object *base, uint8_t *bytes, size_t delta_size)
{
	uint64_t size;
	struct span delta = span_of(bytes, delta_size);
	struct span content = object_content(receive->objects, base);
	if (!delta_head(&delta, content.size, &size))
		fail_in("pack", "a delta does not fit its base");
	receive->total += size;
	if (size > RECEIVE_DELTA || receive->total > RECEIVE_TOTAL)
		fail_number("an object is too large", size);
	uint8_t *data = object_buffer((size_t)size);
	if (!delta_apply(delta, content, data, (size_t)size))
		fail_in("pack", "a delta does not fit its base");
	object_unpin(receive->objects, base);
	heap_give(bytes, delta_size);
	receive_content(receive, base->type, data, (size_t)size);
}

/* The object that a delta builds on; none of this id or offset may be there. */
static struct object *
base_find(struct receive *receive)
{
	struct object *base = NULL;
	if (receive->pack.type == PACK_ID_DELTA) {
		late_settle_all(receive);
		base = object_find(receive->objects, receive->pack.base_id);
		if (!base->type)
			(void)former_load(receive->objects, base);
	}
	size_t low = 0;
	size_t high = receive->pack.number - 1;
	while (!base && low < high) {
		size_t middle = (low + high) / 2;
		struct receive_entry *entry = &receive->entries[middle];
		if (entry->offset == receive->pack.base_offset) {
			while (!entry->object && receive->late_count)
				late_settle(receive);
			base = entry->object;
			break;
		}
		if (entry->offset < receive->pack.base_offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!base || !base->type || base->size > RECEIVE_DELTA)
		fail_in("pack", "a delta has no base before it, or too large a one");
	return base;
}

static void
stream_begin(struct receive *receive)
{
	struct pack *pack = &receive->pack;
	if (!receive->window)
		receive->window = (uint8_t *)heap_take(RECEIVE_WINDOW);
	pack->window = (struct inflate_window){receive->window, 0, RECEIVE_WINDOW};
	receive->flushed = 0;
	/* The name stays with the object. */
	receive->stream_name = (struct text){0};
	text_number(&receive->stream_name, ++receive->objects->streams);
	receive->stream = file_create(receive->objects->output, receive->objects->scratch_folder,
		text_span(&receive->stream_name));
	uint8_t head[OBJECT_HEAD];
	size_t size = object_head(head, pack->size, PACK_BLOB);
	receive->stream_hash = cab_hash_new(objects_algorithm(receive->objects));
	(void)cab_hash_add(receive->stream_hash, head, size);
}

static void
stream_flush(struct receive *receive)
{
	struct inflate_window *window = &receive->pack.window;
	struct span fresh =
		span_of(window->data + receive->flushed, window->used - receive->flushed);
	(void)cab_hash_add(receive->stream_hash, fresh.data, fresh.size);
	file_write(receive->objects->output, receive->stream, fresh);
	inflate_slide(window);
	receive->flushed = window->used;
}

static void
stream_end(struct receive *receive)
{
	stream_flush(receive);
	uint8_t id[SUM_ID];
	uint8_t digest[SUM_BLAKE3];
	hash_end(receive->stream_hash, id);
	file_finish(receive->stream, false, digest);
	receive->stream = -1;
	struct object *object = object_find(receive->objects, id);
	entry_now(receive)->object = object;
	if (object->type)
		return;
	memcpy(object->digest, digest, SUM_BLAKE3);
	object->type = PACK_BLOB;
	object->size = (uint32_t)receive->pack.size;
	object_set_file(
		object, receive->objects->scratch_folder, (const char *)receive->stream_name.data);
	checkout_arrived(receive->checkout, object);
}

static uint32_t
size_limit(const struct pack *pack)
{
	if (pack->type == PACK_COMMIT || pack->type == PACK_TAG)
		return RECEIVE_COMMIT;
	if (pack->type == PACK_TREE)
		return RECEIVE_TREE;
	return is_delta(pack) ? RECEIVE_DELTA : PACK_OBJECT_MAX;
}

static void
object_begin(struct receive *receive)
{
	struct pack *pack = &receive->pack;
	receive->entries = (struct receive_entry *)array_room(receive->entries,
		&receive->entry_capacity, pack->number - 1, sizeof *receive->entries);
	*entry_now(receive) = (struct receive_entry){.offset = pack->offset};
	receive->total += pack->size;
	if (pack->size > size_limit(pack) || receive->total > RECEIVE_TOTAL)
		fail_number("an object is too large", pack->size);
	if (pack->type == PACK_BLOB && pack->size > RECEIVE_STREAM) {
		stream_begin(receive);
		return;
	}
	size_t size = (size_t)pack->size;
	uint8_t *data = is_delta(pack) ? (uint8_t *)heap_take(size) : object_buffer(size);
	pack->window = (struct inflate_window){data, 0, size};
}

static void
object_end(struct receive *receive)
{
	struct pack *pack = &receive->pack;
	struct inflate_window *made = &pack->window;
	if (receive->stream >= 0)
		stream_end(receive);
	else if (is_delta(pack))
		receive_delta(receive, base_find(receive), made->data, made->used);
	else
		receive_content(receive, pack->type, made->data, made->used);
}

static void
trailer_check(struct receive *receive)
{
	uint8_t sum[SUM_ID];
	late_settle_all(receive);
	hash_end(receive->hash, sum);
	if (memcmp(sum, receive->pack.field, id_size(receive->objects->id_size)) != 0)
		fail_in("pack", "its sum differs");
	receive->is_done = true;
}

void
receive_add(struct receive *receive, struct span bytes)
{
	const uint8_t *start = bytes.data;
	for (;;) {
		enum pack_event event = pack_step(&receive->pack, &bytes);
		switch (event) {
		case PACK_INPUT:
			if (!receive->is_trailer)
				(void)cab_hash_add(
					receive->hash, start, (size_t)(bytes.data - start));
			return;
		case PACK_OBJECT:
			object_begin(receive);
			break;
		case PACK_FULL:
			stream_flush(receive);
			break;
		case PACK_END:
			object_end(receive);
			break;
		case PACK_TRAILER:
			(void)cab_hash_add(receive->hash, start, (size_t)(bytes.data - start));
			receive->is_trailer = true;
			break;
		case PACK_DONE:
			trailer_check(receive);
			break;
		case PACK_BAD:
			fail_in("pack", receive->pack.sentence);
		}
		if (event == PACK_DONE && bytes.size == 0)
			return;
	}
}

void
receive_finish(struct receive *receive)
{
	if (!receive->is_done)
		fail_in("pack", "cut off");
}
