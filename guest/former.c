/* SPDX-License-Identifier: MPL-2.0 */
#include "former.h"

#include "feature.h"
#include "heap.h"

/* The first line of a file of records. */
#define RECORDS "cab git 1\n"
#define DAMAGED "the former object is damaged"

enum { READ_STEP = 64 << 10, READ_MAX = 256 << 20 };

/* One place where an object lay in the former tree. Those of one object are a ring: each is used once before any is used again. */
struct former_entry {
	struct former_entry *next;
	const struct folder *folder;
	struct span name;  /* ends in NUL: it lies in a tree */
	struct span value; /* a digest, or a link's target */
	enum tree_kind kind;
};

/* A file that is written as its parts come. */
struct sink {
	const char *name;
	int32_t fd; /* 0 until it is made */
	struct text text;
};

struct former {
	struct folder folder; /* the former object: a path of several names */
	struct span revision;
	bool has_submodules;
	struct table trees; /* of records: id, with zeros behind a shorter one, u32 size, content */
	struct table nodes; /* of records: digest, u32 size, node */
	struct sink reuse;
	struct text
		line; /* of it; a path of the output is good until the next, and a sink's file has one too */
};

static void
sink_flush(struct objects *objects, struct sink *sink)
{
	struct output *output = objects->output;
	if (sink->fd == 0)
		sink->fd = file_create(output, NULL, span_text(sink->name));
	file_write(output, sink->fd, text_span(&sink->text));
	output->bytes -= sink->text.size; /* no part of the output */
	text_clear(&sink->text);
}

static void
sink_add(struct objects *objects, struct sink *sink, struct span bytes)
{
	if (sink->text.size + bytes.size > READ_STEP)
		sink_flush(objects, sink);
	while (bytes.size) {
		struct span some = span_of(bytes.data, size_min(bytes.size, READ_STEP));
		text_add(&sink->text, some);
		bytes = span_after(bytes, some.size);
		if (bytes.size)
			sink_flush(objects, sink);
	}
}

/* The descriptor of what the realizer gave; less than 0 where it gave no such thing. */
static int32_t
given_open(struct output *output, const struct folder *folder, struct span name)
{
	struct span path = output_path(output, folder, name);
	if (wasi_path_open(WASI_WORKSPACE, 0, path.data, path.size, 0,
		    WASI_RIGHT_READ | WASI_RIGHT_SEEK, 0, 0, &output->opened) != 0)
		return -1;
	return output->opened;
}

/* How many bytes were read; 0 at the end. */
static size_t
given_read(struct output *output, int32_t fd, uint64_t offset, uint8_t *data, size_t size)
{
	output->vector = (struct wasi_iovec){data, size};
	if (wasi_fd_pread(fd, &output->vector, 1, offset, &output->some) != 0 ||
		offset > OUTPUT_BYTES)
		fail("the former object cannot be read");
	return output->some;
}

/* The whole of a file, or an empty span where it cannot be read; in a block of `capacity_out` bytes. */
static struct span
file_whole(struct objects *objects, const struct folder *folder, struct span name,
	size_t *capacity_out)
{
	struct output *output = objects->output;
	size_t capacity = READ_STEP;
	size_t size = 0;
	size_t some;
	int32_t fd = given_open(output, folder, name);
	*capacity_out = 0;
	if (fd < 0)
		return span_of(NULL, 0);
	uint8_t *data = (uint8_t *)heap_take(capacity);
	do {
		if (size == capacity) {
			data = (uint8_t *)heap_grow(data, capacity, 2 * capacity);
			capacity *= 2;
		}
		some = given_read(output, fd, size, data + size, capacity - size);
		size += some;
	} while (some && size <= READ_MAX);
	(void)wasi_fd_close(fd);
	*capacity_out = capacity;
	return span_of(data, size);
}

/* The bytes of a record, found by its key. */
static struct span
record_of(struct table *table, const uint8_t key[TABLE_KEY])
{
	const uint8_t *record = (const uint8_t *)*table_slot(table, key);
	if (!record)
		return span_of(NULL, 0);
	return span_of(record + TABLE_KEY + 4, load_32(record + TABLE_KEY));
}

/* All records of a file behind its first line, and the key of the first; NULL where it is no such file. */
static const uint8_t *
records_read(struct objects *objects, const char *name, const char *line, struct table *table)
{
	size_t capacity;
	struct span file = file_whole(objects, NULL, span_text(name), &capacity);
	if (!span_has_prefix(file, line))
		return NULL;
	file = span_after(file, strlen(line));
	const uint8_t *first = file.data;
	while (file.size) {
		if (file.size < TABLE_KEY + 4 ||
			file.size - TABLE_KEY - 4 < load_32(file.data + TABLE_KEY))
			return NULL;
		void **slot = table_slot(table, file.data);
		if (!*slot) {
			*slot = (void *)(uintptr_t)file.data;
			table->count++;
		}
		file = span_after(file, TABLE_KEY + 4 + load_32(file.data + TABLE_KEY));
	}
	return table->count ? first : NULL;
}

