/* SPDX-License-Identifier: MPL-2.0 */
#include "object.h"

#include "feature.h"
#include "heap.h"

void
objects_init(struct objects *objects, struct output *output, const struct folder *scratch_folder,
	size_t id_size)
{
	objects->output = output;
	objects->scratch_folder = scratch_folder;
	objects->scratch = -1;
	objects->id_size = id_size;
	objects->ends.older = &objects->ends;
	objects->ends.newer = &objects->ends;
}

int32_t
objects_algorithm(const struct objects *objects)
{
	return id_size(objects->id_size) == SUM_SHA1 ? CAB_HASH_SHA1 : CAB_HASH_SHA256;
}

void
object_fail(const struct object *object, const char *sentence)
{
	struct text *hex = text_new("");
	text_hex(hex, span_of(object->id, id_size(object->id_size)));
	fail_in((const char *)hex->data, sentence);
}

struct object *
object_find(struct objects *objects, const uint8_t *id)
{
	uint8_t key[SUM_ID] = {0};
	memcpy(key, id, id_size(objects->id_size));
	struct object **slot = (struct object **)table_slot(&objects->table, key);
	if (*slot)
		return *slot;
	struct object *object = (struct object *)heap_zero(sizeof *object);
	memcpy(object->id, key, SUM_ID);
	object->id_size = (uint8_t)objects->id_size;
	objects->table.count++;
	return *slot = object;
}

ONCE struct tree
object_tree(const struct object *object)
{
	return tree_start(span_of(object->data, object->size), object->id_size);
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
	uint8_t digits[DIGITS];
	size_t at = number_digits(digits, size);
	memcpy(head_out, name, used);
	memcpy(head_out + used, digits + at, DIGITS - at);
	used += DIGITS - at;
	head_out[used] = 0;
	return used + 1;
}

int32_t
object_hash(const struct objects *objects, uint8_t *data, size_t size, uint8_t type)
{
	uint8_t head[OBJECT_HEAD];
	size_t head_size = object_head(head, size, type);
	memcpy(data - head_size, head, head_size);
	int32_t hash = cab_hash_new(objects_algorithm(objects));
	(void)cab_hash_add(hash, data - head_size, head_size + size);
	return hash;
}

static ONCE void
lru_add(struct objects *objects, struct object *object)
{
	object->newer = &objects->ends;
	object->older = objects->ends.older;
	object->older->newer = object;
	objects->ends.older = object;
}

static void
lru_remove(struct object *object)
{
	object->older->newer = object->newer;
	object->newer->older = object->older;
}

static void
scratch_put(struct objects *objects, struct object *object)
{
	if (objects->scratch < 0)
		objects->scratch =
			file_create(objects->output, objects->scratch_folder, SPAN("contents"));
	file_write(objects->output, objects->scratch, span_of(object->data, object->size));
	objects->output->bytes -= object->size; /* no part of the output yet */
	object->place = PLACE_SCRATCH;
	object->offset = objects->scratch_size;
	objects->scratch_size += object->size;
}

static void
objects_trim(struct objects *objects)
{
	struct object *object = objects->ends.newer;
	while (object != &objects->ends && objects->held > OBJECT_BUDGET) {
		struct object *newer = object->newer;
		if (object->pins == 0) {
			if (object->place == PLACE_NONE)
				scratch_put(objects, object);
			objects->held -= object->size;
			lru_remove(object);
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
object_set_file(struct object *object, const struct folder *folder, const char *name)
{
	object->place = PLACE_FILE;
	object->folder = folder;
	object->name = name;
}

void
object_pin(struct objects *objects, struct object *object)
{
	object->pins++;
	if (object->data && object->type == PACK_TREE)
		return;
	if (object->data) {
		lru_remove(object);
	} else {
		bool is_file = object->place == PLACE_FILE;
		int32_t fd = objects->scratch;
		if (is_file)
			fd = file_open(objects->output, object->folder, span_text(object->name));
		object->data = object_buffer(object->size);
		file_read_at(objects->output, fd, is_file ? 0 : object->offset, object->data,
			object->size);
		if (is_file)
			(void)wasi_fd_close(fd);
		objects->held += object->size;
	}
	lru_add(objects, object);
}

void
object_unpin(struct objects *objects, struct object *object)
{
	object->pins--;
	if (objects->held > OBJECT_BUDGET)
		objects_trim(objects);
}
