/* SPDX-License-Identifier: MPL-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/internal.h"

static bool
store_each_in(int folder, const char *name, store_visit *visit, void *context, struct err *err)
{
	/* Opened anew: the position in a folder belongs to the open descriptor. */
	cleanup_fd int fd = fd_open_at(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return err->number == ENOENT;
	DIR *stream = fdopendir(fd);
	if (!stream)
		return err_system(err, errno, "read folder %s", name);
	(void)fd_take(&fd);
	bool good = true;
	bool shard = strcmp(name, ".") != 0;
	while (good) {
		errno = 0;
		struct dirent *entry = readdir(stream);
		if (!entry) {
			good = errno == 0 || err_system(err, errno, "read folder %s", name);
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char path[512];
		(void)snprintf(path, sizeof path, "%s%s%s", shard ? name : "", shard ? "/" : "",
			entry->d_name);
		good = visit(context, path, err);
	}
	(void)closedir(stream);
	return good;
}

bool
store_each(int folder, store_visit *visit, void *context, struct err *err)
{
	if (folder < 0)
		return true;
	return store_each_in(folder, ".", visit, context, err);
}

struct each_shard {
	int folder;
	store_visit *visit;
	void *context;
};

static bool
store_each_shard(void *context, const char *name, struct err *err)
{
	struct each_shard *each = context;
	return store_each_in(each->folder, name, each->visit, each->context, err);
}

bool
store_each_sharded(int folder, store_visit *visit, void *context, struct err *err)
{
	struct each_shard each = {folder, visit, context};
	return store_each(folder, store_each_shard, &each, err);
}