static bool
is_content(const struct objects *objects, const struct object *object, struct span content,
	uint8_t type)
{
	uint8_t head[OBJECT_HEAD];
	uint8_t sum[SUM_ID];
	if (!content.data)
		return false;
	int32_t hash = cab_hash_new(objects_algorithm(objects));
	(void)cab_hash_add(hash, head, object_head(head, content.size, type));
	(void)cab_hash_add(hash, content.data, content.size);
	hash_end(hash, sum);
	return memcmp(sum, object->id, objects->id_size) == 0;
}

/* An entry off the front of a node's rest. */
static bool
node_next(struct span *rest, struct former_entry *entry)
{
	if (rest->size < 3)
		return false;
	entry->kind = (enum tree_kind)rest->data[0];
	size_t size = rest->data[1] | (size_t)rest->data[2] << 8;
	entry->name = span_of(rest->data + 3, size);
	*rest = span_from(*rest, 3 + size);
	size_t value = SUM_BLAKE3;
	if (entry->kind == TREE_LINK) {
		if (rest->size < 2)
			return false;
		value = rest->data[0] | (size_t)rest->data[1] << 8;
		*rest = span_after(*rest, 2);
	}
	if (rest->size < value)
		return false;
	entry->value = span_of(rest->data, value);
	*rest = span_after(*rest, value);
	return true;
}

/* From where the last one was found on, and once around: git's order is nearly that of a node. */
static bool
node_find(struct span node, struct span *rest, struct span name, struct former_entry *entry)
{
	for (unsigned around = 0; around < 2; around++) {
		while (node_next(rest, entry))
			if (span_equal(entry->name, name))
				return true;
		*rest = node;
	}
	return false;
}

static void
entry_add(struct object *object, const struct former_entry *part)
{
	struct former_entry *entry = (struct former_entry *)heap_take(sizeof *entry);
	*entry = *part;
	entry->next = entry;
	if (object->former) {
		entry->next = object->former->next;
		object->former->next = entry;
	}
	object->former = entry;
}

/* The content of a commit that came or that the memo has, or nothing. */
static struct span
commit_content(struct objects *objects, struct object *commit)
{
	if (commit->type == PACK_COMMIT)
		return object_content(objects, commit);
	struct span content = span_of(NULL, 0);
	if (objects->former)
		content = record_of(&objects->former->trees, commit->id);
	return is_content(objects, commit, content, PACK_COMMIT) ? content : span_of(NULL, 0);
}

/* NULL where that is no commit's. */
static struct object *
commit_tree(struct objects *objects, struct span content)
{
	uint8_t id[SUM_ID];
	size_t digits = 2 * objects->id_size;
	if (content.size < 5 + digits || !span_has_prefix(content, "tree ") ||
		!hex_read(span_of(content.data + 5, digits), id, objects->id_size))
		return NULL;
	return object_find(objects, id);
}

/* A tree of git beside the node of the same folder. */
static bool
tree_index(struct objects *objects, const struct object *object, const uint8_t *digest,
	const struct folder *folder)
{
	struct former *former = objects->former;
	struct span content = record_of(&former->trees, object->id);
	struct span node = record_of(&former->nodes, digest);
	if (!is_content(objects, object, content, PACK_TREE) ||
		!span_has_prefix(node, "cab tree 1\n") || folder->depth > OUTPUT_DEPTH)
		return false;
	node = span_after(node, strlen("cab tree 1\n"));
	struct span rest = node;
	struct tree tree = tree_start(content, objects->id_size);
	while (tree_next(&tree)) {
		struct former_entry part;
		enum tree_kind kind = tree.kind == TREE_SUBMODULE ? TREE_FOLDER : tree.kind;
		if (!node_find(node, &rest, tree.name, &part) || part.kind != kind)
			return false;
		if (tree.kind == TREE_SUBMODULE && !former->has_submodules)
			continue;
		struct object *child = object_find(objects, tree.id);
		part.folder = folder;
		part.name = tree.name;
		part.kind = tree.kind;
		entry_add(child, &part);
		if (tree.kind == TREE_SUBMODULE)
			child = commit_tree(objects, commit_content(objects, child));
		else if (kind != TREE_FOLDER)
			continue;
		if (!child ||
			!tree_index(objects, child, part.value.data, folder_new(folder, tree.name)))
			return false;
	}
	return !tree.sentence;
}

