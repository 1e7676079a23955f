/* SPDX-License-Identifier: MPL-2.0 */
#include "checkout.h"

#include "heap.h"

static const struct folder out_folder = {NULL, {(const uint8_t *)"out", 3}, 0};

void
checkout_init(struct checkout *checkout, struct objects *objects, struct output *output,
	struct span subpath)
{
	*checkout = (struct checkout){
		.objects = objects, .output = output, .subpath = subpath, .root_kind = TREE_FOLDER};
}

COLD static _Noreturn void
object_fail(const struct object *object, const char *sentence)
{
	fail_in(object_text(object->id).text, sentence);
}

static void
expansion_add(struct checkout *checkout, struct object *tree, const struct folder *folder)
{
	if (checkout->expansion_count == checkout->expansion_capacity) {
		size_t capacity =
			checkout->expansion_capacity ? 2 * checkout->expansion_capacity : 64;
		checkout->expansions = (struct expansion *)heap_grow(checkout->expansions,
			checkout->expansion_capacity * sizeof *checkout->expansions,
			capacity * sizeof *checkout->expansions);
		checkout->expansion_capacity = capacity;
	}
	checkout->expansions[checkout->expansion_count++] = (struct expansion){tree, folder};
}

/* Keeps a link's target: its folder's node is made of it, and no file holds it. */
static void
link_place(struct checkout *checkout, struct object *object, const struct folder *folder,
	struct span name)
{
	if (object->size > OUTPUT_TARGET)
		object_fail(object, "the target of a symbolic link is too long");
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
		object_fail(object, "a tree takes it for a file, which it is not");
	if (kind == TREE_LINK) {
		link_place(checkout, object, folder, text);
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
		file_make(output, folder, text, content, executable, object->digest);
		object->has_digest = true;
		object->folder = folder;
		object->name = name;
		object->place = PLACE_FILE;
		object_unpin(checkout->objects, object);
		return;
	}
	object->folder = folder;
	object->name = name;
}

static void
want_add(struct checkout *checkout, struct object *object, const struct folder *folder,
	const char *name, enum tree_kind kind)
{
	struct want *want = (struct want *)heap_take(sizeof *want);
	*want = (struct want){object->wants, folder, name, kind};
	object->wants = want;
	checkout->missing++;
}

static void
tree_place(struct checkout *checkout, struct object *object, const struct folder *folder)
{
	if (object->type != PACK_TREE)
		object_fail(object, "a tree takes it for a folder, which it is not");
	expansion_add(checkout, object, folder);
}

static void
tree_expand(struct checkout *checkout, struct object *object, const struct folder *folder)
{
	struct tree tree = tree_start(span_of(object->data, object->size));
	while (tree_next(&tree)) {
		const char *name = (const char *)tree.name.data;
		if (tree.kind == TREE_SUBMODULE) {
			folder_make(checkout->output, folder, tree.name);
			continue;
		}
		struct object *child = object_find(checkout->objects, tree.id);
		const struct folder *place = folder;
		if (tree.kind == TREE_FOLDER) {
			folder_make(checkout->output, folder, tree.name);
			struct folder *made = (struct folder *)heap_take(sizeof *made);
			*made = (struct folder){folder, tree.name, folder->depth + 1};
			place = made;
		}
		if (!child->type)
			want_add(checkout, child, place, name, tree.kind);
		else if (tree.kind == TREE_FOLDER)
			tree_place(checkout, child, place);
		else
			blob_place(checkout, child, place, name, tree.kind);
	}
	if (tree.sentence)
		object_fail(object, tree.sentence);
}

/* The id behind a word at the start of a commit or tag. */
static void
reference_read(struct checkout *checkout, struct span word)
{
	struct object *object = checkout->awaited;
	struct span content = object_content(checkout->objects, object);
	uint8_t id[SUM_SHA1];
	struct span text = span_of(content.data + word.size, 2 * SUM_SHA1);
	if (content.size <= word.size + 2 * SUM_SHA1 || !span_has_prefix(content, word) ||
		content.data[word.size + 2 * SUM_SHA1] != '\n' || !hex_read(text, id, SUM_SHA1))
		object_fail(object, "it is no commit or tag that git would write");
	object_unpin(checkout->objects, object);
	checkout->awaited = object_find(checkout->objects, id);
}

