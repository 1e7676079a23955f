/* SPDX-License-Identifier: MPL-2.0 */
#include "store/root.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/git_object.h"
#include "store/internal.h"
#include "store/record.h"

void
root_encode(const struct root *root, struct buf *out)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	record_escape(&path, bytes_text(root->path));
	size_t start = record_start(out, "root");
	switch (root->kind) {
	case ROOT_RESULT:
		record_add(out, "result", "%s", buf_text(&path));
		record_add(out, "object", "%s",
			object_file_print(&root->object.path, root->object.name).text);
		break;
	case ROOT_LOCK:
		record_add(out, "lock", "%s", buf_text(&path));
		break;
	}
	record_finish(out, start);
}

bool
root_decode(struct bytes data, struct root *out, struct err *err)
{
	struct record record;
	struct root root = {0};
	struct bytes value;
	if (!record_open(&data, "root", &record, err))
		return false;
	if (data.size)
		return err_set(err, ERR_CORRUPT, "record root: bytes after its end");
	bool result = record_maybe(&record, "result", &value);
	root.kind = result ? ROOT_RESULT : ROOT_LOCK;
	if (!result && !record_take(&record, "lock", &value, err))
		return false;
	cleanup_buf struct buf path = BUF(ROOT_PATH_MAX - 1);
	if (!record_unescape(value, &path) || path.size == 0 || path.data[0] != '/' ||
		bytes_find(buf_bytes(&path), 0) != SIZE_MAX)
		return record_bad(&record, "path", err);
	memcpy(root.path, path.data, path.size);
	if (result) {
		if (!record_take(&record, "object", &value, err))
			return false;
		if (!object_file_parse(value, &root.object))
			return record_bad(&record, "object", err);
	}
	if (!record_end(&record, err))
		return false;
	*out = root;
	return true;
}

/* One record a path and kind: made anew when the result is another object. */
static struct digest_text
root_name(const struct root *root)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_format(&text, "%s %s", root->kind == ROOT_LOCK ? "lock" : "result", root->path);
	struct digest digest = digest_derive("cab root 1", buf_bytes(&text));
	return digest_print(&digest);
}

/* Under the shared lock: gc must not find the record without the link. */
static bool
root_register(struct store *store, const struct root *root, struct err *err)
{
	struct digest_text name = root_name(root);
	cleanup_buf struct buf record = BUF(BUF_MAX);
	cleanup_buf struct buf there = BUF(RECORD_MAX);
	root_encode(root, &record);
	if (store_record_file(store, FOLDER_ROOTS, name.text, &there, err) &&
		bytes_equal(buf_bytes(&there), buf_bytes(&record)))
		return true;
	/* No sync may follow, so this record sees to itself. */
	if (!store_write_record(store, FOLDER_ROOTS, name.text, buf_bytes(&record), true, err))
		return false;
	if (fsync(store->folders[FOLDER_ROOTS]) < 0)
		return err_system(err, errno, "flush roots");
	return true;
}

static bool
root_init(struct root *root, enum root_kind kind, const char *path, struct err *err)
{
	*root = (struct root){.kind = kind};
	if (path[0] != '/' || strlen(path) >= ROOT_PATH_MAX)
		return err_set(err, ERR_REFUSED,
			"%s is not an absolute path of fewer than %d bytes", path, ROOT_PATH_MAX);
	(void)stpcpy(root->path, path);
	return true;
}

bool
root_check_link(const char *path, struct err *err)
{
	struct stat status;
	if (lstat(path, &status) == 0 && !S_ISLNK(status.st_mode))
		return err_set(err, ERR_REFUSED, "%s is there and is not a symlink", path);
	return true;
}

static bool
root_make_link(const char *path, const char *target, struct err *err)
{
	char old[ROOT_PATH_MAX];
	if (!root_check_link(path, err))
		return false;
	ssize_t size = readlink(path, old, sizeof old);
	if (size >= 0 && bytes_equal_text(bytes_of(old, (size_t)size), target))
		return true;
	char random[32];
	store_random_name(random);
	cleanup_buf struct buf temporary = BUF(BUF_MAX);
	buf_format(&temporary, "%s.%s.new", path, random);
	if (symlink(target, buf_text(&temporary)) < 0)
		return err_system(err, errno, "make link %s", path);
	if (rename(buf_text(&temporary), path) == 0)
		return true;
	int number = errno;
	(void)unlink(buf_text(&temporary));
	return err_system(err, number, "make link %s", path);
}

bool
root_link(struct store *store, const char *path, const struct object_reference *object,
	struct err *err)
{
	struct root root;
	if (!store_can_write(store, err) || !root_init(&root, ROOT_RESULT, path, err))
		return false;
	root.object = *object;
	cleanup_buf struct buf target = BUF(BUF_MAX);
	buf_format(&target, "%s/store/%s", store->root,
		object_file_print(&object->path, object->name).text);
	if (!store_lock(store, false, err))
		return false;
	bool done =
		root_register(store, &root, err) && root_make_link(path, buf_text(&target), err);
	store_unlock(store);
	return done;
}

bool
root_lock(struct store *store, const char *path, struct err *err)
{
	struct root root;
	if (!store_can_write(store, err) || !root_init(&root, ROOT_LOCK, path, err) ||
		!store_lock(store, false, err))
		return false;
	bool done = root_register(store, &root, err);
	store_unlock(store);
	return done;
}

static bool
root_is_letter(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9');
}

/* The next run of letters and digits off the front, which may be empty. */
static struct bytes
root_word(struct bytes *text)
{
	size_t end = 0;
	while (end < text->size && root_is_letter(text->data[end]))
		end++;
	struct bytes word = bytes_first(*text, end);
	*text = bytes_from(*text, end + 1);
	return word;
}

void
root_search(struct bytes text, cab_hash_list *out)
{
	while (text.size) {
		struct bytes word = root_word(&text);
		struct cab_hash hash;
		if (word.size == CAB_HASH_TEXT && cab_hash_parse(word, &hash))
			*array_push(out) = hash;
	}
}

void
root_search_git(struct bytes text, git_word_list *out)
{
	while (text.size) {
		struct bytes word = root_word(&text);
		struct git_id id;
		if (git_id_parse(word, &id))
			*array_push(out) = word;
	}
}

bool
root_next_path(struct bytes *target, struct digest *out)
{
	struct bytes part;
	struct object_reference reference;
	while (bytes_split(target, '/', &part)) {
		if (!object_file_parse(part, &reference))
			continue;
		*out = reference.path;
		return true;
	}
	return false;
}
