/* SPDX-License-Identifier: MPL-2.0 */
#include "checkout.h"

#include "feature.h"
#include "former.h"
#include "heap.h"
#include "report.h"

#define WRONG_KIND "a tree takes it for a folder or file, which it is not"

static const struct folder out_folder = {NULL, {(const uint8_t *)"out", 3}, 0};

void
checkout_init(struct checkout *checkout, struct output *output, struct span subpath)
{
	checkout->output = output;
	checkout->subpath = subpath;
	checkout->root_kind = TREE_FOLDER;
	checkout->place = &out_folder;
}

/* Keeps a link's target: its folder's node is made of it, and no file holds it. */
static void
link_place(struct checkout *checkout, struct object *object, const struct folder *folder,
	struct span name)
{
	if (object->size > OUTPUT_TARGET)
		object_fail(object, "a symbolic link with no target that can be");
	struct span target = object_content(checkout->objects, object);
	link_make(checkout->output, folder, name, target);
	if (!object->link) {
		uint8_t *kept = (uint8_t *)heap_take(target.size);
		memcpy(kept, target.data, target.size);
		object->link = kept;
	}
	object_unpin(checkout->objects, object);
}

/* `name` ends in NUL and stays. */
static void
blob_place(struct checkout *checkout, struct object *object, const struct folder *folder,
	const char *name, enum tree_kind kind)
{
	struct output *output = checkout->output;
	struct span text = span_text(name);
	bool executable = kind == TREE_EXECUTABLE;
	if (object->type != PACK_BLOB)
		object_fail(object, WRONG_KIND);
	if (kind == TREE_LINK) {
		link_place(checkout, object, folder, text);
		return;
	}
	if (feature_whole && checkout->lfs && object->size < LFS_POINTER) {
		bool is_pointer = lfs_note(checkout->lfs, output,
			object_content(checkout->objects, object), folder, text, executable);
		object_unpin(checkout->objects, object);
		if (is_pointer)
			return;
	}
	if (object->place == PLACE_FILE && object->folder == checkout->objects->scratch_folder) {
		file_move(
			output, object->folder, span_text(object->name), folder, text, executable);
	} else if (object->place == PLACE_FILE && object->size > OBJECT_BUDGET) {
		file_copy(output, object->folder, span_text(object->name), folder, text,
			object->size, executable);
	} else {
		struct span content = object_content(checkout->objects, object);
		int32_t fd = file_create(output, folder, text);
		file_write(output, fd, content);
		file_finish(fd, executable, object->digest);
		object_set_file(object, folder, name);
		object_unpin(checkout->objects, object);
		return;
	}
	object_set_file(object, folder, name);
}

/* Puts an object where it belongs: `name` in the folder, or for a tree the folder itself. */
static void
object_place(struct checkout *checkout, struct object *object, const struct folder *folder,
	const char *name, enum tree_kind kind)
{
	if (!object->type && !former_load(checkout->objects, object)) {
		struct want *want = (struct want *)heap_take(sizeof *want);
		*want = (struct want){object->wants, folder, name, kind};
		object->wants = want;
		checkout->missing++;
		return;
	}
	if (kind != TREE_FOLDER) {
		blob_place(checkout, object, folder, name, kind);
		return;
	}
	if (object->type != PACK_TREE)
		object_fail(object, WRONG_KIND);
	checkout->expansions =
		(struct expansion *)array_room(checkout->expansions, &checkout->expansion_capacity,
			checkout->expansion_count, sizeof *checkout->expansions);
	checkout->expansions[checkout->expansion_count++] = (struct expansion){object, folder};
}

static void
link_add(struct checkout *checkout, const struct folder *folder, const struct object *commit)
{
	struct link *link = (struct link *)heap_take(sizeof *link);
	*link = (struct link){checkout->links, folder, commit};
	checkout->links = link;
}

static void
tree_expand(struct checkout *checkout, struct object *object, const struct folder *folder)
{
	struct tree tree = object_tree(object);
	while (tree_next(&tree)) {
		const struct folder *place = folder;
		struct object *child = object_find(checkout->objects, tree.id);
		if (former_take(checkout->objects, child, folder, tree.name, tree.kind))
			continue;
		if (tree.kind == TREE_FOLDER || tree.kind == TREE_SUBMODULE) {
			folder_make(checkout->output, folder, tree.name);
			place = folder_new(folder, tree.name);
		}
		if (tree.kind == TREE_SUBMODULE) {
			if (feature_whole && checkout->has_submodules)
				link_add(checkout, place, child);
			continue;
		}
		object_place(checkout, child, place, (const char *)tree.name.data, tree.kind);
	}
	if (tree.sentence)
		object_fail(object, tree.sentence);
}

/* The id behind a word at the start of a commit or tag. */
static void
reference_read(struct checkout *checkout, const char *word)
{
	size_t start = strlen(word);
	size_t size = id_size(checkout->objects->id_size);
	struct object *object = checkout->awaited;
	struct span content = object_content(checkout->objects, object);
	uint8_t id[SUM_ID];
	struct span text = span_of(content.data + start, 2 * size);
	if (content.size <= start + 2 * size || !span_has_prefix(content, word) ||
		content.data[start + 2 * size] != '\n' || !hex_read(text, id, size))
		object_fail(object, "it is no commit");
	object_unpin(checkout->objects, object);
	checkout->awaited = object_find(checkout->objects, id);
}

