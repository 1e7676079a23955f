/* SPDX-License-Identifier: MPL-2.0 */
#include "store/verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "store/blob.h"
#include "store/claim.h"
#include "store/commit.h"
#include "store/internal.h"
#include "store/inventory.h"
#include "store/memo.h"
#include "store/normal.h"
#include "store/read.h"
#include "store/realization.h"
#include "store/record.h"
#include "store/tree_nodes.h"
#include "store/verify_tree.h"

/* A crash between the rename and what follows it leaves the root's mode and time, and nothing else,
 * undone. */
static bool
verify_mend(struct store *store, const char *file, bool *mended, struct err *err)
{
	struct stat status;
	int folder = store->folders[FOLDER_STORE];
	*mended = false;
	if (!store_is_shared(store) || fstatat(folder, file, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISDIR(status.st_mode) ||
		((status.st_mode & 07777) == 0555 && status.st_mtim.tv_sec == 1 &&
			status.st_mtim.tv_nsec == 0))
		return true;
	*mended = true;
	return normal_seal(folder, file, TREE_DIRECTORY, true, err) ||
	       err_note(err, "store/%s", file);
}

static bool
verify_tree_inventory(struct store *store, const struct object *object, struct inventory *inventory,
	struct err *err)
{
	struct object_file file = object_file_print(&object->path, object->name);
	struct tree_limits limits = {.size = UINT64_MAX, .files = UINT32_MAX - 1};
	struct object copy;
	if (!inventory_walk(inventory, store->folders[FOLDER_STORE], file.text, INVENTORY_CHECK,
		    &limits, err) ||
		!inventory_digest(inventory, &object->selves, err))
		return false;
	struct cab_hash hash = inventory_hash(inventory);
	if (!cab_hash_equal(&hash, &object->hash))
		return err_set(err, ERR_CORRUPT, "store/%s: its hash is %s, not %s", file.text,
			cab_hash_print(&hash).text, cab_hash_print(&object->hash).text);
	struct cab_hash blanked = inventory_blanked(inventory);
	object_copy(object, &copy);
	struct digest path = object_path(&blanked, object->name, &copy.references, &copy.selves);
	object_release(&copy);
	if (!digest_equal(&path, &object->path) ||
		(object->selves.size &&
			memcmp(digest_print(&path).text, inventory->letters, DIGEST_TEXT) != 0))
		return err_set(
			err, ERR_CORRUPT, "store/%s: its path does not follow from it", file.text);
	return true;
}

bool
verify_tree(struct store *store, const struct object *object, struct err *err)
{
	bool mended;
	cleanup_inventory struct inventory inventory = {0};
	return verify_tree_inventory(store, object, &inventory, err) &&
	       verify_mend(
		       store, object_file_print(&object->path, object->name).text, &mended, err);
}

bool
store_verify_object(struct store *store, const struct digest *path, struct err *err)
{
	cleanup_object struct object object = {0};
	return store_object_record(store, path, &object, err) && verify_tree(store, &object, err);
}

struct verify {
	struct store *store;
	verify_fault *fault;
	void *context;
	struct verify_result result;
	struct map inodes; /* those of objects: their bytes were hashed under one kind and digest */
	enum store_folder folder;
};

static void verify_say(struct verify *verify, const char *format, ...) PRINTF(2, 3);

static void
verify_say(struct verify *verify, const char *format, ...)
{
	char sentence[ERR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	verify->result.faults++;
	if (verify->fault)
		verify->fault(verify->context, sentence);
}

/* What was hashed as part of an object need not be hashed as a blob, if its name says the same. */
struct verify_inode {
	uint64_t inode;
	struct digest digest;
};

static void
verify_remember(struct verify *verify, const struct inventory *inventory)
{
	for (size_t at = 0; at < inventory->entries.size; at++) {
		const struct inventory_entry *entry = &inventory->entries.data[at];
		if (entry->links < 2 || entry->kind == TREE_DIRECTORY)
			continue;
		struct verify_inode key;
		memset(&key, 0, sizeof key);
		key.inode = entry->inode;
		key.digest = entry->digest;
		map_put(&verify->inodes, bytes_of(&key, sizeof key), verify);
	}
}

static bool
verify_references(struct verify *verify, const struct object *object)
{
	bool good = true;
	for (size_t at = 0; at < object->references.size; at++) {
		const struct object_reference *reference = &object->references.data[at];
		struct object_file file = object_file_print(&reference->path, reference->name);
		if (store_has_tree(verify->store, &reference->path, reference->name))
			continue;
		verify_say(verify, "store/%s: refers to store/%s, which is not there",
			object_file_print(&object->path, object->name).text, file.text);
		good = false;
	}
	return good;
}

/* What gc took away meanwhile is no fault. */
static bool
verify_is_registered(const struct store *store, const char *name)
{
	return faccessat(store->folders[FOLDER_OBJECTS], name, F_OK, 0) == 0;
}

static bool
verify_object(void *context, const char *name, struct err *err)
{
	struct verify *verify = context;
	struct store *store = verify->store;
	struct digest path;
	cleanup_object struct object object = {0};
	struct err fault;
	verify->result.objects++;
	if (!digest_parse(bytes_from(bytes_text(name), 3), &path)) {
		verify_say(verify, "objects/%s: not the name of a record", name);
		return true;
	}
	if (!store_object_record(store, &path, &object, &fault)) {
		if (fault.kind != ERR_NOT_FOUND)
			verify_say(verify, "objects/%s: %s", name, fault.text);
		return true;
	}
	bool mended;
	if (!verify_mend(store, object_file_print(&path, object.name).text, &mended, err))
		return false;
	verify->result.mended += mended;
	cleanup_inventory struct inventory inventory = {0};
	if (verify_tree_inventory(store, &object, &inventory, &fault))
		verify_remember(verify, &inventory);
	else if (verify_is_registered(store, name))
		verify_say(verify, "store/%s: %s", object_file_print(&path, object.name).text,
			fault.text);
	(void)verify_references(verify, &object);
	return true;
}

static bool
verify_blob(void *context, const char *name, struct err *err)
{
	struct verify *verify = context;
	(void)err;
	struct bytes text = bytes_text(name);
	char kind = bytes_has_suffix(text, BYTES_LITERAL(".x")) ? TREE_EXECUTABLE : TREE_FILE;
	struct verify_inode key;
	memset(&key, 0, sizeof key);
	verify->result.blobs++;
	size_t ending = kind == TREE_EXECUTABLE ? 2 : 0;
	if (!digest_parse(bytes_first(text, text.size - ending), &key.digest)) {
		verify_say(verify, "blobs/%s: not the name of a blob", name);
		return true;
	}
	struct err fault;
	struct stat status;
	cleanup_fd int fd = fd_open_at(verify->store->folders[FOLDER_BLOBS], name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fault);
	if (fd < 0) {
		if (fault.number != ENOENT)
			verify_say(verify, "blobs/%s: %s", name, fault.text);
		return true;
	}
	if (fstat(fd, &status) == 0) {
		key.inode = status.st_ino;
		if (map_has(&verify->inodes, bytes_of(&key, sizeof key)))
			return true;
	}
	if (!blob_check(fd, &key.digest, kind, &fault))
		verify_say(verify, "blobs/%s: %s", name, fault.text);
	return true;
}

static bool
verify_node(void *context, const char *name, struct err *err)
{
	struct verify *verify = context;
	struct digest digest;
	struct err fault;
	(void)err;
	verify->result.nodes++;
	if (!digest_parse(bytes_text(name), &digest)) {
		verify_say(verify, "nodes/%s: not the name of a node", name);
		return true;
	}
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	if (!store_record_file(verify->store, FOLDER_NODES, name, &node, &fault)) {
		if (fault.kind != ERR_NOT_FOUND)
			verify_say(verify, "nodes/%s: %s", name, fault.text);
		return true;
	}
	struct digest found = digest_of(buf_bytes(&node));
	if (!digest_equal(&found, &digest))
		verify_say(verify, "nodes/%s: its bytes have the digest %s", name,
			digest_print(&found).text);
	else if (!tree_node_check(buf_bytes(&node), &fault))
		verify_say(verify, "nodes/%s: %s", name, fault.text);
	return true;
}

/* Whether all blocks of a record decode and belong to its name. */
static bool
verify_record_decodes(
	enum store_folder folder, struct bytes text, struct bytes data, struct err *err)
{
	struct digest key;
	struct cab_hash hash;
	if (folder == FOLDER_READS) {
		struct read_record record;
		struct git_id id;
		if (git_id_parse(text, &id)) {
			struct commit_record commit = {0};
			bool done = commit_record_decode(data, &id, &commit, err);
			commit_record_release(&commit);
			return done;
		}
		if (!cab_hash_parse(text, &hash))
			return err_set(err, ERR_CORRUPT, "not the name of a record");
		if (!read_record_decode(data, &hash, &record, err))
			return false;
		read_record_release(&record);
		return true;
	}
	if (!digest_parse(text, &key))
		return err_set(err, ERR_CORRUPT, "not the name of a record");
	while (data.size) {
		if (folder == FOLDER_IDENTITIES) {
			struct claim claim;
			if (!claim_decode(&data, &key, &claim, err))
				return false;
			continue;
		}
		struct realization realization;
		if (!realization_decode(&data, &key, &realization, err))
			return false;
		realization_release(&realization);
	}
	return true;
}

static bool
verify_record(void *context, const char *name, struct err *err)
{
	struct verify *verify = context;
	struct err fault;
	(void)err;
	verify->result.records++;
	cleanup_buf struct buf data = BUF(RECORD_MAX);
	bool good = store_record_file(verify->store, verify->folder, name, &data, &fault);
	if (!good && fault.kind == ERR_NOT_FOUND)
		return true;
	if (!good || !verify_record_decodes(verify->folder, bytes_from(bytes_text(name), 3),
			     buf_bytes(&data), &fault))
		verify_say(
			verify, "%s/%s: %s", store_folder_name(verify->folder), name, fault.text);
	return true;
}

/* What only saves work for later runs: damaged, it would be passed over. */
static bool
verify_hint(void *context, const char *name, struct err *err)
{
	struct verify *verify = context;
	struct store *store = verify->store;
	bool is_memo = verify->folder == FOLDER_MEMOS;
	struct bytes text = bytes_from(bytes_text(name), 3);
	struct digest key;
	struct cab_hash hash;
	struct memo memo;
	struct tree_nodes nodes;
	struct err fault;
	(void)err;
	verify->result.records++;
	cleanup_buf struct buf data = BUF((size_t)MEMO_MAX + MEMO_HEAD_MAX);
	bool good = is_memo ? digest_parse(text, &key) &&
				      store_record_file(store, FOLDER_MEMOS, name, &data, &fault) &&
				      memo_decode(buf_bytes(&data), &key, true, &memo, &fault)
			    : cab_hash_parse(text, &hash) &&
				      tree_nodes_load(store, &hash, &nodes, &fault);
	if (good && !is_memo)
		tree_nodes_release(&nodes);
	if (!good && faccessat(store->folders[verify->folder], name, F_OK, 0) == 0)
		verify_say(verify, "%s/%s: damaged, or not the name of one; it may be deleted",
			store_folder_name(verify->folder), name);
	return true;
}

bool
store_verify(struct store *store, verify_fault *fault, void *context, struct verify_result *out,
	struct err *err)
{
	static const enum store_folder records[] = {
		FOLDER_REALIZATIONS, FOLDER_IDENTITIES, FOLDER_READS};
	struct verify verify = {.store = store, .fault = fault, .context = context};
	bool done =
		store_each_sharded(store->folders[FOLDER_OBJECTS], verify_object, &verify, err) &&
		store_each(store->folders[FOLDER_BLOBS], verify_blob, &verify, err) &&
		store_each(store->folders[FOLDER_NODES], verify_node, &verify, err);
	for (size_t at = 0; done && at < sizeof records / sizeof *records; at++) {
		verify.folder = records[at];
		done = store_each_sharded(
			store->folders[verify.folder], verify_record, &verify, err);
	}
	for (int memos = 0; done && memos < 2; memos++) {
		verify.folder = memos ? FOLDER_MEMOS : FOLDER_TREES;
		done = store_each_sharded(store->folders[verify.folder], verify_hint, &verify, err);
	}
	map_release(&verify.inodes);
	if (done)
		*out = verify.result;
	return done;
}
