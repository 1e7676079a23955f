/* SPDX-License-Identifier: MPL-2.0 */
#include "object.h"

#include "heap.h"

void
objects_init(struct objects *objects, struct output *output, const struct folder *scratch_folder)
{
	*objects =
		(struct objects){.output = output, .scratch_folder = scratch_folder, .scratch = -1};
}

struct object_text
object_text(const uint8_t id[SUM_SHA1])
{
	struct object_text out;
	for (size_t at = 0; at < SUM_SHA1; at++) {
		out.text[2 * at] = "0123456789abcdef"[id[at] >> 4];
		out.text[2 * at + 1] = "0123456789abcdef"[id[at] & 15];
	}
	out.text[2 * SUM_SHA1] = 0;
	return out;
}

/* Ids are SHA-1 sums of contents: whoever wants many to begin alike must search for each. The
 * first 4 bytes choose the slot, and a long walk only costs time that the limits on a fetch end. */
static size_t
slot_of(const struct objects *objects, const uint8_t id[SUM_SHA1])
{
	uint32_t start;
	memcpy(&start, id, sizeof start);
	size_t at = start & (objects->slot_count - 1);
	while (objects->slots[at] && memcmp(objects->slots[at]->id, id, SUM_SHA1) != 0)
		at = (at + 1) & (objects->slot_count - 1);
	return at;
}

static void
slots_grow(struct objects *objects)
{
	struct object **old = objects->slots;
	size_t old_count = objects->slot_count;
	objects->slot_count = old_count ? 2 * old_count : 1024;
	objects->slots = (struct object **)heap_take(objects->slot_count * sizeof *objects->slots);
	memset(objects->slots, 0, objects->slot_count * sizeof *objects->slots);
	for (size_t at = 0; at < old_count; at++)
		if (old[at])
			objects->slots[slot_of(objects, old[at]->id)] = old[at];
	heap_give(old, old_count * sizeof *old);
}

struct object *
object_find(struct objects *objects, const uint8_t id[SUM_SHA1])
{
	if (4 * (objects->count + 1) > 3 * objects->slot_count)
		slots_grow(objects);
	size_t at = slot_of(objects, id);
	if (objects->slots[at])
		return objects->slots[at];
	struct object_chunk *chunk = objects->chunks;
	if (!chunk || chunk->used == OBJECT_CHUNK) {
		chunk = (struct object_chunk *)heap_take(sizeof *chunk);
		memset(chunk, 0, sizeof *chunk);
		chunk->next = objects->chunks;
		objects->chunks = chunk;
	}
	struct object *object = &chunk->objects[chunk->used++];
	memcpy(object->id, id, SUM_SHA1);
	objects->slots[at] = object;
	objects->count++;
	return object;
}

uint8_t *
object_buffer(size_t size)
{
	return (uint8_t *)heap_take(OBJECT_HEAD + size) + OBJECT_HEAD;
}

void
object_buffer_give(uint8_t *data, size_t size)
{
	heap_give(data - OBJECT_HEAD, OBJECT_HEAD + size);
}

size_t
object_head(uint8_t head_out[OBJECT_HEAD], uint64_t size, uint8_t type)
{
	static const char names[4][8] = {"commit ", "tree ", "blob ", "tag "};
	const char *name = names[type - PACK_COMMIT];
	size_t used = strlen(name);
	memcpy(head_out, name, used);
	uint8_t digits[20];
	size_t at = sizeof digits;
	digits[--at] = 0;
	do {
		digits[--at] = (uint8_t)('0' + size % 10);
		size /= 10;
	} while (size && at);
	memcpy(head_out + used, digits + at, sizeof digits - at);
	return used + sizeof digits - at;
}

int32_t
object_hash(uint8_t *data, size_t size, uint8_t type)
{
	uint8_t head[OBJECT_HEAD];
	size_t head_size = object_head(head, size, type);
	memcpy(data - head_size, head, head_size);
	int32_t hash = cab_hash_new(CAB_HASH_SHA1);
	(void)cab_hash_add(hash, data - head_size, head_size + size);
	return hash;
}

static void
lru_add(struct objects *objects, struct object *object)
{
	object->newer = NULL;
	object->older = objects->newest;
	if (objects->newest)
		objects->newest->newer = object;
	else
		objects->oldest = object;
	objects->newest = object;
}

static void
lru_remove(struct objects *objects, struct object *object)
{
	if (object->older)
		object->older->newer = object->newer;
	else
		objects->oldest = object->newer;
	if (object->newer)
		object->newer->older = object->older;
	else
		objects->newest = object->older;
}

static void
scratch_put(struct objects *objects, struct object *object)
{
	if (objects->scratch < 0)
		objects->scratch =
			scratch_open(objects->output, objects->scratch_folder, SPAN("contents"));
	scratch_write(objects->scratch, objects->scratch_size, span_of(object->data, object->size));
	object->place = PLACE_SCRATCH;
	object->offset = objects->scratch_size;
	objects->scratch_size += object->size;
	if (objects->scratch_size > OUTPUT_BYTES)
		fail("more than 8 GiB of files");
}

static void
objects_trim(struct objects *objects)
{
	struct object *object = objects->oldest;
	while (object && objects->held > OBJECT_BUDGET) {
		struct object *newer = object->newer;
		if (object->pins == 0) {
			if (object->place == PLACE_NONE)
				scratch_put(objects, object);
			objects->held -= object->size;
			lru_remove(objects, object);
			object_buffer_give(object->data, object->size);
			object->data = NULL;
		}
		object = newer;
	}
}

void
object_receive(
	struct objects *objects, struct object *object, uint8_t type, uint8_t *data, size_t size)
{
	object->type = type;
	object->size = (uint32_t)size;
	object->data = data;
	object->pins = 1;
	if (type == PACK_TREE)
		return;
	objects->held += size;
	lru_add(objects, object);
}

void
object_receive_file(struct objects *objects, struct object *object, size_t size,
	const struct folder *folder, const char *name)
{
	(void)objects;
	object->type = PACK_BLOB;
	object->size = (uint32_t)size;
	object->place = PLACE_FILE;
	object->folder = folder;
	object->name = name;
}

struct span
object_content(struct objects *objects, struct object *object)
{
	object->pins++;
	if (object->data) {
		if (object->type != PACK_TREE) {
			lru_remove(objects, object);
			lru_add(objects, object);
		}
		return span_of(object->data, object->size);
	}
	object->data = object_buffer(object->size);
	if (object->place == PLACE_SCRATCH)
		scratch_read(objects->scratch, object->offset, object->data, object->size);
	else
		file_read(objects->output, object->folder, span_text(object->name), object->data,
			object->size);
	objects->held += object->size;
	lru_add(objects, object);
	return span_of(object->data, object->size);
}

void
object_unpin(struct objects *objects, struct object *object)
{
	object->pins--;
	if (objects->held > OBJECT_BUDGET)
		objects_trim(objects);
}

void
objects_clean(struct objects *objects)
{
	if (objects->scratch < 0)
		return;
	(void)wasi_fd_close(objects->scratch);
	file_remove(objects->output, objects->scratch_folder, SPAN("contents"));
}