static void
commit_step(struct checkout *checkout)
{
	uint8_t type = checkout->awaited->type;
	if (type == PACK_COMMIT) {
		reference_read(checkout, "tree ");
		checkout->is_commit_found = true;
		checkout->top = checkout->awaited;
	} else if (type == PACK_TAG && checkout->tags++ < 8) {
		reference_read(checkout, "object ");
	} else {
		object_fail(checkout->awaited, "it is no commit");
	}
}

static void
root_set(struct checkout *checkout)
{
	struct object *root = checkout->awaited;
	checkout->root = root;
	checkout->awaited = NULL;
	if (feature_whole && checkout->read.size)
		return;
	if (checkout->root_kind == TREE_SUBMODULE)
		fail("the subpath is a submodule");
	if (feature_whole && checkout->place != &out_folder) {
		object_place(checkout, root, checkout->place, NULL, TREE_FOLDER);
		return;
	}
	if (checkout->root_kind != TREE_FOLDER) {
		object_place(checkout, root, NULL, "out", checkout->root_kind);
		return;
	}
	struct text *hex = text_new("");
	text_hex(hex, span_of(root->id, id_size(root->id_size)));
	if (feature_whole && checkout->has_submodules)
		text_put(hex, "+submodules");
	if (feature_whole && checkout->lfs)
		text_put(hex, "+lfs");
	report_identity(SPAN("git-tree"), text_span(hex), span_of(NULL, 0));
	folder_make(checkout->output, NULL, out_folder.name);
	object_place(checkout, root, &out_folder, NULL, TREE_FOLDER);
}

/* One name down the subpath. */
static void
subpath_step(struct checkout *checkout)
{
	struct object *object = checkout->awaited;
	if (object->type != PACK_TREE)
		object_fail(object, WRONG_KIND);
	struct span name = span_word(&checkout->subpath, '/');
	struct tree tree = object_tree(object);
	checkout->awaited = NULL;
	while (tree_next(&tree))
		if (span_equal(tree.name, name)) {
			checkout->awaited = object_find(checkout->objects, tree.id);
			checkout->root_kind = tree.kind;
		}
	if (tree.sentence)
		object_fail(object, tree.sentence);
	if (!checkout->awaited)
		fail_about("the subpath is not there", name);
	if (checkout->subpath.size && checkout->root_kind != TREE_FOLDER)
		fail_about("a path lies beneath what is no folder", checkout->subpath);
}

/* As far towards the root as what has come allows. The root's id is enough: it is told before the
 * tree itself is in. */
static void
checkout_descend(struct checkout *checkout)
{
	while (checkout->awaited) {
		if (checkout->is_commit_found && checkout->subpath.size == 0)
			root_set(checkout);
		else if (!checkout->awaited->type &&
			 !former_load(checkout->objects, checkout->awaited))
			return;
		else if (checkout->is_commit_found)
			subpath_step(checkout);
		else
			commit_step(checkout);
	}
}

void
checkout_begin(struct checkout *checkout, struct objects *objects, const uint8_t *id)
{
	checkout->objects = objects;
	checkout->awaited = object_find(checkout->objects, id);
	/* Of two submodules of one commit the second is here. */
	if (feature_whole && checkout->awaited->type)
		checkout_arrived(checkout, checkout->awaited);
}

void
checkout_arrived(struct checkout *checkout, struct object *object)
{
	while (object->wants) {
		struct want *want = object->wants;
		object->wants = want->next;
		checkout->missing--;
		object_place(checkout, object, want->folder, want->name, want->kind);
		heap_give(want, sizeof *want);
	}
	if (object == checkout->awaited)
		checkout_descend(checkout);
	while (checkout->expanded < checkout->expansion_count) {
		struct expansion next = checkout->expansions[checkout->expanded++];
		tree_expand(checkout, next.tree, next.folder);
	}
}

void
checkout_finish(struct checkout *checkout)
{
	static const char sentence[] = "the server did not send it";
	const struct table *table = &checkout->objects->table;
	if (checkout->awaited)
		object_fail(checkout->awaited, sentence);
	for (size_t at = 0; checkout->missing; at++) {
		const struct object *object = (const struct object *)table->slots[at];
		if (object && object->wants)
			object_fail(object, sentence);
	}
}

/* Of a tree whose children all have their digests. */
static void
tree_digest(struct checkout *checkout, struct object *object, struct node *node,
	const uint8_t empty[SUM_BLAKE3])
{
	struct tree tree = object_tree(object);
	while (tree_next(&tree)) {
		struct span value = span_of(empty, SUM_BLAKE3);
		uint8_t kind = TREE_FOLDER;
		if (tree.kind != TREE_SUBMODULE) {
			const struct object *child = object_find(checkout->objects, tree.id);
			kind = (uint8_t)tree.kind;
			value = kind == TREE_LINK ? span_of(child->link, child->size)
						  : span_of(child->digest, SUM_BLAKE3);
		}
		node_add(node, kind, tree.name, value);
	}
	node_digest(node, object->digest);
	object->has_digest = true;
}

void
checkout_hash(struct checkout *checkout)
{
	struct object *root = checkout->root;
	struct node node = {0};
	uint8_t empty[SUM_BLAKE3];
	if (checkout->root_kind == TREE_LINK)
		hash_once(CAB_HASH_BLAKE3, span_of(root->link, root->size), root->digest);
	node_digest(&node, empty);
	/* A tree was expanded before what it holds, each time: from the last one on, children come
	 * first. */
	for (size_t at = checkout->expansion_count; at--;) {
		struct object *tree = checkout->expansions[at].tree;
		if (!tree->has_digest)
			tree_digest(checkout, tree, &node, empty);
	}
	report_cab((uint8_t)checkout->root_kind, root->digest);
}
