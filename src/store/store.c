/* SPDX-License-Identifier: MPL-2.0 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/trace.h"
#include "store/internal.h"
#include "store/read_session.h"

static const char *const store_folders[FOLDER_COUNT] = {
	[FOLDER_STORE] = "store",
	[FOLDER_BLOBS] = "blobs",
	[FOLDER_NODES] = "nodes",
	[FOLDER_REALIZATIONS] = "realizations",
	[FOLDER_IDENTITIES] = "identities",
	[FOLDER_OBJECTS] = "objects",
	[FOLDER_READS] = "reads",
	[FOLDER_ROOTS] = "roots",
	[FOLDER_LOCK] = "lock",
	[FOLDER_RUN] = "lock/run",
	[FOLDER_LEASE] = "lease",
	[FOLDER_STAGING] = "staging",
	[FOLDER_TRASH] = "trash",
	[FOLDER_LOGS] = "logs",
	[FOLDER_DERIVATIONS] = "derivations",
	[FOLDER_ARTIFACTS] = "artifacts",
	[FOLDER_TREES] = "trees",
	[FOLDER_MEMOS] = "memos",
};

static const char store_version[] = "cab store 1\n";

char *
store_default_root(void)
{
	const char *given = getenv("CAB_ROOT");
	if (given && *given)
		return strdup(given);
	if (geteuid() == 0)
		return strdup("/cull");
	const char *home = getenv("HOME");
	if (!home || !*home)
		return NULL;
	cleanup_buf struct buf path = BUF(BUF_MAX);
	buf_format(&path, "%s/.local/share/cab", home);
	return buf_take_text(&path);
}

const char *
store_folder_name(enum store_folder folder)
{
	return store_folders[folder];
}

const char *
store_root(const struct store *store)
{
	return store->root;
}

char *
store_physical_path(const struct store *store, const struct object_reference *object)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	buf_format(&path, "%s/store/%s", store->root,
		object_file_print(&object->path, object->name).text);
	return buf_take_text(&path);
}

void
store_on_warning(struct store *store, store_warning *warning, void *context)
{
	store->warning = warning;
	store->warning_context = context;
}

void
store_warn(const struct store *store, const char *format, ...)
{
	char sentence[ERR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	trace("store", "warning: %s", sentence);
	if (store->warning)
		store->warning(store->warning_context, sentence);
}

bool
store_can_write(const struct store *store, struct err *err)
{
	if (store->flags & STORE_READ_ONLY)
		return err_set(err, ERR_REFUSED, "store %s is open for reading only", store->root);
	return true;
}

void
store_add_cache(struct store *store, struct store *cache)
{
	*array_push(&store->caches) = cache;
}

/* Whoever may write the folder could change what was verified; another file system would turn links
 * and renames into copies. */
static bool
store_check_folder(const struct store *store, const char *name, const struct stat *status,
	dev_t device, struct err *err)
{
	const char *slash = *name ? "/" : "";
	if (status->st_dev != device)
		return err_set(err, ERR_REFUSED, "store %s%s%s: lies on another file system",
			store->root, slash, name);
	bool read_only = store->flags & STORE_READ_ONLY;
	if (!read_only && status->st_uid != geteuid())
		return err_set(err, ERR_REFUSED, "store %s%s%s: belongs to user %u, not %u",
			store->root, slash, name, status->st_uid, geteuid());
	if (status->st_mode & (read_only ? S_IWOTH : S_IWOTH | S_IWGRP))
		return err_set(err, ERR_REFUSED, "store %s%s%s: others may write it (mode %04o)",
			store->root, slash, name, status->st_mode & 07777);
	return true;
}

/* Makes a folder whatever the umask says; one that another process made meanwhile is left alone. */
static bool
store_make_folder(int parent, const char *name, struct err *err)
{
	if (mkdirat(parent, name, 0755) < 0)
		return errno == EEXIST || err_system(err, errno, "make folder %s", name);
	cleanup_fd int fd = fd_open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return false;
	if (fchmod(fd, 0755) < 0)
		return err_system(err, errno, "change mode of %s", name);
	return true;
}

static int
store_open_folder(int parent, const char *name, struct err *err)
{
	int fd = fd_open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0 && (err->number == ELOOP || err->number == ENOTDIR))
		(void)err_set(err, ERR_REFUSED, "%s is not a folder (a symlink is none)", name);
	return fd;
}

static bool
store_open_folders(struct store *store, dev_t device, struct err *err)
{
	bool make = store_is_shared(store);
	for (size_t at = 0; at < FOLDER_COUNT; at++) {
		const char *name = store_folders[at];
		int fd = store_open_folder(store->fd, name, err);
		if (fd < 0 && make && err_is_absent(err)) {
			if (!store_make_folder(store->fd, name, err))
				return false;
			fd = store_open_folder(store->fd, name, err);
		}
		/* A cache need not have every folder. */
		if (fd < 0 && !make && err_is_absent(err))
			continue;
		if (fd < 0)
			return false;
		store->folders[at] = fd;
		struct stat status;
		if (fstat(fd, &status) < 0)
			return err_system(err, errno, "status of %s", name);
		if (!store_check_folder(store, name, &status, device, err))
			return false;
	}
	return true;
}

static bool
store_is_empty(const struct store *store, bool *out, struct err *err)
{
	cleanup_fd int fd = fd_open_at(store->fd, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return false;
	DIR *stream = fdopendir(fd);
	if (!stream)
		return err_system(err, errno, "read folder");
	(void)fd_take(&fd);
	*out = true;
	struct dirent *entry;
	while ((entry = readdir(stream)))
		/* "version.*.new" is what another process, or a crash, has not renamed yet. */
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			strncmp(entry->d_name, "version", 7) != 0)
			*out = false;
	(void)closedir(stream);
	return true;
}

