/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/git_object.h"
#include "store/internal.h"

enum { LEASE_MAX = 256 << 20 };

/* The lock of a lease is its open descriptor, taken while gc cannot look: under the shared lock. */
static bool
lease_ensure(struct store *store, struct err *err)
{
	if (store->lease >= 0)
		return true;
	store_random_name(store->lease_name);
	cleanup_fd int fd = fd_open_at(store->folders[FOLDER_LEASE], store->lease_name,
		O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0644, err);
	if (fd < 0)
		return err_note(err, "lease");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_system(err, errno, "lock lease %s", store->lease_name);
	store->lease = fd_take(&fd);
	return true;
}

void
lease_end(struct store *store)
{
	if (store->lease < 0)
		return;
	(void)unlinkat(store->folders[FOLDER_LEASE], store->lease_name, 0);
	fd_release(&store->lease);
}

/* What a full disk cut off must not take the next line with it. */
static bool
lease_end_line(struct store *store, struct err *err)
{
	if (store->lease_is_cut && !fd_write_all(store->lease, BYTES_LITERAL("\n"), err))
		return false;
	store->lease_is_cut = false;
	return true;
}

static bool
lease_append(struct store *store, struct bytes lines, struct err *err)
{
	if (!store_lock(store, false, err))
		return false;
	bool done = lease_ensure(store, err) && lease_end_line(store, err);
	if (done) {
		store->lease_is_cut = true;
		done = fd_write_all(store->lease, lines, err);
		store->lease_is_cut = !done;
	}
	store_unlock(store);
	return done || err_note(err, "lease of store %s", store->root);
}

static void
lease_line(struct store *store, enum lease_kind kind, const char *text, struct buf *lines)
{
	char line[72];
	int size = snprintf(line, sizeof line, "%c%s", kind, text);
	struct bytes key = bytes_of(line, (size_t)size);
	if (map_has(&store->leased, key))
		return;
	buf_add(lines, key);
	buf_add_byte(lines, '\n');
}

/* Counted as leased only once they are written. */
static void
lease_count(struct store *store, struct bytes lines)
{
	struct bytes line;
	while (bytes_split(&lines, '\n', &line))
		if (line.size)
			map_put(&store->leased, line, store);
}

bool
lease_add(struct store *store, enum lease_kind kind, const char *text, struct err *err)
{
	cleanup_buf struct buf lines = BUF(BUF_MAX);
	lease_line(store, kind, text, &lines);
	if (!lines.size)
		return true;
	if (!lease_append(store, buf_bytes(&lines), err))
		return false;
	lease_count(store, buf_bytes(&lines));
	return true;
}

bool
lease_add_many(struct store *store, enum lease_kind kind, const struct digest *digests,
	size_t count, struct err *err)
{
	cleanup_buf struct buf lines = BUF(BUF_MAX);
	for (size_t at = 0; at < count; at++)
		lease_line(store, kind, digest_print(&digests[at]).text, &lines);
	if (!lines.size)
		return true;
	if (!lease_append(store, buf_bytes(&lines), err))
		return false;
	lease_count(store, buf_bytes(&lines));
	return true;
}

static bool
lease_is_whole(struct bytes line)
{
	struct digest digest;
	struct cab_hash hash;
	struct git_id id;
	struct bytes text = bytes_from(line, 1);
	if (line.size == 0)
		return false;
	switch (line.data[0]) {
	case LEASE_OBJECT:
	case LEASE_NODE:
	case LEASE_BLOB:
		return digest_parse(text, &digest);
	case LEASE_READ:
		return cab_hash_parse(text, &hash) || git_id_parse(text, &id);
	}
	return false;
}

void
lease_decode(struct bytes text, struct map *out)
{
	struct bytes line;
	while (bytes_split(&text, '\n', &line))
		if (lease_is_whole(line))
			map_put(out, line, out);
}

struct lease_all {
	struct store *store;
	struct map *out;
};

static bool
lease_read_one(void *context, const char *name, struct err *err)
{
	struct lease_all *all = context;
	struct store *store = all->store;
	int folder = store->folders[FOLDER_LEASE];
	cleanup_fd int fd = fd_open_at(folder, name, O_RDONLY | O_NOFOLLOW, 0, err);
	if (fd < 0)
		return err->number == ENOENT;
	bool own = store->lease >= 0 && strcmp(name, store->lease_name) == 0;
	if (!own && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		/* Its process is gone, and nobody can make a new one while gc has the lock. */
		(void)unlinkat(folder, name, 0);
		return true;
	}
	cleanup_buf struct buf text = BUF(LEASE_MAX);
	if (!fd_read_all(fd, &text, err))
		return err_note(err, "lease %s", name);
	lease_decode(buf_bytes(&text), all->out);
	return true;
}

bool
lease_read_all(struct store *store, struct map *out, struct err *err)
{
	struct lease_all all = {store, out};
	return store_each(store->folders[FOLDER_LEASE], lease_read_one, &all, err);
}
