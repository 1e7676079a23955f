/* SPDX-License-Identifier: MPL-2.0 */
#include "receive.h"

#include "delta.h"
#include "heap.h"

void
receive_init(struct receive *receive, struct objects *objects, struct checkout *checkout)
{
	memset(receive, 0, sizeof *receive);
	pack_start(&receive->pack);
	receive->objects = objects;
	receive->checkout = checkout;
	receive->stream = -1;
	receive->hash = cab_hash_new(CAB_HASH_SHA1);
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

static void
pending_queue(struct receive *receive, struct pending *list, struct object *base)
{
	while (list) {
		struct pending *next = list->next;
		list->base = base;
		list->next = receive->queue;
		receive->queue = list;
		list = next;
	}
}

/* An object with its id: the first of that id counts, what waits for it goes on. */
static struct object *
receive_object(struct receive *receive, uint8_t type, uint8_t *data, size_t size)
{
	uint8_t id[SUM_SHA1];
	object_id(data, size, type, id);
	struct object *object = object_find(receive->objects, id);
	if (object->type) {
		object_buffer_give(data, size);
		return object;
	}
	object_receive(receive->objects, object, type, data, size);
	checkout_arrived(receive->checkout, object);
	object_unpin(receive->objects, object);
	struct pending *list = object->pending;
	object->pending = NULL;
	pending_queue(receive, list, object);
	return object;
}

static struct object *
receive_delta(struct receive *receive, struct object *base, struct span delta)
{
	uint64_t size;
	if (base->size > RECEIVE_DELTA)
		fail("pack: a delta on an object of more than %u MiB",
			(uint64_t)(RECEIVE_DELTA >> 20));
	if (!delta_head(delta, base->size, &size))
		fail("pack: a delta does not fit its base");
	receive->total += size;
	if (size > RECEIVE_DELTA || receive->total > RECEIVE_TOTAL)
		fail("pack: a delta makes more bytes than a source may have");
	uint8_t *data = object_buffer((size_t)size);
	struct span content = object_content(receive->objects, base);
	if (!delta_apply(delta, content, data, (size_t)size))
		fail("pack: a delta does not fit its base");
	uint8_t type = base->type;
	object_unpin(receive->objects, base);
	return receive_object(receive, type, data, (size_t)size);
}

static void
queue_run(struct receive *receive)
{
	while (receive->queue) {
		struct pending *pending = receive->queue;
		receive->queue = pending->next;
		struct object *object = receive_delta(
			receive, pending->base, span_of(pending->delta, pending->size));
		receive->entries[pending->number - 1].object = object;
		receive->entries[pending->number - 1].pending = NULL;
		pending_queue(receive, pending->children, object);
		heap_give(pending->delta, pending->size);
		receive->pending_size -= pending->size;
		receive->pending_count--;
		heap_give(pending, sizeof *pending);
	}
}

static struct receive_entry *
entry_at(struct receive *receive, uint32_t offset)
{
	size_t low = 0;
	size_t high = receive->pack.number - 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (receive->entries[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == receive->pack.number - 1 || receive->entries[low].offset != offset)
		fail("pack: a delta's base is no object");
	return &receive->entries[low];
}

/* Takes the delta's bytes over. */
static void
delta_arrived(struct receive *receive, uint8_t *delta, size_t size)
{
	struct object *base = NULL;
	struct pending **link;
	if (receive->pack.type == PACK_OFFSET_DELTA) {
		struct receive_entry *entry = entry_at(receive, receive->pack.base_offset);
		base = entry->object;
		link = base ? NULL : &entry->pending->children;
	} else {
		base = object_find(receive->objects, receive->pack.base_id);
		link = &base->pending;
	}
	if (base && base->type) {
		entry_now(receive)->object = receive_delta(receive, base, span_of(delta, size));
		heap_give(delta, size);
		return;
	}
	receive->pending_size += size;
	receive->pending_count++;
	if (receive->pending_size > RECEIVE_PENDING)
		fail("pack: more than %u MiB of deltas come before their bases",
			(uint64_t)(RECEIVE_PENDING >> 20));
	struct pending *pending = (struct pending *)heap_take(sizeof *pending);
	*pending = (struct pending){
		.next = *link, .delta = delta, .size = size, .number = receive->pack.number};
	*link = pending;
	entry_now(receive)->pending = pending;
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
	text_format(&receive->stream_name, "blob-%u", (uint64_t)++receive->stream_number);
	receive->stream = file_create(receive->objects->output, receive->objects->scratch_folder,
		text_span(&receive->stream_name));
	uint8_t head[OBJECT_HEAD];
	size_t size = object_head(head, pack->size, PACK_BLOB);
	receive->stream_hash = cab_hash_new(CAB_HASH_SHA1);
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
	uint8_t id[SUM_SHA1];
	uint8_t digest[SUM_BLAKE3];
	if (cab_hash_finish(receive->stream_hash, id) != SUM_SHA1)
		fail("an object was made to collide with another one (SHA-1)");
	file_finish(receive->stream, false, digest);
	receive->stream = -1;
	struct object *object = object_find(receive->objects, id);
	entry_now(receive)->object = object;
	if (object->type) {
		file_remove(receive->objects->output, receive->objects->scratch_folder,
			text_span(&receive->stream_name));
		return;
	}
	memcpy(object->digest, digest, SUM_BLAKE3);
	object->has_digest = true;
	object_receive_file(receive->objects, object, (size_t)receive->pack.size,
		receive->objects->scratch_folder, (const char *)receive->stream_name.data);
	checkout_arrived(receive->checkout, object);
	struct pending *list = object->pending;
	object->pending = NULL;
	pending_queue(receive, list, object);
}

static uint64_t
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
	if (pack->number > receive->entry_capacity) {
		size_t capacity = receive->entry_capacity ? 2 * receive->entry_capacity : 512;
		receive->entries = (struct receive_entry *)heap_grow(receive->entries,
			receive->entry_capacity * sizeof *receive->entries,
			capacity * sizeof *receive->entries);
		receive->entry_capacity = capacity;
	}
	*entry_now(receive) = (struct receive_entry){.offset = pack->offset};
	receive->total += pack->size;
	if (pack->size > size_limit(pack) || receive->total > RECEIVE_TOTAL)
		fail("pack: an object of %u bytes, more than such a one may have", pack->size);
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
	if (receive->stream >= 0)
		stream_end(receive);
	else if (is_delta(pack))
		delta_arrived(receive, pack->window.data, pack->window.used);
	else
		entry_now(receive)->object =
			receive_object(receive, pack->type, pack->window.data, pack->window.used);
	queue_run(receive);
}

static void
trailer_check(struct receive *receive)
{
	uint8_t sum[SUM_SHA1];
	if (cab_hash_finish(receive->hash, sum) != SUM_SHA1 ||
		memcmp(sum, receive->pack.trailer, SUM_SHA1) != 0)
		fail("pack: its sum differs: it was damaged on the way");
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
			fail("%s", receive->pack.sentence);
		}
		if (event == PACK_DONE && bytes.size == 0)
			return;
	}
}

void
receive_finish(struct receive *receive)
{
	if (!receive->is_done)
		fail("pack: cut off after %u of %u objects", (uint64_t)receive->pack.number,
			(uint64_t)receive->pack.count);
	if (receive->pending_count)
		fail("pack: %u deltas build on objects that did not come",
			(uint64_t)receive->pending_count);
}

void
receive_clean(struct receive *receive)
{
	for (uint64_t number = 1; number <= receive->stream_number; number++) {
		struct text name = {0};
		text_format(&name, "blob-%u", number);
		file_remove(receive->objects->output, receive->objects->scratch_folder,
			text_span(&name));
		text_release(&name);
	}
}
