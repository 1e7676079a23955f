/* SPDX-License-Identifier: MPL-2.0 */
#include "store/index.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/trace.h"
#include "store/index_update.h"
#include "store/internal.h"

enum { INDEX_VERSION = 1, INDEX_BUSY_MILLISECONDS = 30000 };

static const char index_file[] = "index.sqlite";

static const char index_schema[] =
	"create table objects (path blob primary key, name text not null, hash text not null,"
	" size integer not null, files integer not null) without rowid;"
	"create index objects_hash on objects (hash);"
	"create table refs (target blob, source blob, primary key (target, source)) without rowid;"
	"create index refs_source on refs (source);"
	"pragma user_version = 1;";

struct index {
	struct store *store;
	sqlite3 *database;
};

static bool
index_fail(const struct index *index, const char *what, struct err *err)
{
	return err_set(err, ERR_CORRUPT, "index of store %s: %s: %s", index->store->root, what,
		index->database ? sqlite3_errmsg(index->database) : "no memory");
}

static bool
index_run(struct index *index, const char *text, struct err *err)
{
	return sqlite3_exec(index->database, text, NULL, NULL, NULL) == SQLITE_OK ||
	       index_fail(index, "write", err);
}

static sqlite3_stmt *
index_prepare(struct index *index, const char *text, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(index->database, text, -1, &statement, NULL) != SQLITE_OK)
		(void)index_fail(index, "prepare", err);
	return statement;
}

static void
index_bind_digest(sqlite3_stmt *statement, int column, const struct digest *digest)
{
	(void)sqlite3_bind_blob(statement, column, digest->bytes, DIGEST_SIZE, SQLITE_TRANSIENT);
}

/* Runs a statement that gives no rows, and makes it ready for the next. */
static bool
index_step(struct index *index, sqlite3_stmt *statement, struct err *err)
{
	int result = sqlite3_step(statement);
	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE || index_fail(index, "write", err);
}

/* One number of the first row. */
static bool
index_number(struct index *index, const char *text, int64_t *out, struct err *err)
{
	sqlite3_stmt *statement = index_prepare(index, text, err);
	if (!statement)
		return false;
	bool row = sqlite3_step(statement) == SQLITE_ROW;
	if (row)
		*out = sqlite3_column_int64(statement, 0);
	else
		(void)index_fail(index, "read", err);
	(void)sqlite3_finalize(statement);
	return row;
}

static bool
index_is_sound(struct index *index, struct err *err)
{
	sqlite3_stmt *statement = index_prepare(index, "pragma quick_check(1)", err);
	if (!statement)
		return false;
	bool sound = sqlite3_step(statement) == SQLITE_ROW &&
		     strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
	(void)sqlite3_finalize(statement);
	return sound || index_fail(index, "quick_check", err);
}