/* From the tree down that the hint says the former object is. */
static bool
hint_read(struct span hint, struct span options, struct objects *objects)
{
	struct former *former = objects->former;
	struct span tree = span_of(NULL, 0);
	uint8_t id[SUM_ID];
	/* A subpath is in no git-tree, and has none of these itself: it is percent-encoded. */
	if (options.size)
		options = span_from(options, span_find(options, '+'));
	while (hint.size) {
		struct span value = span_word(&hint, '\n');
		struct span format = span_word(&value, ' ');
		struct span rest = span_from(value, 2 * objects->id_size);
		value.size -= rest.size;
		if (span_is(format, "git"))
			former->revision = value;
		else if (span_is(format, "git-tree") && span_equal(rest, options))
			tree = value;
	}
	const uint8_t *root =
		records_read(objects, "former.nodes", "cab nodes 1\n", &former->nodes);
	return root && records_read(objects, "former.memo", RECORDS, &former->trees) &&
	       hex_read(former->revision, id, objects->id_size) &&
	       hex_read(tree, id, objects->id_size) &&
	       tree_index(objects, object_find(objects, id), root, &former->folder);
}

void
former_open(const struct request *request, struct objects *objects)
{
	if (!feature_whole)
		return;
	struct span hint = span_text(environment_find("CAB_HINT"));
	if (!hint.size)
		return;
	objects->former = (struct former *)heap_zero(sizeof *objects->former);
	objects->former->reuse.name = "reuse";
	objects->former->folder.name = span_from(span_text(environment_find("CAB_FORMER")), 1);
	objects->former->has_submodules = request->submodules.size;
	if (hint_read(hint, text_span(&request->options), objects))
		return;
	objects->former = NULL;
	log_about("the hint does not add up, and is not used", hint);
}

struct span
former_revision(const struct objects *objects)
{
	return feature_whole && objects->former ? objects->former->revision : span_of(NULL, 0);
}

bool
former_submodule(struct objects *objects, const struct folder *folder, struct text *hex_out)
{
	if (!objects->former)
		return false;
	struct text *place = &objects->former->line;
	text_clear(place);
	text_add(place, span_from(output_path(objects->output, folder->parent, folder->name),
				sizeof "out"));
	for (size_t at = 0; at < objects->table.slot_count; at++) {
		const struct object *object = (const struct object *)objects->table.slots[at];
		const struct former_entry *entry = object ? object->former : NULL;
		if (!entry || entry->kind != TREE_SUBMODULE)
			continue;
		do {
			struct span path = output_path(objects->output, entry->folder, entry->name);
			path = span_from(path, objects->former->folder.name.size + 1);
			if (span_equal(path, text_span(place))) {
				text_hex(hex_out, span_of(object->id, objects->id_size));
				return true;
			}
			entry = entry->next;
		} while (entry != object->former);
	}
	return false;
}

/* The place of this kind that was used the longest ago; the ring turns there. */
static struct former_entry *
entry_use(struct objects *objects, struct object *object, enum tree_kind kind)
{
	struct former_entry *last = object->former;
	if (!feature_whole || !objects->former || !last)
		return NULL;
	struct former_entry *entry = last;
	do {
		entry = entry->next;
		if (entry->kind == kind)
			return object->former = entry;
	} while (entry != last);
	return NULL;
}

/* A file of the former object, written with another mode. */
static void
entry_copy(struct objects *objects, const struct object *object, const struct former_entry *entry,
	const struct folder *folder, struct span name, enum tree_kind kind)
{
	struct output *output = objects->output;
	uint8_t digest[SUM_BLAKE3];
	uint8_t *piece = (uint8_t *)heap_take(READ_STEP);
	size_t some;
	uint64_t at = 0;
	int32_t source = given_open(output, entry->folder, entry->name);
	if (source < 0)
		object_fail(object, DAMAGED);
	int32_t fd = file_create(output, folder, name);
	while ((some = given_read(output, source, at, piece, READ_STEP))) {
		file_write(output, fd, span_of(piece, some));
		at += some;
	}
	(void)wasi_fd_close(source);
	heap_give(piece, READ_STEP);
	file_finish(fd, kind == TREE_EXECUTABLE, digest);
	if (memcmp(digest, entry->value.data, sizeof digest) != 0)
		object_fail(object, DAMAGED);
}

bool
former_take(struct objects *objects, struct object *object, const struct folder *folder,
	struct span name, enum tree_kind kind)
{
	struct former_entry *entry = entry_use(objects, object, kind);
	if (!entry && (kind == TREE_FILE || kind == TREE_EXECUTABLE)) {
		entry = entry_use(objects, object, kind == TREE_FILE ? TREE_EXECUTABLE : TREE_FILE);
		if (entry) {
			entry_copy(objects, object, entry, folder, name, kind);
			memcpy(object->digest, entry->value.data, SUM_BLAKE3);
			return true;
		}
	}
	if (!entry)
		return false;
	struct text *line = &objects->former->line;
	struct span path = output_path(objects->output, entry->folder, entry->name);
	text_clear(line);
	text_add(line, span_from(path, objects->former->folder.name.size + 1));
	text_byte(line, 0);
	path = output_path(objects->output, folder, name);
	text_add(line, span_from(path, sizeof "out"));
	text_byte(line, 0);
	sink_add(objects, &objects->former->reuse, text_span(line));
	if (kind == TREE_LINK) {
		object->link = entry->value.data;
		object->size = (uint32_t)entry->value.size;
	} else {
		memcpy(object->digest, entry->value.data, SUM_BLAKE3);
		object->has_digest = kind == TREE_FOLDER;
	}
	return true;
}

