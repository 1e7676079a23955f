/* SPDX-License-Identifier: MPL-2.0 */
#include "store/account.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "store/internal.h"

/* "0000019a0b1c2d3e-00001f2a.json": milliseconds since 1970 and the process, so that order of names is order of time. */
enum { ACCOUNT_NAME = 30 };

struct account_name {
	char text[ACCOUNT_NAME + 1];
};

typedef ARRAY(struct account_name) account_names;

static int
account_folder(const struct store *store, struct err *err)
{
	return fd_open_at(store->fd, "accounts", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
}

static int
account_compare(const void *left, const void *right)
{
	return strcmp(((const struct account_name *)left)->text,
		((const struct account_name *)right)->text);
}

/* Names of another shape are not ours. */
static bool
account_is_name(const char *name)
{
	return strlen(name) == ACCOUNT_NAME &&
	       strspn(name, "0123456789abcdef") == ACCOUNT_NAME / 2 + 1 && name[16] == '-' &&
	       strcmp(name + ACCOUNT_NAME - 5, ".json") == 0;
}

static bool
account_list(int folder, account_names *out, struct err *err)
{
	cleanup_fd int fd = fd_open_at(folder, ".", O_RDONLY | O_DIRECTORY, 0, err);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream)
		return fd < 0 ? false : err_system(err, errno, "read folder accounts");
	(void)fd_take(&fd);
	struct dirent *entry = NULL;
	while ((entry = readdir(stream)))
		if (account_is_name(entry->d_name))
			memcpy(array_push(out)->text, entry->d_name, ACCOUNT_NAME + 1);
	(void)closedir(stream);
	if (out->size)
		qsort(out->data, out->size, sizeof *out->data, account_compare);
	return true;
}

bool
account_keep(struct store *store, struct bytes text, struct err *err)
{
	if (!store_can_write(store, err))
		return false;
	if (mkdirat(store->fd, "accounts", 0755) < 0 && errno != EEXIST)
		return err_system(err, errno, "make folder accounts");
	cleanup_fd int folder = account_folder(store, err);
	if (folder < 0)
		return err_note(err, "accounts");
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	uint64_t time = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	struct account_name name;
	(void)snprintf(name.text, sizeof name.text, "%016llx-%08x.json", (unsigned long long)time,
		(unsigned)getpid());
	if (!fd_replace_file(folder, name.text, text, 0644, err))
		return err_note(err, "accounts");
	account_names names = {0};
	bool done = account_list(folder, &names, err);
	/* Another cab may have taken it away first. */
	for (size_t at = 0; done && at + ACCOUNT_FILES < names.size; at++)
		(void)unlinkat(folder, names.data[at].text, 0);
	array_release(&names);
	return done;
}

bool
account_newest(const struct store *store, struct buf *out, struct err *err)
{
	cleanup_fd int folder = account_folder(store, err);
	if (folder < 0 && err->number != ENOENT)
		return err_note(err, "accounts");
	account_names names = {0};
	bool done = folder < 0 || account_list(folder, &names, err);
	if (done && !names.size)
		done = err_set(err, ERR_NOT_FOUND,
			"no run with the store %s has asked for a source or fetched one yet",
			store->root);
	else if (done)
		done = fd_read_file(folder, names.data[names.size - 1].text, out, err) &&
		       buf_check(out, err, "account");
	array_release(&names);
	return done;
}
