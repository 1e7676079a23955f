/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Objects of git behind ids, whatever they hold: commits, tags, trees, submodules, pointers of LFS, and what a hint's memo says of
 * them, by the whole fetcher, in a world whose ids are forged (forged.h). What it succeeds with is the tree of the revision that it
 * reports, as a walk of the test's own makes it, and the digest is the right one, whatever was reused; what evaluation reads is
 * objects as they are.
 *
 * An input is blocks as guest_world.h has them, or
 *
 *     wide                         first: ids of SHA-256
 *     commit A\nCONTENT            and tree, blob, tag; "blob A 1100000\n" repeats the content to that size
 *     refs\nA NAME                 an answer: a listing, a line each
 *     pack LETTERS                 an answer: forged_pack; "nak LETTERS" in version 0
 *     hint A\n                     the former object was the tree of commit A, and the memo has all that it holds
 *     hint A - T                   the former object was the tree T, as where a subpath was fetched, or that of a commit T
 *     hint A BCD                   but the memo has B, C and D
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/digest.h"
#include "base/must.h"
#include "forged.h"
#include "guest_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void guest_main(void);

enum {
	ENTRIES = WORLD_FILES,
	DEPTH = 100,
	LARGE = 1200000,
	LARGE_ALL = 3 << 20,
	NAME_MAX_BYTES = 255
};

/* What a tree becomes. */
struct entry {
	char *path;
	uint8_t kind;
	struct bytes content;
};

struct walk {
	ARRAY(struct entry) entries;
	bool is_seen[256]; /* each object that was met */
	bool is_whole;     /* nothing was missing, wrong or too much */
	uint8_t root;      /* the tree, once it is found; or 0 */
};

/* What an input's blocks became; the world borrows it. */
struct play {
	ARRAY(struct buf) made;
	size_t large;
	bool has_hint;
	bool is_hint_true; /* the former object is the tree that the hint says */
};

static const struct bytes reading = BYTES_LITERAL("env CAB_READ=");

/* Trees. */

static void
walk_release(struct walk *walk)
{
	for (size_t at = 0; at < walk->entries.size; at++)
		free(walk->entries.data[at].path);
	array_release(&walk->entries);
}

/* An entry off the front of a tree. */
static bool
entry_take(struct bytes *tree, uint32_t *mode, struct bytes *name, const uint8_t **id)
{
	struct bytes word;
	size_t id_size = forged_id_size();
	*mode = 0;
	if (!bytes_split(tree, ' ', &word) || !bytes_split(tree, 0, name) || tree->size < id_size)
		return false;
	for (size_t at = 0; at < word.size; at++)
		*mode = *mode << 3 | (word.data[at] & 7);
	*id = tree->data;
	*tree = bytes_from(*tree, id_size);
	return name->size && name->size <= NAME_MAX_BYTES && bytes_find(*name, '/') == SIZE_MAX;
}

static uint8_t
kind_of(uint32_t mode)
{
	uint8_t kinds[16] = {[4] = 'd', [8] = mode & 0100 ? 'x' : 'f', [10] = 'l', [14] = 's'};
	return kinds[mode >> 12 & 15];
}

static void walk_tree(struct walk *walk, const struct forged *tree, const char *path, size_t depth);

static void
walk_entry(struct walk *walk, uint8_t kind, char *path, const uint8_t *id, size_t depth)
{
	static const enum forged_type types[] = {FORGED_BLOB, FORGED_TREE};
	const struct forged *object = forged_of_id(id);
	struct entry *entry = array_push(&walk->entries);
	*entry = (struct entry){path, kind == 's' ? 'd' : kind, {NULL, 0}};
	if (kind == 's')
		return;
	if (!object || object->type != types[kind == 'd'] || walk->entries.size > ENTRIES) {
		walk->is_whole = false;
		entry->kind = 0;
		return;
	}
	walk->is_seen[object->letter] = true;
	if (kind == 'd')
		walk_tree(walk, object, path, depth + 1);
	else
		entry->content = object->content;
}