static void
commit_step(struct checkout *checkout)
{
	uint8_t type = checkout->awaited->type;
	if (type == PACK_COMMIT) {
		reference_read(checkout, SPAN("tree "));
		checkout->is_commit_found = true;
	} else if (type == PACK_TAG && checkout->tags++ < 8) {
		reference_read(checkout, SPAN("object "));
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
	if (checkout->root_kind == TREE_SUBMODULE)
		fail("the subpath is a submodule");
	if (checkout->root_kind != TREE_FOLDER) {
		if (root->type)
			blob_place(checkout, root, NULL, "out", checkout->root_kind);
		else
			want_add(checkout, root, NULL, "out", checkout->root_kind);
		return;
	}
	if (checkout->on_tree)
		checkout->on_tree(checkout->context, root->id);
	folder_make(checkout->output, NULL, out_folder.name);
	if (root->type)
		tree_place(checkout, root, &out_folder);
	else
		want_add(checkout, root, &out_folder, NULL, TREE_FOLDER);
}

/* One name down the subpath. */
static void
subpath_step(struct checkout *checkout)
{
	struct object *object = checkout->awaited;
	if (checkout->root_kind != TREE_FOLDER)
		fail("the subpath leads through what is no folder");
	if (object->type != PACK_TREE)
		object_fail(object, "a tree takes it for a folder, which it is not");
	struct span name = span_word(&checkout->subpath, '/');
	struct tree tree = tree_start(span_of(object->data, object->size));
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
}

/* As far towards the root as what has come allows. The root's id is enough: it is told before the
 * tree itself is in. */
static void
checkout_descend(struct checkout *checkout)
{
	while (checkout->awaited) {
		if (checkout->is_commit_found && checkout->subpath.size == 0)
			root_set(checkout);
		else if (!checkout->awaited->type)
			return;
		else if (checkout->is_commit_found)
			subpath_step(checkout);
		else
			commit_step(checkout);
	}
}

static void
checkout_expand(struct checkout *checkout)
{
	while (checkout->expansion_count) {
		struct expansion next = checkout->expansions[--checkout->expansion_count];
		tree_expand(checkout, next.tree, next.folder);
	}
}

void
checkout_begin(struct checkout *checkout, const uint8_t id[SUM_SHA1])
{
	checkout->awaited = object_find(checkout->objects, id);
}

void
checkout_arrived(struct checkout *checkout, struct object *object)
{
	while (object->wants) {
		struct want *want = object->wants;
		object->wants = want->next;
		checkout->missing--;
		if (want->kind == TREE_FOLDER)
			tree_place(checkout, object, want->folder);
		else
			blob_place(checkout, object, want->folder, want->name, want->kind);
		heap_give(want, sizeof *want);
	}
	if (object == checkout->awaited)
		checkout_descend(checkout);
	checkout_expand(checkout);
}

void
checkout_finish(struct checkout *checkout)
{
	if (checkout->awaited)
		object_fail(checkout->awaited, "the server did not send it");
	if (checkout->missing == 0)
		return;
	for (struct object_chunk *chunk = checkout->objects->chunks; chunk; chunk = chunk->next)
		for (size_t at = 0; at < chunk->used; at++)
			if (chunk->objects[at].wants)
				object_fail(&chunk->objects[at], "the server did not send it");
}

struct step {
	struct object *tree;
	struct tree cursor; /* behind the children that have their digest */
};

/* Adds the entries of a tree whose children all have their digests. */
static void
tree_digest(struct checkout *checkout, struct object *object, struct node *node,
	const uint8_t empty[SUM_BLAKE3])
{
	struct tree tree = tree_start(span_of(object->data, object->size));
	while (tree_next(&tree)) {
		if (tree.kind == TREE_SUBMODULE) {
			node_add(node, 'd', tree.name, span_of(empty, SUM_BLAKE3));
			continue;
		}
		struct object *child = object_find(checkout->objects, tree.id);
		struct span value = tree.kind == TREE_LINK ? span_of(child->link, child->size)
							   : span_of(child->digest, SUM_BLAKE3);
		node_add(node, (uint8_t)tree.kind, tree.name, value);
	}
	node_digest(node, object->digest);
	object->has_digest = true;
}

/* The first child tree without a digest, from the cursor on. */
static struct object *
step_child(struct checkout *checkout, struct step *step)
{
	struct tree before = step->cursor;
	while (tree_next(&step->cursor)) {
		struct object *child = step->cursor.kind == TREE_FOLDER
					       ? object_find(checkout->objects, step->cursor.id)
					       : NULL;
		if (child && !child->has_digest) {
			step->cursor = before;
			return child;
		}
		before = step->cursor;
	}
	return NULL;
}

static void
root_digest(struct checkout *checkout)
{
	struct node node = {0};
	uint8_t empty[SUM_BLAKE3];
	node_digest(&node, empty);
	/* No deeper than the folders that were made, which are counted. */
	struct step *steps = (struct step *)heap_take((OUTPUT_DEPTH + 2) * sizeof(struct step));
	size_t depth = 1;
	steps[0] = (struct step){
		checkout->root, tree_start(span_of(checkout->root->data, checkout->root->size))};
	while (depth) {
		struct step *step = &steps[depth - 1];
		struct object *child = step_child(checkout, step);
		if (child) {
			steps[depth++] =
				(struct step){child, tree_start(span_of(child->data, child->size))};
			continue;
		}
		tree_digest(checkout, step->tree, &node, empty);
		depth--;
	}
}

void
checkout_hash(struct checkout *checkout, struct text *out)
{
	struct object *root = checkout->root;
	if (checkout->root_kind == TREE_FOLDER)
		root_digest(checkout);
	else if (checkout->root_kind == TREE_LINK)
		hash_once(CAB_HASH_BLAKE3, span_of(root->link, root->size), root->digest);
	text_byte(out, (uint8_t)checkout->root_kind);
	text_digest(out, root->digest);
}
