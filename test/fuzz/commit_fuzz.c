/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What evaluation reads of a commit whose objects have the ids that the input says: what a path is found to be is what its folder
 * lists, what is read is a content that was added, and trees that hold themselves have an end.
 *
 *     PATH\n                       a line each, to an empty one
 *     LETTER TYPE CONTENT\0\0      an object, TYPE one of "ctb", and so on; the commit is A
 *
 * Its id is so many letters. In a content ESCAPE stands before a letter for that id, in a commit in hexadecimal digits, and before
 * ESCAPE for NUL. An input that begins with ESCAPE has ids of SHA-256, and a first letter in lower case is of no object that has
 * its id.
 */
#include <string.h>

#include "base/digest.h"
#include "base/must.h"
#include "store/commit.h"
#include "store/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ESCAPE = 1, STEPS = 200 };

/* The linker puts it in the place of what hashes. */
bool __wrap_git_object_prove(
	const struct git_id *id, enum git_type type, struct bytes content, struct err *err);

bool
__wrap_git_object_prove(
	const struct git_id *id, enum git_type type, struct bytes content, struct err *err)
{
	(void)type;
	(void)content;
	return id->bytes[0] < 'a' || err_set(err, ERR_CORRUPT, "it is another object");
}

struct input {
	size_t id_size;
	struct bytes paths;
	struct buf records;
};

static void
id_add(const struct input *input, uint8_t letter, bool is_text, struct buf *out)
{
	uint8_t id[GIT_ID_MAX];
	char text[GIT_ID_TEXT + 1];
	memset(id, letter, sizeof id);
	hex_print(bytes_of(id, input->id_size), text);
	if (is_text)
		buf_add_text(out, text);
	else
		buf_add(out, bytes_of(id, input->id_size));
}

static void
content_add(const struct input *input, bool is_text, struct bytes content, struct buf *out)
{
	for (size_t at = 0; at < content.size; at++) {
		uint8_t byte = content.data[at];
		uint8_t next = at + 1 < content.size ? content.data[at + 1] : 0;
		if (byte != ESCAPE)
			buf_add_byte(out, byte);
		else if (++at < content.size && next == ESCAPE)
			buf_add_byte(out, 0);
		else if (at < content.size)
			id_add(input, next, is_text, out);
	}
}

/* An object as a record. */
static void
record_add(struct input *input, uint8_t letter, uint8_t type, struct bytes said)
{
	static const uint8_t zeros[GIT_ID_MAX];
	cleanup_buf struct buf content = BUF(BUF_MAX);
	content_add(input, type == 'c', said, &content);
	id_add(input, letter, false, &input->records);
	buf_add(&input->records, bytes_of(zeros, GIT_ID_MAX - input->id_size));
	for (unsigned shift = 0; shift < 32; shift += 8)
		buf_add_byte(&input->records, (uint8_t)(content.size >> shift));
	buf_add(&input->records, buf_bytes(&content));
}

static struct input
input_read(struct bytes data)
{
	struct input out = {.id_size = GIT_ID_SHA1, .records = BUF(BUF_MAX)};
	if (data.size && data.data[0] == ESCAPE) {
		out.id_size = GIT_ID_MAX;
		data = bytes_from(data, 1);
	}
	struct bytes line;
	const uint8_t *start = data.data;
	while (bytes_split(&data, '\n', &line) && line.size)
		out.paths = bytes_of(start, (size_t)(line.data + line.size - start));
	buf_add_text(&out.records, "cab git 1\n");
	while (data.size > 2) {
		struct bytes object = data;
		size_t end = 2;
		while (end < data.size &&
			(data.data[end] || (end + 1 < data.size && data.data[end + 1])))
			end++;
		data = bytes_from(data, end + 2);
		record_add(&out, object.data[0], object.data[1],
			bytes_from(bytes_first(object, end), 2));
	}
	return out;
}

/* The entry of a name. */
struct search {
	struct bytes name;
	struct commit_entry found;
	unsigned count;
};

