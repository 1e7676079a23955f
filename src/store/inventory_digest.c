/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/inventory.h"
#include "store/normal.h"
#include "store/parallel.h"

enum { INVENTORY_CHUNK = 64 << 10 };

/* The files of an inventory, for the threads. */
struct inventory_files {
	struct inventory *inventory;
	ARRAY(uint32_t) indices;
};

/* Blanks what of the self-references lies in a chunk that begins at `start`. */
static void
inventory_blank(const struct inventory_entry *entry, uint8_t *chunk, size_t size, uint64_t start)
{
	for (size_t at = 0; at < entry->self_count; at++) {
		uint64_t from = entry->selves[at].offset;
		uint64_t to = from + DIGEST_TEXT;
		if (to <= start || from >= start + size)
			continue;
		from = from > start ? from - start : 0;
		to = to - start < size ? to - start : size;
		memset(chunk + from, '0', (size_t)(to - from));
	}
}

static bool
inventory_hash_bytes(struct inventory_entry *entry, int fd, struct digester *plain, struct err *err)
{
	struct digester *blanked = entry->self_count ? digester_new() : NULL;
	uint8_t *chunk = memory_new(INVENTORY_CHUNK);
	uint64_t done = 0;
	bool good = true;
	for (;;) {
		ssize_t size = fd_read_some(fd, chunk, INVENTORY_CHUNK, err);
		good = size >= 0;
		if (size <= 0)
			break;
		digester_add(plain, bytes_of(chunk, (size_t)size));
		if (blanked) {
			inventory_blank(entry, chunk, (size_t)size, done);
			digester_add(blanked, bytes_of(chunk, (size_t)size));
		}
		done += (uint64_t)size;
		if ((size_t)size < INVENTORY_CHUNK)
			break;
	}
	entry->digest = digester_finish(plain);
	entry->blanked = blanked ? digester_finish(blanked) : entry->digest;
	digester_free(blanked);
	free(chunk);
	if (good && done != entry->size)
		return err_set(err, ERR_CORRUPT, "changed while it was read");
	return good;
}

static bool
inventory_hash_file(
	const struct inventory *inventory, struct inventory_entry *entry, int fd, struct err *err)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return err_system(err, errno, "status");
	if (!S_ISREG(status.st_mode) || status.st_ino != entry->inode ||
		(uint64_t)status.st_size != entry->size)
		return err_set(err, ERR_CORRUPT, "changed while it was read");
	bool normalise = inventory->mode == INVENTORY_NORMALISE;
	if (normalise && !normal_make_file(fd, &status, entry->kind, err))
		return false;
	if (entry->size <= INVENTORY_CHUNK && !entry->self_count) {
		uint8_t small[INVENTORY_CHUNK];
		ssize_t size = fd_read_some(fd, small, sizeof small, err);
		if (size < 0)
			return false;
		if ((uint64_t)size != entry->size)
			return err_set(err, ERR_CORRUPT, "changed while it was read");
		entry->digest = digest_of(bytes_of(small, (size_t)size));
		entry->blanked = entry->digest;
	} else {
		struct digester *digester = digester_new();
		bool hashed = inventory_hash_bytes(entry, fd, digester, err);
		digester_free(digester);
		if (!hashed)
			return false;
	}
	return !normalise || normal_make_time(fd, err);
}

static bool
inventory_hash_step(void *context, size_t index, struct err *err)
{
	struct inventory_files *files = context;
	struct inventory *inventory = files->inventory;
	size_t at = files->indices.data[index];
	cleanup_fd int fd = inventory_open(inventory, at, O_RDONLY | O_NONBLOCK, err);
	if (fd < 0)
		return false;
	return inventory_hash_file(inventory, &inventory->entries.data[at], fd, err) ||
	       inventory_note(inventory, at, err);
}

/* Reads the letters at one self-reference. */
static bool
inventory_read_self(const struct inventory *inventory, size_t at, uint64_t offset,
	char letters[DIGEST_TEXT], struct err *err)
{
	const struct inventory_entry *entry = &inventory->entries.data[at];
	bool link = entry->kind == TREE_SYMLINK;
	uint64_t size = link ? entry->target.size : entry->size;
	if (entry->kind == TREE_DIRECTORY || size < DIGEST_TEXT || offset > size - DIGEST_TEXT)
		return err_set(err, ERR_CORRUPT, "a self-reference lies outside of it");
	if (link) {
		memcpy(letters, entry->target.data + offset, DIGEST_TEXT);
		return true;
	}
	cleanup_fd int fd = inventory_open(inventory, at, O_RDONLY | O_NONBLOCK, err);
	if (fd < 0)
		return false;
	ssize_t count = pread(fd, letters, DIGEST_TEXT, (off_t)offset);
	if (count != DIGEST_TEXT)
		return err_system(err, count < 0 ? errno : EIO, "read a self-reference");
	return true;
}