static void
walk_tree(struct walk *walk, const struct forged *tree, const char *path, size_t depth)
{
	struct bytes rest = tree->content, name;
	const uint8_t *id;
	uint32_t mode;
	walk->is_seen[tree->letter] = true;
	while (rest.size && walk->is_whole) {
		char *inner = NULL;
		walk->is_whole =
			entry_take(&rest, &mode, &name, &id) && kind_of(mode) && depth < DEPTH;
		if (!walk->is_whole)
			break;
		must(asprintf(&inner, "%s/%.*s", path, BYTES_ARGS(name)) > 0, "memory");
		walk_entry(walk, kind_of(mode), inner, id, depth);
	}
}

/* What a commit or tag names; or NULL. */
static const struct forged *
named(const struct forged *object)
{
	uint8_t id[FORGED_LONG];
	struct bytes word =
		object->type == FORGED_COMMIT ? BYTES_LITERAL("tree ") : BYTES_LITERAL("object ");
	struct bytes hex =
		bytes_first(bytes_from(object->content, word.size), 2 * forged_id_size());
	return bytes_has_prefix(object->content, word) && hex.size == 2 * forged_id_size() &&
			       hex_parse(hex, id)
		       ? forged_of_id(id)
		       : NULL;
}

/* From a tree, a commit, or a tag of one. */
static void
walk_from(struct walk *walk, uint8_t letter, const char *path)
{
	const struct forged *object = forged_find(letter);
	for (size_t tags = 0; object && object->type != FORGED_TREE && tags < 10; tags++) {
		walk->is_seen[object->letter] = true;
		object = object->type == FORGED_BLOB ? NULL : named(object);
	}
	walk->is_whole = object && object->type == FORGED_TREE;
	if (!walk->is_whole)
		return;
	walk->root = object->letter;
	walk_tree(walk, object, path, 0);
}

/* Blocks. */

static struct buf *
make(struct play *play)
{
	struct buf *made = array_push(&play->made);
	*made = BUF(BUF_MAX);
	return made;
}

/* A number behind a letter: the content again and again. */
static struct bytes
content_of(struct play *play, struct bytes line, struct bytes content)
{
	size_t size = 0;
	for (size_t at = 2; at < line.size && size < LARGE; at++)
		size = size * 10 + (line.data[at] & 15);
	if (line.size < 3 || !content.size || size > LARGE || play->large + size > LARGE_ALL ||
		size <= content.size)
		return content;
	struct buf *made = make(play);
	play->large += size;
	while (made->size < size)
		buf_add(made, bytes_first(content, size - made->size));
	return buf_bytes(made);
}

static bool
object_take(struct play *play, struct bytes block)
{
	static const struct bytes words[] = {{NULL, 0}, BYTES_LITERAL("commit "),
		BYTES_LITERAL("tree "), BYTES_LITERAL("blob "), BYTES_LITERAL("tag ")};
	for (enum forged_type type = FORGED_COMMIT; type <= FORGED_TAG; type++) {
		struct bytes content = bytes_from(block, words[type].size), line;
		if (!bytes_has_prefix(block, words[type]))
			continue;
		if (!bytes_split(&content, '\n', &line))
			content = bytes_of(NULL, 0);
		if (line.size)
			forged_add(type, line.data[0], content_of(play, line, content));
		return true;
	}
	return false;
}

static void
listing_add(struct bytes lines, struct buf *out)
{
	struct bytes line;
	while (bytes_split(&lines, '\n', &line)) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		if (!line.size)
			continue;
		forged_hex(line.data[0], &text);
		buf_add(&text, bytes_first(bytes_from(line, 1), 1000));
		forged_frame("", buf_bytes(&text), out);
	}
}

/* What a block means here, once all objects are known. */
static void
answer_take(struct play *play, struct bytes block)
{
	static const struct bytes refs = BYTES_LITERAL("refs\n"), pack = BYTES_LITERAL("pack "),
				  nak = BYTES_LITERAL("nak ");
	bool is_new = bytes_has_prefix(block, pack), is_old = bytes_has_prefix(block, nak);
	if (!is_new && !is_old && !bytes_has_prefix(block, refs)) {
		world_take(block);
		return;
	}
	struct buf *made = make(play);
	buf_add_text(made, "200\ncontent-type: application/x-git-upload-pack-result\n\n");
	if (is_new || is_old) {
		forged_frame(is_new ? "packfile" : "NAK", BYTES_LITERAL("\n"), made);
		forged_pack(bytes_from(block, is_new ? pack.size : nak.size), made);
	} else {
		listing_add(bytes_from(block, refs.size), made);
	}
	buf_add_text(made, "0000");
	world_take(buf_bytes(made));
}

