/* SPDX-License-Identifier: MPL-2.0 */
#include "store/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/internal.h"

enum { ARTIFACT_MAX = 1 << 30 };

static const char artifact_magic[] = "cab artifact 1\n";

int
store_log_create(struct store *store, const struct digest *digest, struct err *err)
{
	struct shard_name name = shard_digest(digest);
	char shard[3] = {name.text[0], name.text[1], '\0'};
	int folder = store->folders[FOLDER_LOGS];
	if (!store_can_write(store, err))
		return -1;
	if (mkdirat(folder, shard, 0755) == 0)
		(void)!fchmodat(folder, shard, 0755, 0);
	/* A new inode: whoever follows the former log goes on reading that one. */
	(void)unlinkat(folder, name.text, 0);
	int fd = fd_open_at(
		folder, name.text, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW, 0644, err);
	if (fd < 0)
		(void)err_note(err, "log");
	return fd;
}

int
store_log_open(const struct store *store, const struct digest *digest, struct err *err)
{
	struct shard_name name = shard_digest(digest);
	int folder = store->folders[FOLDER_LOGS];
	int fd = folder < 0 ? -1
			    : fd_open_at(folder, name.text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
				      err);
	if (folder < 0 || (fd < 0 && err->number == ENOENT))
		(void)err_set(err, ERR_NOT_FOUND, "there is no log %s in store %s", name.text + 3,
			store->root);
	return fd;
}

static void
derivation_file(char name[512], const struct digest *digest, const char *object)
{
	(void)snprintf(name, 512, "%s.drv", object_file_print(digest, object).text);
}

bool
store_derivation_put(struct store *store, const struct digest *digest, const char *name,
	struct bytes data, struct err *err)
{
	char file[512];
	if (!store_can_write(store, err))
		return false;
	if (!object_is_name(bytes_text(name)) || data.size > DERIVATION_FILE_MAX)
		return err_set(err, ERR_REFUSED, "derivation %s cannot be filed", name);
	derivation_file(file, digest, name);
	cleanup_buf struct buf there = BUF(data.size);
	if (store_record_file(store, FOLDER_DERIVATIONS, file, &there, err) &&
		bytes_equal(buf_bytes(&there), data))
		return true;
	store->dirty = true;
	return store_write_record(store, FOLDER_DERIVATIONS, file, data, false, err);
}

bool
store_derivation_get(const struct store *store, const struct digest *digest, const char *name,
	struct buf *out, struct err *err)
{
	char file[512];
	if (!object_is_name(bytes_text(name)))
		return err_set(err, ERR_REFUSED, "\"%s\" cannot name a derivation", name);
	derivation_file(file, digest, name);
	if (store_record_file(store, FOLDER_DERIVATIONS, file, out, err))
		return true;
	for (size_t at = 0; at < store->caches.size; at++)
		if (store_record_file(store->caches.data[at], FOLDER_DERIVATIONS, file, out, err))
			return true;
	return false;
}

struct derivation_search {
	char text[DIGEST_TEXT + 1];
	struct buf *name;
	bool found;
};

static bool
derivation_match(void *context, const char *name, struct err *err)
{
	struct derivation_search *search = context;
	(void)err;
	struct bytes text = bytes_text(name);
	struct bytes ending = BYTES_LITERAL(".drv");
	if (search->found || text.size < DIGEST_TEXT + 1 + ending.size ||
		memcmp(name, search->text, DIGEST_TEXT) != 0 || !bytes_has_suffix(text, ending))
		return true;
	struct bytes middle = bytes_from(text, DIGEST_TEXT + 1);
	buf_add(search->name, bytes_first(middle, middle.size - ending.size));
	search->found = true;
	return true;
}

bool
store_derivation_find(const struct store *store, const struct digest *digest, struct buf *name,
	struct buf *out, struct err *err)
{
	struct derivation_search search = {.name = name};
	(void)stpcpy(search.text, digest_print(digest).text);
	if (!store_each(store->folders[FOLDER_DERIVATIONS], derivation_match, &search, err))
		return false;
	if (!search.found)
		return err_set(err, ERR_NOT_FOUND, "there is no derivation %s in store %s",
			search.text, store->root);
	return store_derivation_get(store, digest, buf_text(name), out, err);
}

bool
store_artifact_put(
	struct store *store, const struct digest *key, struct bytes data, struct err *err)
{
	struct digest digest = digest_of(data);
	struct shard_name name = shard_digest(key);
	if (!store_can_write(store, err))
		return false;
	cleanup_buf struct buf file = BUF(ARTIFACT_MAX);
	buf_add_text(&file, artifact_magic);
	buf_format(&file, "%s\n", digest_print(&digest).text);
	buf_add(&file, data);
	if (!buf_check(&file, err, "artifact %s", name.text))
		return false;
	store->dirty = true;
	return store_write_record(store, FOLDER_ARTIFACTS, name.text, buf_bytes(&file), false, err);
}

int
store_artifact_get(const struct store *store, const struct digest *key, struct err *err)
{
	struct shard_name name = shard_digest(key);
	cleanup_buf struct buf file = BUF(ARTIFACT_MAX);
	if (!store_record_file(store, FOLDER_ARTIFACTS, name.text, &file, err))
		return -1;
	struct bytes data = buf_bytes(&file);
	struct bytes magic = bytes_text(artifact_magic);
	size_t head = magic.size + DIGEST_TEXT + 1;
	struct digest said;
	struct digest found = digest_of(bytes_from(data, head));
	if (data.size < head || !bytes_has_prefix(data, magic) ||
		!digest_parse(bytes_of(data.data + magic.size, DIGEST_TEXT), &said) ||
		data.data[head - 1] != '\n' || !digest_equal(&said, &found)) {
		(void)err_set(err, ERR_CORRUPT, "store %s: artifacts/%s is damaged", store->root,
			name.text);
		return -1;
	}
	return fd_memory("artifact", bytes_from(data, head), err);
}