static void
search_visit(void *context, const struct git_entry *entry)
{
	struct search *search = (struct search *)context;
	if (!bytes_equal(entry->name, search->name))
		return;
	search->found = (struct commit_entry){entry->kind, entry->is_submodule, entry->id};
	search->count++;
}

static void
check_content(struct commit *commit, const struct git_id *id, const struct input *input)
{
	struct err err;
	struct git_records records;
	struct git_record record;
	cleanup_buf struct buf content = BUF(BUF_MAX);
	bool is_read = commit_read(commit, id, &content, &err);
	must(is_read == commit_has_blob(commit, id), "what is held is read");
	bool is_there = git_records_start(&records, buf_bytes(&input->records), &err);
	bool is_one = false;
	while (is_there && git_records_next(&records, &record, &err))
		is_one |= bytes_equal(record.id, git_id_key(id)) &&
			  bytes_equal(record.content, buf_bytes(&content));
	must(!is_read || is_one, "a content is one of its id's");
}

/* The path is found as its folder lists it. */
static void
check_path(struct commit *commit, struct bytes path, const struct input *input)
{
	struct err err;
	struct commit_entry entry;
	struct commit_entry folder;
	struct search search = {.found = {.kind = COMMIT_ABSENT}};
	if (!commit_find(commit, path, &entry, &err))
		return;
	if (!path.size) {
		must(entry.kind == TREE_DIRECTORY && !entry.is_submodule, "the top is a folder");
		return;
	}
	size_t name = path.size;
	while (name && path.data[name - 1] != '/')
		name--;
	struct bytes above = name ? bytes_first(path, name - 1) : bytes_of(NULL, 0);
	search.name = bytes_from(path, name);
	must(commit_find(commit, above, &folder, &err), "what is above is found too");
	if (folder.kind != TREE_DIRECTORY) {
		must(entry.kind == COMMIT_ABSENT, "nothing is beneath what is no folder");
		return;
	}
	must(commit_list(commit, &folder, search_visit, &search, &err), "a folder is listed");
	must(search.count == (entry.kind != COMMIT_ABSENT), "a name is listed once, or not");
	must(search.found.kind == entry.kind && search.found.is_submodule == entry.is_submodule &&
			(entry.kind == COMMIT_ABSENT ||
				bytes_equal(git_id_key(&search.found.id), git_id_key(&entry.id))),
		"an entry is what its folder lists");
	if (entry.kind != COMMIT_ABSENT && entry.kind != TREE_DIRECTORY)
		check_content(commit, &entry.id, input);
}

/* Whether the commit has a tree. */
static bool
play(struct bytes data)
{
	/* Of a cache: nothing is written. */
	struct store store = {
		.root = (char *)(uintptr_t) "fuzz", .flags = STORE_READ_ONLY, .fd = -1};
	struct err err;
	struct commit_entry top;
	struct input input = input_read(data);
	struct git_id revision = {.size = (uint8_t)input.id_size};
	memset(revision.bytes, 'A', input.id_size);
	for (size_t at = 0; at < FOLDER_COUNT; at++)
		store.folders[at] = -1;
	struct commit *commit = commit_open(&store, &revision, &err);
	must(commit != NULL, "nothing is written");
	must(commit_add(commit, buf_bytes(&input.records), &err), "records are added");
	if (commit_check_trees(commit))
		must(commit_has_trees(commit), "all trees are more than one");
	struct bytes path;
	bool has_tree = commit_find(commit, bytes_of(NULL, 0), &top, &err);
	check_path(commit, bytes_of(NULL, 0), &input);
	while (bytes_split(&input.paths, '\n', &path))
		check_path(commit, path, &input);
	commit_close(commit);
	buf_release(&input.records);
	return has_tree;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_forged;
	if (!is_forged)
		must(play(BYTES_LITERAL("\nActree \1B\n\0\0")), "ids are what the input says");
	is_forged = true;
	(void)play(bytes_of(data, size));
	return 0;
}