static bool
index_connect(struct index *index, bool check, struct err *err)
{
	char *path = NULL;
	bool shared = store_is_shared(index->store);
	must(asprintf(&path, "%s/%s", index->store->root, index_file) >= 0,
		"a path fits in memory");
	/* A cache's own index is not ours to write: its answers are made in memory. */
	int result = sqlite3_open_v2(shared ? path : ":memory:", &index->database,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	free(path);
	if (result != SQLITE_OK)
		return index_fail(index, "open", err);
	(void)sqlite3_busy_timeout(index->database, INDEX_BUSY_MILLISECONDS);
	int64_t version;
	if (!index_run(index, "pragma journal_mode = delete; pragma synchronous = normal;", err) ||
		(check && !index_is_sound(index, err)) ||
		!index_number(index, "pragma user_version", &version, err))
		return false;
	if (version == INDEX_VERSION)
		return true;
	if (version != 0)
		return err_set(err, ERR_CORRUPT, "index of store %s: has version %lld",
			index->store->root, (long long)version);
	if (!index_run(index, "begin immediate", err) ||
		!index_number(index, "pragma user_version", &version, err))
		return false;
	/* Another process may have made the tables while this one waited. */
	return (version == INDEX_VERSION || index_run(index, index_schema, err)) &&
	       index_run(index, "commit", err);
}

void
index_close(struct index *index)
{
	if (!index)
		return;
	(void)sqlite3_close(index->database);
	free(index);
}

static void
index_remove(struct store *store)
{
	(void)unlinkat(store->fd, index_file, 0);
	(void)unlinkat(store->fd, "index.sqlite-journal", 0);
}

static struct index *
index_start(struct store *store, bool check, struct err *err)
{
	for (int attempt = 0;; attempt++) {
		struct index *index = memory_zero(1, sizeof *index);
		index->store = store;
		if (index_connect(index, check, err))
			return index;
		index_close(index);
		if (attempt || !store_is_shared(store))
			return NULL;
		trace("store", "%s: made anew", err->text);
		index_remove(store);
	}
}

static bool
index_insert(struct index *index, const struct object *objects, size_t count, struct err *err)
{
	sqlite3_stmt *object =
		index_prepare(index, "insert or replace into objects values (?, ?, ?, ?, ?)", err);
	sqlite3_stmt *reference =
		index_prepare(index, "insert or replace into refs values (?, ?)", err);
	bool done = object && reference;
	for (size_t at = 0; done && at < count; at++) {
		const struct object *row = &objects[at];
		struct cab_hash_text hash = cab_hash_print(&row->hash);
		index_bind_digest(object, 1, &row->path);
		(void)sqlite3_bind_text(object, 2, row->name, -1, SQLITE_TRANSIENT);
		(void)sqlite3_bind_text(object, 3, hash.text, -1, SQLITE_TRANSIENT);
		(void)sqlite3_bind_int64(object, 4, (int64_t)row->size);
		(void)sqlite3_bind_int64(object, 5, (int64_t)row->files);
		done = index_step(index, object, err);
		for (size_t next = 0; done && next < row->references.size; next++) {
			index_bind_digest(reference, 1, &row->references.data[next].path);
			index_bind_digest(reference, 2, &row->path);
			done = index_step(index, reference, err);
		}
	}
	(void)sqlite3_finalize(object);
	(void)sqlite3_finalize(reference);
	return done;
}

static bool
index_erase(struct index *index, const struct digest *paths, size_t count, struct err *err)
{
	sqlite3_stmt *object = index_prepare(index, "delete from objects where path = ?", err);
	sqlite3_stmt *reference = index_prepare(index, "delete from refs where source = ?", err);
	bool done = object && reference;
	for (size_t at = 0; done && at < count; at++) {
		index_bind_digest(object, 1, &paths[at]);
		index_bind_digest(reference, 1, &paths[at]);
		done = index_step(index, object, err) && index_step(index, reference, err);
	}
	(void)sqlite3_finalize(object);
	(void)sqlite3_finalize(reference);
	return done;
}

void
index_update(struct store *store, const struct object *objects, size_t count)
{
	if (faccessat(store->fd, index_file, F_OK, 0) < 0)
		return;
	struct err err;
	struct index *index = index_start(store, false, &err);
	bool done = index && index_run(index, "begin immediate", &err) &&
		    index_insert(index, objects, count, &err) && index_run(index, "commit", &err);
	index_close(index);
	if (done)
		return;
	store_warn(store, "%s", err.text);
	index_remove(store);
}

void
index_forget(struct store *store, const struct digest *paths, size_t count)
{
	if (faccessat(store->fd, index_file, F_OK, 0) < 0)
		return;
	struct err err;
	struct index *index = index_start(store, false, &err);
	bool done = index && index_run(index, "begin immediate", &err) &&
		    index_erase(index, paths, count, &err) && index_run(index, "commit", &err);
	index_close(index);
	if (done)
		return;
	store_warn(store, "%s", err.text);
	index_remove(store);
}

static bool
index_paths(struct index *index, struct map *out, struct err *err)
{
	sqlite3_stmt *statement = index_prepare(index, "select path from objects", err);
	if (!statement)
		return false;
	int result;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		map_put(out,
			bytes_of(sqlite3_column_blob(statement, 0),
				(size_t)sqlite3_column_bytes(statement, 0)),
			index);
	(void)sqlite3_finalize(statement);
	return result == SQLITE_DONE || index_fail(index, "read", err);
}

/* Rows that no record backs go, records without a row come. */
static bool
index_reconcile(struct index *index, struct err *err)
{
	object_list objects = {0};
	object_list missing = {0};
	ARRAY(struct digest) extra = {0};
	struct map rows = {0};
	struct map records = {0};
	bool done = store_list(index->store, &objects, err) &&
		    index_run(index, "begin immediate", err) && index_paths(index, &rows, err);
	for (size_t at = 0; done && at < objects.size; at++) {
		map_put(&records, digest_bytes(&objects.data[at].path), index);
		if (!map_has(&rows, digest_bytes(&objects.data[at].path)))
			*array_push(&missing) = object_take(&objects.data[at]);
	}
	for (size_t at = 0; done && at < rows.size; at++) {
		struct bytes key = rows.entries[at].key;
		if (key.size == DIGEST_SIZE && !map_has(&records, key))
			memcpy(array_push(&extra)->bytes, key.data, DIGEST_SIZE);
	}
	done = done && index_insert(index, missing.data, missing.size, err) &&
	       index_erase(index, extra.data, extra.size, err) && index_run(index, "commit", err);
	array_release(&extra);
	map_release(&rows);
	map_release(&records);
	object_list_release(&missing);
	object_list_release(&objects);
	return done;
}

struct index *
index_open(struct store *store, struct err *err)
{
	struct index *index = index_start(store, true, err);
	if (!index || index_reconcile(index, err))
		return index;
	index_close(index);
	return NULL;
}

/* The rows of a select that has path and name for columns. */
static bool
index_references(
	struct index *index, sqlite3_stmt *statement, object_references *out, struct err *err)
{
	object_references list = {0};
	int result;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct object_reference *reference = array_push(&list);
		if (sqlite3_column_bytes(statement, 0) == DIGEST_SIZE)
			memcpy(reference->path.bytes, sqlite3_column_blob(statement, 0),
				DIGEST_SIZE);
		(void)snprintf(reference->name, sizeof reference->name, "%s",
			(const char *)sqlite3_column_text(statement, 1));
	}
	(void)sqlite3_finalize(statement);
	if (result != SQLITE_DONE) {
		array_release(&list);
		return index_fail(index, "read", err);
	}
	*out = list;
	return true;
}

bool
index_referrers(
	struct index *index, const struct digest *path, object_references *out, struct err *err)
{
	sqlite3_stmt *statement = index_prepare(index,
		"select path, name from refs join objects on path = source where target = ?"
		" order by path",
		err);
	if (!statement)
		return false;
	index_bind_digest(statement, 1, path);
	return index_references(index, statement, out, err);
}

bool
index_by_hash(
	struct index *index, const struct cab_hash *hash, object_references *out, struct err *err)
{
	sqlite3_stmt *statement = index_prepare(
		index, "select path, name from objects where hash = ? order by path", err);
	if (!statement)
		return false;
	(void)sqlite3_bind_text(statement, 1, cab_hash_print(hash).text, -1, SQLITE_TRANSIENT);
	return index_references(index, statement, out, err);
}

bool
index_totals(struct index *index, uint64_t *objects_out, uint64_t *bytes_out, struct err *err)
{
	int64_t objects;
	int64_t bytes;
	if (!index_number(index, "select count(*) from objects", &objects, err) ||
		!index_number(index, "select coalesce(sum(size), 0) from objects", &bytes, err))
		return false;
	*objects_out = (uint64_t)objects;
	*bytes_out = (uint64_t)bytes;
	return true;
}