static bool
inventory_attach_self(
	struct inventory *inventory, const object_selves *selves, size_t index, struct err *err)
{
	const struct object_self *self = &selves->data[index];
	size_t at = inventory_find(inventory, self->path);
	if (at == SIZE_MAX)
		return err_set(err, ERR_CORRUPT, "self-reference in %.*s, which is not in the tree",
			BYTES_ARGS(self->path));
	struct inventory_entry *entry = &inventory->entries.data[at];
	if (entry->self_count == 0)
		entry->selves = self;
	else if (self->offset < self[-1].offset + DIGEST_TEXT)
		return err_set(err, ERR_CORRUPT, "two self-references overlap") ||
		       inventory_note(inventory, at, err);
	entry->self_count++;
	char letters[DIGEST_TEXT];
	if (!inventory_read_self(inventory, at, self->offset, letters, err))
		return inventory_note(inventory, at, err);
	if (index == 0)
		memcpy(inventory->letters, letters, sizeof letters);
	else if (memcmp(inventory->letters, letters, sizeof letters) != 0)
		return err_set(err, ERR_CORRUPT, "its self-references differ") ||
		       inventory_note(inventory, at, err);
	return true;
}

static void
inventory_digest_folder(struct inventory *inventory, size_t at, struct buf *node)
{
	struct inventory_entry *entry = &inventory->entries.data[at];
	buf_clear(node);
	inventory_node(inventory, at, false, node);
	entry->digest = digest_of(buf_bytes(node));
	entry->blanked = entry->digest;
	if (!inventory->blanking)
		return;
	buf_clear(node);
	inventory_node(inventory, at, true, node);
	entry->blanked = digest_of(buf_bytes(node));
}

/* Only the root's counts: elsewhere the target itself stands in the node. */
static void
inventory_digest_target(struct inventory_entry *entry)
{
	uint8_t target[TREE_TARGET_MAX];
	entry->digest = digest_of(entry->target);
	memcpy(target, entry->target.data, entry->target.size);
	inventory_blank(entry, target, entry->target.size, 0);
	entry->blanked = digest_of(bytes_of(target, entry->target.size));
}

bool
inventory_digest(struct inventory *inventory, const object_selves *selves, struct err *err)
{
	inventory->blanking = selves && selves->size;
	for (size_t at = 0; selves && at < selves->size; at++)
		if (!inventory_attach_self(inventory, selves, at, err))
			return false;

	struct inventory_files files = {.inventory = inventory};
	for (size_t at = 0; at < inventory->entries.size; at++) {
		char kind = inventory->entries.data[at].kind;
		if ((kind == TREE_FILE || kind == TREE_EXECUTABLE) &&
			!inventory->entries.data[at].is_reused)
			*array_push(&files.indices) = (uint32_t)at;
	}
	bool hashed = parallel_each(files.indices.size, inventory_hash_step, &files, err);
	array_release(&files.indices);
	if (!hashed)
		return false;

	cleanup_buf struct buf node = BUF(BUF_MAX);
	for (size_t at = inventory->entries.size; at-- > 0;) {
		struct inventory_entry *entry = &inventory->entries.data[at];
		if (entry->kind == TREE_DIRECTORY) {
			inventory_digest_folder(inventory, at, &node);
			if (node.size > TREE_NODE_MAX)
				return err_set(err, ERR_LIMIT, "too many names in one folder") ||
				       inventory_note(inventory, at, err);
		} else if (entry->kind == TREE_SYMLINK) {
			inventory_digest_target(entry);
		}
	}
	return true;
}

bool
store_hash_tree(int folder, const char *name, const struct tree_limits *limits,
	object_selves *selves, struct tree_facts *out, struct err *err)
{
	if (selves)
		object_selves_sort(selves);
	cleanup_inventory struct inventory inventory = {0};
	if (!inventory_walk(&inventory, folder, name, INVENTORY_LOOK, limits, err) ||
		!inventory_digest(&inventory, selves, err))
		return false;
	*out = (struct tree_facts){
		.hash = inventory_hash(&inventory),
		.blanked = inventory_blanked(&inventory),
		.size = inventory.size,
		.files = inventory.entries.size,
	};
	return true;
}
