/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/trace.h"
#include "store/internal.h"

/* Renames into trash/, which may cross folders only while the folder itself may be written. */
static bool
trash_rename(struct store *store, int folder, const char *name, struct err *err)
{
	char random[32];
	store_random_name(random);
	int trash = store->folders[FOLDER_TRASH];
	if (renameat(folder, name, trash, random) == 0 || errno == ENOENT)
		return true;
	if (errno != EACCES && errno != EPERM)
		return err_system(err, errno, "move %s to the trash", name);
	struct stat status;
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode) ||
		fchmodat(folder, name, 0755, 0) < 0)
		return err_system(err, errno, "move %s to the trash", name);
	if (renameat(folder, name, trash, random) < 0)
		return err_system(err, errno, "move %s to the trash", name);
	return true;
}

bool
store_trash(struct store *store, enum store_folder folder, const char *name, struct err *err)
{
	return trash_rename(store, store->folders[folder], name, err);
}

static bool
trash_remove(void *context, const char *name, struct err *err)
{
	struct store *store = context;
	return path_remove(store->folders[FOLDER_TRASH], name, err);
}

bool
store_empty_trash(struct store *store, bool wait, struct err *err)
{
	/* One process at a time: two that walk the same tree would trip over each other. */
	cleanup_fd int lock = fd_open_at(
		store->folders[FOLDER_LOCK], "trash", O_RDWR | O_CREAT | O_NOFOLLOW, 0644, err);
	if (lock < 0)
		return false;
	if (flock(lock, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK || err_system(err, errno, "lock the trash");
	return store_each(store->folders[FOLDER_TRASH], trash_remove, store, err);
}

static bool
staging_sweep_one(void *context, const char *name, struct err *err)
{
	struct store *store = context;
	int folder = store->folders[FOLDER_STAGING];
	cleanup_fd int fd = fd_open_at(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	struct stat status;
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) &&
		flock(fd, LOCK_EX | LOCK_NB) < 0)
		return true;
	/* A folder that nobody holds cannot come to life again while this process has the lock. */
	trace("store", "sweeping staging/%s", name);
	return trash_rename(store, folder, name, err);
}

bool
store_sweep_staging(struct store *store, struct err *err)
{
	return store_each(store->folders[FOLDER_STAGING], staging_sweep_one, store, err);
}

/* Once a process: where another one has the lock, its own sweep will come. */
static void
staging_sweep_once(struct store *store)
{
	if (store->swept || store->lock_depth)
		return;
	store->swept = true;
	if (flock(store->lock, LOCK_EX | LOCK_NB) < 0)
		return;
	struct err err;
	bool swept = store_sweep_staging(store, &err);
	(void)flock(store->lock, LOCK_UN);
	if (!swept || !store_empty_trash(store, false, &err))
		store_warn(store, "%s", err.text);
}

static bool
staging_make(struct store *store, struct staging *staging, struct err *err)
{
	int folder = store->folders[FOLDER_STAGING];
	store_random_name(staging->name);
	if (mkdirat(folder, staging->name, 0700) < 0)
		return err_system(err, errno, "make staging/%s", staging->name);
	cleanup_fd int fd =
		fd_open_at(folder, staging->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return false;
	if (fchmod(fd, 0700) < 0)
		return err_system(err, errno, "change mode of staging/%s", staging->name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_system(err, errno, "lock staging/%s", staging->name);
	staging->folder = fd_take(&fd);
	return true;
}

bool
store_stage(struct store *store, struct staging *out, struct err *err)
{
	struct staging staging = {.store = store, .folder = -1};
	if (!store_can_write(store, err))
		return false;
	staging_sweep_once(store);
	if (!store_lock(store, false, err))
		return false;
	bool made = staging_make(store, &staging, err);
	store_unlock(store);
	if (!made)
		return err_note(err, "store %s", store->root);
	*out = staging;
	return true;
}

void
store_unstage(struct staging *staging)
{
	if (!staging->store)
		return;
	struct err err;
	if (!path_remove(staging->store->folders[FOLDER_STAGING], staging->name, &err))
		store_warn(staging->store, "%s", err.text);
	fd_release(&staging->folder);
	*staging = (struct staging){.folder = -1};
}

bool
store_ensure_work(struct store *store, struct err *err)
{
	return store->work.folder >= 0 || store_stage(store, &store->work, err);
}