static bool
store_read_version(struct store *store, bool *found, struct err *err)
{
	cleanup_buf struct buf text = BUF(256);
	*found = false;
	if (!fd_read_file(store->fd, "version", &text, err))
		return err_is_absent(err);
	*found = true;
	if (!bytes_equal_text(buf_bytes(&text), store_version))
		return err_set(err, ERR_REFUSED,
			"has another version: its file `version` does not say \"cab store 1\"");
	return true;
}

/* The version is written first: a folder without it that holds anything is not a store. */
static bool
store_ensure_version(struct store *store, struct err *err)
{
	bool found;
	bool empty = false;
	if (!store_read_version(store, &found, err))
		return false;
	if (found)
		return true;
	if (!(store->flags & STORE_CREATE) || !store_is_shared(store))
		return err_set(err, ERR_NOT_FOUND, "is not a store");
	if (!store_is_empty(store, &empty, err))
		return false;
	if (empty) {
		if (!fd_replace_file(store->fd, "version", bytes_text(store_version), 0444, err))
			return false;
		return fchmodat(store->fd, "version", 0444, 0) == 0 ||
		       err_system(err, errno, "change mode of version");
	}
	/* Another process may have just made it. */
	if (!store_read_version(store, &found, err))
		return false;
	return found || err_set(err, ERR_REFUSED, "holds files but is not a store");
}

static bool
store_open_root(struct store *store, struct err *err)
{
	store->fd = store_open_folder(AT_FDCWD, store->root, err);
	if (store->fd >= 0)
		return true;
	if (!err_is_absent(err))
		return false;
	if (!(store->flags & STORE_CREATE) || !store_is_shared(store))
		return err_set(err, ERR_NOT_FOUND, "there is no folder %s", store->root);
	if (!path_make_folders(AT_FDCWD, store->root, 0755, err))
		return false;
	store->fd = store_open_folder(AT_FDCWD, store->root, err);
	if (store->fd < 0)
		return false;
	if (fchmod(store->fd, 0755) < 0)
		return err_system(err, errno, "change mode of %s", store->root);
	return true;
}

static bool
store_open_all(struct store *store, struct err *err)
{
	if (!store_open_root(store, err))
		return false;
	struct stat status;
	if (fstat(store->fd, &status) < 0)
		return err_system(err, errno, "status of %s", store->root);
	if (!store_check_folder(store, "", &status, status.st_dev, err))
		return false;
	if (!store_ensure_version(store, err) || !store_open_folders(store, status.st_dev, err))
		return false;
	if (!store_is_shared(store))
		return true;
	store->lock = fd_open_at(
		store->folders[FOLDER_LOCK], "store", O_RDWR | O_CREAT | O_NOFOLLOW, 0644, err);
	return store->lock >= 0;
}

struct store *
store_open(const char *root, unsigned flags, struct err *err)
{
	struct store *store = memory_zero(1, sizeof *store);
	cleanup_buf struct buf path = BUF(BUF_MAX);
	buf_add_text(&path, root);
	/* With a slash at its end a symlink would be followed. */
	while (path.size > 1 && path.data[path.size - 1] == '/')
		buf_truncate(&path, path.size - 1);
	store->root = buf_take_text(&path);
	store->flags = flags;
	store->fd = store->lock = store->lease = store->work.folder = -1;
	for (size_t at = 0; at < FOLDER_COUNT; at++)
		store->folders[at] = -1;
	if (store_open_all(store, err))
		return store;
	(void)err_note(err, "store %s", store->root);
	store_close(store);
	return NULL;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	store_drop_pending(store);
	read_sessions_release(store);
	store_unstage(&store->work);
	lease_end(store);
	for (size_t at = 0; at < store->caches.size; at++)
		store_close(store->caches.data[at]);
	array_release(&store->caches);
	map_release(&store->pending);
	map_release(&store->leased);
	map_release(&store->reads);
	for (size_t at = 0; at < FOLDER_COUNT; at++)
		fd_release(&store->folders[at]);
	fd_release(&store->lock);
	fd_release(&store->fd);
	free(store->root);
	free(store);
}

bool
store_lock(struct store *store, bool exclusive, struct err *err)
{
	must(!exclusive || store->lock_depth == 0, "the exclusive lock does not nest");
	if (store->lock_depth++)
		return true;
	int result;
	do
		result = flock(store->lock, exclusive ? LOCK_EX : LOCK_SH);
	while (result < 0 && errno == EINTR);
	if (result == 0)
		return true;
	store->lock_depth--;
	return err_system(err, errno, "lock store %s", store->root);
}

void
store_unlock(struct store *store)
{
	must(store->lock_depth > 0, "what is unlocked was locked");
	if (--store->lock_depth == 0)
		(void)flock(store->lock, LOCK_UN);
}

void
store_random_name(char out[32])
{
	uint8_t random[8];
	must(getrandom(random, sizeof random, 0) == sizeof random, "the kernel gives random bytes");
	hex_print(bytes_of(random, sizeof random), out);
}

struct shard_name
shard_digest(const struct digest *digest)
{
	struct shard_name name;
	struct digest_text text = digest_print(digest);
	(void)snprintf(name.text, sizeof name.text, "%.2s/%s", text.text, text.text);
	return name;
}

struct shard_name
shard_hash(const struct cab_hash *hash)
{
	struct shard_name name;
	struct cab_hash_text text = cab_hash_print(hash);
	(void)snprintf(name.text, sizeof name.text, "%.2s/%s", text.text + 1, text.text);
	return name;
}