/* Hints. */

static void
record_add(const struct forged *object, struct buf *out)
{
	for (size_t at = 0; at < FORGED_LONG; at++)
		buf_add_byte(out, at < forged_id_size() ? object->letter : 0);
	buf_add_u32(out, (uint32_t)object->content.size);
	buf_add(out, object->content);
}

static void
memo_give(struct play *play, const struct walk *walk, struct bytes letters)
{
	struct buf *made = make(play);
	buf_add_text(made, "file former.memo\ncab git 1\n");
	for (size_t at = 0; at < (letters.size ? letters.size : 256); at++) {
		const struct forged *object =
			forged_find(letters.size ? letters.data[at] : (uint8_t)at);
		if (object && (letters.size || (walk->is_seen[at] && object->type != FORGED_BLOB)))
			record_add(object, made);
	}
	world_take(buf_bytes(made));
}

static void
nothing(void *context)
{
	(void)context;
}

static void
former_give(struct play *play, const struct walk *walk)
{
	static const char words[] = "file exec link void ", kinds[] = "fxld";
	for (size_t at = 0; at < walk->entries.size; at++) {
		const struct entry *entry = &walk->entries.data[at];
		if (entry->kind == 0)
			continue;
		struct buf *made = make(play);
		buf_format(made, "%.5s%s\n",
			words + 5 * (size_t)(strchr(kinds, entry->kind) - kinds), entry->path);
		buf_add(made, entry->content);
		world_take(buf_bytes(made));
	}
	(void)world_run(nothing, NULL, 1);
	const struct world_file *former = world_find("former");
	if (!former || former->kind != 'd')
		return;
	struct buf *made = make(play);
	buf_add_text(made, "file former.nodes\n");
	world_nodes(former, made);
	world_take(buf_bytes(made));
}

static bool
hint_take(struct play *play, struct bytes block)
{
	static const struct bytes word = BYTES_LITERAL("hint ");
	struct bytes rest = bytes_from(block, word.size), words[3] = {{NULL, 0}};
	struct walk walk = {.is_whole = true}, former = {.is_whole = true};
	if (!bytes_has_prefix(block, word) || !rest.size || play->has_hint)
		return false;
	rest = bytes_first(rest, bytes_find(rest, '\n'));
	for (size_t at = 0; at < 3; at++)
		(void)bytes_split(&rest, ' ', &words[at]);
	if (bytes_equal_text(words[1], "-"))
		words[1].size = 0;
	uint8_t revision = words[0].size ? words[0].data[0] : 0;
	walk_from(&walk, revision, "former");
	walk_from(&former, words[2].size ? words[2].data[0] : revision, "former");
	for (size_t at = 0; at < 256; at++)
		walk.is_seen[at] |= former.is_seen[at];
	struct buf *made = make(play);
	buf_add_text(made, "env CAB_HINT=git ");
	forged_hex(revision, made);
	buf_add_text(made, "\ngit-tree ");
	forged_hex(former.root, made);
	buf_add_byte(made, '\n');
	world_take(buf_bytes(made));
	play->has_hint = true;
	play->is_hint_true &= former.is_whole;
	memo_give(play, &walk, words[1]);
	former_give(play, &former);
	walk_release(&walk);
	walk_release(&former);
	return true;
}

/* What is left. */

static struct bytes
reported(struct bytes format)
{
	struct bytes rest = buf_bytes(&world_find("hash")->content), line, word;
	while (bytes_split(&rest, '\n', &line))
		if (bytes_split(&line, ' ', &word) && bytes_equal(word, format))
			return line;
	return bytes_of(NULL, 0);
}

/* Of the revision that was reported, where that is all that was asked for. */
static void
check_tree(const struct digest *digest)
{
	struct bytes revision = reported(BYTES_LITERAL("git"));
	uint8_t id[FORGED_LONG];
	struct walk walk = {.is_whole = true};
	if (revision.size != 2 * forged_id_size() || !hex_parse(revision, id) || !forged_of_id(id))
		return;
	walk_from(&walk, id[0], "model");
	must(walk.is_whole, "what succeeds is a tree, with all that is in it");
	struct world_file *model = world_add(BYTES_LITERAL("model"), 'd');
	for (size_t at = 0; at < walk.entries.size; at++) {
		const struct entry *entry = &walk.entries.data[at];
		buf_add(&world_add(bytes_text(entry->path), entry->kind)->content, entry->content);
	}
	struct digest found = world_digest(model);
	must(digest_equal(&found, digest), "the output is the tree of the revision");
	walk_release(&walk);
}