bool
former_load(struct objects *objects, struct object *object)
{
	const struct former_entry *entry = object->former;
	if (!feature_whole || !objects->former)
		return false;
	struct span content = record_of(&objects->former->trees, object->id);
	if (is_content(objects, object, content, PACK_TREE)) {
		object->type = PACK_TREE;
		object->size = (uint32_t)content.size;
		object->data = (uint8_t *)(uintptr_t)content.data;
		return true;
	}
	if (!entry || entry->kind == TREE_SUBMODULE)
		return false;
	size_t capacity = 0;
	content = entry->value;
	if (entry->kind != TREE_LINK)
		content = file_whole(objects, entry->folder, entry->name, &capacity);
	if (!is_content(objects, object, content, PACK_BLOB))
		object_fail(object, DAMAGED);
	uint8_t *data = object_buffer(content.size);
	memcpy(data, content.data, content.size);
	if (capacity)
		heap_give((void *)(uintptr_t)content.data, capacity);
	object_receive(objects, object, PACK_BLOB, data, content.size);
	if (capacity)
		object_set_file(object, entry->folder, (const char *)entry->name.data);
	object_unpin(objects, object);
	return true;
}

static void
record_add(struct objects *objects, struct sink *memo, const struct object *object,
	struct span content)
{
	const uint8_t size[4] = {(uint8_t)content.size, (uint8_t)(content.size >> 8),
		(uint8_t)(content.size >> 16), (uint8_t)(content.size >> 24)};
	sink_add(objects, memo, span_of(object->id, TABLE_KEY));
	sink_add(objects, memo, span_of(size, sizeof size));
	sink_add(objects, memo, content);
}

/* Its tree; NULL where it is not here. */
static struct object *
commit_leave(struct objects *objects, struct sink *memo, struct object *commit)
{
	struct span content = commit_content(objects, commit);
	struct object *tree = commit_tree(objects, content);
	if (tree)
		record_add(objects, memo, commit, content);
	if (commit->type)
		object_unpin(objects, commit);
	return tree;
}

/* Behind the last of the list, where it is a tree that came and is not there already. */
static void
tree_list(struct objects *objects, struct object **last, struct object *object)
{
	if (!object->type)
		(void)former_load(objects, object);
	if (object->type != PACK_TREE || object->newer)
		return;
	object->newer = &objects->ends;
	(*last)->newer = object;
	*last = object;
}

/* A tree with all that are in it, each once, and commits of submodules, as far as they came, however deep: a list, not the stack, holds
 * what is to come. No tree is in the ring of what falls out, so the list is made of the same field. */
static void
tree_leave(struct objects *objects, struct sink *memo, struct object *root)
{
	struct object first;
	struct object *last = &first;
	first.newer = &objects->ends;
	tree_list(objects, &last, root);
	for (struct object *object = first.newer; object != &objects->ends;
		object = object->newer) {
		struct tree tree = object_tree(object);
		record_add(objects, memo, object, span_of(object->data, object->size));
		while (tree_next(&tree)) {
			if (tree.kind != TREE_FOLDER && tree.kind != TREE_SUBMODULE)
				continue;
			struct object *child = object_find(objects, tree.id);
			if (tree.kind == TREE_SUBMODULE)
				child = commit_leave(objects, memo, child);
			if (child)
				tree_list(objects, &last, child);
		}
	}
}

void
former_leave(struct objects *objects, const uint8_t *revision, struct span ids)
{
	struct sink sink = {.name = ids.size ? "out" : "memo"};
	if (!feature_whole)
		return;
	if (objects->former && objects->former->reuse.text.size)
		sink_flush(objects, &objects->former->reuse);
	sink_add(objects, &sink, SPAN(RECORDS));
	struct object *root = commit_leave(objects, &sink, object_find(objects, revision));
	if (root)
		tree_leave(objects, &sink, root);
	else if (!ids.size)
		return;
	while (ids.size) {
		uint8_t id[SUM_ID];
		if (!hex_read(span_word(&ids, ' '), id, objects->id_size))
			continue;
		struct object *object = object_find(objects, id);
		if (object->type)
			record_add(objects, &sink, object, object_content(objects, object));
	}
	sink_flush(objects, &sink);
}