/* The file of records that evaluation is given: each is an object by its id. */
static void
check_records(struct bytes out)
{
	struct bytes line;
	must(bytes_split(&out, '\n', &line) && bytes_equal_text(line, "cab git 1"),
		"records have a first line");
	while (out.size) {
		must(out.size >= FORGED_LONG + 4, "a record has a head");
		const struct forged *object = forged_of_id(out.data);
		const uint8_t *size = out.data + FORGED_LONG;
		struct bytes content = bytes_first(bytes_from(out, FORGED_LONG + 4),
			size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16);
		if (object)
			must(bytes_equal(content, object->content), "a record is its object");
		out = bytes_from(out, FORGED_LONG + 4 + content.size);
	}
}

static void
check_output(const struct play *play, bool is_read)
{
	const struct world_file *out = world_find("out");
	struct bytes cab = reported(BYTES_LITERAL("cab"));
	must(out && cab.size, "what succeeds leaves an output");
	if (is_read)
		check_records(buf_bytes(&out->content));
	if (bytes_equal_text(cab, ".") || (world_find("reuse") && !play->is_hint_true) ||
		!world_reuse())
		return;
	struct digest digest = world_digest(out);
	struct digest_text text = digest_print(&digest);
	must(cab.data[0] == out->kind && bytes_equal_text(bytes_from(cab, 1), text.text),
		"the output is what is reported");
	if (!is_read && out->kind == 'd')
		check_tree(&digest);
}

static void
run(void *context)
{
	(void)context;
	guest_main();
}

/* Whether a block may be the world's: what has submodules or contents of LFS is not read in parts, by no realizer. */
static bool
is_taken(struct bytes arguments, struct bytes block)
{
	return !bytes_has_prefix(block, reading) ||
	       (!memmem(arguments.data, arguments.size, "submodules=", 11) &&
		       !memmem(arguments.data, arguments.size, "lfs=", 4));
}

/* A former object that is no such thing as its hint says. */
static bool
is_by_hand(struct bytes block)
{
	static const struct bytes words[] = {BYTES_LITERAL("env CAB_HINT"), BYTES_LITERAL("file "),
		BYTES_LITERAL("exec "), BYTES_LITERAL("link "), BYTES_LITERAL("void ")};
	for (size_t at = 0; at < sizeof words / sizeof words[0]; at++)
		if (bytes_has_prefix(block, words[at]))
			return true;
	return false;
}

/* The world of an input; true where evaluation reads. */
static bool
play_start(struct play *play, struct bytes input)
{
	static const struct bytes wide = BYTES_LITERAL("wide\n");
	bool is_wide = bytes_has_prefix(input, wide), is_read = false;
	struct bytes rest = is_wide ? bytes_from(input, wide.size) : input;
	struct bytes arguments = world_block(&rest);
	forged_start(is_wide ? FORGED_LONG : FORGED_SHORT);
	world_start(arguments);
	for (struct bytes blocks = rest; blocks.size;)
		(void)object_take(play, world_block(&blocks));
	while (rest.size) {
		struct bytes block = world_block(&rest);
		if (!is_taken(arguments, block))
			continue;
		is_read |= bytes_has_prefix(block, reading);
		play->is_hint_true &= !is_by_hand(block);
		if (!object_take(play, block) && !hint_take(play, block))
			answer_take(play, block);
	}
	return is_read;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = {.is_hint_true = true};
	bool is_read = play_start(&play, bytes_of(data, size));
	int32_t code = world_run(run, NULL, SIZE_MAX);
	if (code == 0)
		check_output(&play, is_read);
	/* A large body in small pieces would take too long. */
	size_t piece = 1 + size % 7 + (play.large ? 9999 : 0);
	must(world_run(run, NULL, piece) == code, "where bodies are cut means nothing");
	world_unload();
	forged_release();
	for (size_t at = 0; at < play.made.size; at++)
		buf_release(&play.made.data[at]);
	array_release(&play.made);
	return 0;
}
