/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/open_store.h"
#include "cli/terminal.h"
#include "store/collect.h"
#include "store/index.h"
#include "store/read.h"
#include "store/store.h"
#include "store/verify.h"

enum { STORE_CAT_MAX = 1 << 30 };

/*
 * An object on the command line: its logical path, its physical one, a link to it (./result), or its name in store/; with a
 * path inside it after that.
 */
static bool
store_operand(struct store *store, const char *text, struct object_reference *out,
	struct buf *inside, struct err *err)
{
	cleanup_buf struct buf real = BUF(8192);
	char *resolved = NULL;
	struct stat status;
	struct bytes name = bytes_text(text);
	if (lstat(text, &status) == 0 && (S_ISLNK(status.st_mode) || *text != '/'))
		resolved = realpath(text, NULL);
	if (resolved)
		name = bytes_text(resolved);
	buf_format(&real, "%s/store/", store_root(store));
	if (bytes_has_prefix(name, buf_bytes(&real)))
		name = bytes_from(name, real.size);
	else if (bytes_has_prefix(name, BYTES_LITERAL(STORE_PREFIX)))
		name = bytes_from(name, sizeof STORE_PREFIX - 1);
	size_t slash = bytes_find(name, '/');
	bool found =
		object_file_parse(bytes_first(name, slash == SIZE_MAX ? name.size : slash), out);
	if (slash != SIZE_MAX)
		buf_add(inside, bytes_from(name, slash + 1));
	free(resolved);
	return found || err_set(err, ERR_NOT_FOUND, "%s is not an object of the store %s", text,
				store_root(store));
}

/* The same where only an object as a whole will do. */
static bool
store_whole(struct store *store, const char *text, struct object_reference *out, struct err *err)
{
	cleanup_buf struct buf inside = BUF(8192);
	return store_operand(store, text, out, &inside, err) &&
	       (!inside.size ||
		       err_set(err, ERR_REFUSED,
			       "%s lies in an object of the store: name the whole object", text));
}

static void
store_print_object(const struct object *object, bool json)
{
	struct store_path path = store_path_print(&object->path, object->name);
	if (json)
		printf("{\"path\":\"%s\",\"hash\":\"%s\",\"size\":%llu,\"files\":%llu}\n",
			path.text, cab_hash_print(&object->hash).text,
			(unsigned long long)object->size, (unsigned long long)object->files);
	else
		printf("%12llu  %s\n", (unsigned long long)object->size, path.text);
}

static bool
store_print_all(struct store *store, bool json, struct err *err)
{
	object_list list = {0};
	if (!store_list(store, &list, err))
		return false;
	for (size_t at = 0; at < list.size; at++)
		store_print_object(&list.data[at], json);
	object_list_release(&list);
	return true;
}

static void
store_print_entry(const struct tree_entry *entry, bool json)
{
	bool link = entry->kind == TREE_SYMLINK;
	cleanup_buf struct buf line = BUF(64 << 10);
	if (json) {
		buf_format(&line, "{\"kind\":\"%c\",\"name\":", entry->kind);
		terminal_add_json(&line, entry->name);
		if (link) {
			buf_add_text(&line, ",\"target\":");
			terminal_add_json(&line, entry->target);
		}
		buf_add_text(&line, "}");
	} else {
		buf_format(&line, "%c ", entry->kind);
		terminal_escape(entry->name, &line);
		if (link) {
			buf_add_text(&line, " -> ");
			terminal_escape(entry->target, &line);
		}
	}
	puts(buf_text(&line));
}

static bool
store_print_tree(struct store *store, const char *text, bool json, struct err *err)
{
	struct object_reference reference;
	cleanup_buf struct buf inside = BUF(8192);
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	cleanup_object struct object object = {0};
	struct tree_reader reader;
	struct tree_entry entry;
	if (!store_operand(store, text, &reference, &inside, err) ||
		!store_info(store, &reference.path, &object, err))
		return false;
	struct read_source source = {&object.hash, object.name, &object.path};
	if (!read_list(store, &source, buf_bytes(&inside), &node, err) ||
		!tree_reader_start(&reader, buf_bytes(&node), err))
		return err_note(err, "%s", text);
	while (tree_reader_next(&reader, &entry, err))
		store_print_entry(&entry, json);
	return reader.done;
}

bool
command_store_ls(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct store *store = open_store(options, err);
	if (!store)
		return false;
	bool done = options->operands.size
			    ? store_print_tree(store, options->operands.data[0], options->json, err)
			    : store_print_all(store, options->json, err);
	store_close(store);
	return done;
}

static bool
store_print_file(struct store *store, const struct options *options, struct err *err)
{
	struct object_reference reference;
	cleanup_buf struct buf inside = BUF(8192);
	cleanup_buf struct buf data = BUF(STORE_CAT_MAX);
	cleanup_object struct object object = {0};
	if (!store_operand(store, options->operands.data[0], &reference, &inside, err) ||
		!store_info(store, &reference.path, &object, err))
		return false;
	struct read_source source = {&object.hash, object.name, &object.path};
	if (!read_file(store, &source, buf_bytes(&inside), &data, err))
		return err_note(err, "%s", options->operands.data[0]);
	if (isatty(STDOUT_FILENO) && !options->raw) {
		cleanup_buf struct buf shown = BUF((size_t)8 * STORE_CAT_MAX);
		struct bytes rest = buf_bytes(&data);
		struct bytes line;
		while (rest.size && bytes_split(&rest, '\n', &line)) {
			terminal_escape(line, &shown);
			buf_add_byte(&shown, '\n');
		}
		return fd_write_all(STDOUT_FILENO, buf_bytes(&shown), err) ||
		       err_note(err, "standard output");
	}
	return fd_write_all(STDOUT_FILENO, buf_bytes(&data), err) ||
	       err_note(err, "standard output");
}

bool
command_store_cat(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct store *store = open_store(options, err);
	if (!store)
		return false;
	bool done = store_print_file(store, options, err);
	store_close(store);
	return done;
}

static bool
store_print_referrers(struct store *store, const struct digest *path, struct err *err)
{
	struct index *index = index_open(store, err);
	object_references list = {0};
	bool done = index && index_referrers(index, path, &list, err);
	for (size_t at = 0; done && at < list.size; at++)
		printf("needed by   %s\n",
			store_path_print(&list.data[at].path, list.data[at].name).text);
	array_release(&list);
	index_close(index);
	return done;
}

static bool
store_print_info(struct store *store, const char *text, bool json, struct err *err)
{
	struct object_reference reference;
	cleanup_object struct object object = {0};
	if (!store_whole(store, text, &reference, err) ||
		!store_info(store, &reference.path, &object, err))
		return false;
	if (json) {
		store_print_object(&object, true);
		return true;
	}
	char *physical = store_physical_path(store, &reference);
	printf("path        %s\nphysical    %s\nhash        %s\nsize        %llu bytes, %llu "
	       "names\n",
		store_path_print(&object.path, object.name).text, physical,
		cab_hash_print(&object.hash).text, (unsigned long long)object.size,
		(unsigned long long)object.files);
	free(physical);
	printf("made by     %s%s%s\n",
		object.vouch.kind == VOUCH_SELF  ? "this store"
		: object.vouch.kind == VOUCH_KEY ? "key "
						 : "realizer ",
		object.vouch.name, object.selves.size ? "; refers to itself" : "");
	for (size_t at = 0; at < object.references.size; at++)
		printf("refers to   %s\n", store_path_print(&object.references.data[at].path,
						   object.references.data[at].name)
						   .text);
	return store_print_referrers(store, &object.path, err);
}

bool
command_store_info(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct store *store = open_store(options, err);
	bool done = store != NULL;
	for (size_t at = 0; done && at < options->operands.size; at++)
		done = store_print_info(store, options->operands.data[at], options->json, err);
	store_close(store);
	return done;
}

bool
command_store_delete(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct store *store = open_store(options, err);
	bool done = store != NULL;
	for (size_t at = 0; done && at < options->operands.size; at++) {
		struct object_reference reference;
		done = store_whole(store, options->operands.data[at], &reference, err) &&
		       store_delete(store, &reference.path, err);
	}
	store_close(store);
	return done;
}

bool
command_store_gc(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct store *store = open_store(options, err);
	if (!store)
		return false;
	struct collect_options how = {
		.drop_sources = options->drop_sources, .dry_run = options->dry_run};
	struct collect_result result;
	bool done = store_collect(store, &how, &result, err);
	if (done)
		printf(options->json ? "%s{\"objects\":%llu,\"blobs\":%llu,\"nodes\":%llu,"
				       "\"records\":%llu,\"bytes\":%llu}\n"
				     : "%s%llu objects, %llu blobs, %llu nodes, %llu records: "
				       "%llu bytes\n",
			options->dry_run && !options->json ? "would take away " : "",
			(unsigned long long)result.objects, (unsigned long long)result.blobs,
			(unsigned long long)result.nodes, (unsigned long long)result.records,
			(unsigned long long)result.bytes);
	store_close(store);
	return done;
}

static void
store_on_fault(void *context, const char *sentence)
{
	const bool *json = (const bool *)context;
	cleanup_buf struct buf line = BUF(64 << 10);
	buf_add_text(&line, *json ? "{\"error\":" : "cab: ");
	if (*json)
		terminal_add_json(&line, bytes_text(sentence));
	else
		terminal_escape(bytes_text(sentence), &line);
	(void)fprintf(stderr, "%s%s\n", buf_text(&line), *json ? "}" : "");
}

static bool
store_verify_some(
	struct store *store, const struct options *options, int *status_out, struct err *err)
{
	for (size_t at = 0; at < options->operands.size; at++) {
		struct object_reference reference;
		if (!store_whole(store, options->operands.data[at], &reference, err))
			return false;
		if (store_verify_object(store, &reference.path, err))
			continue;
		if (err->kind != ERR_CORRUPT)
			return false;
		bool json = options->json;
		store_on_fault(&json, err->text);
		*status_out = 1;
	}
	return true;
}

bool
command_store_verify(const struct options *options, int *status_out, struct err *err)
{
	struct store *store = open_store(options, err);
	if (!store)
		return false;
	struct verify_result result = {0};
	bool json = options->json;
	bool done = options->operands.size
			    ? store_verify_some(store, options, status_out, err)
			    : store_verify(store, store_on_fault, &json, &result, err);
	if (done && !options->operands.size) {
		printf(options->json ? "{\"objects\":%llu,\"blobs\":%llu,\"nodes\":%llu,"
				       "\"records\":%llu,\"faults\":%llu}\n"
				     : "%llu objects, %llu blobs, %llu nodes, %llu records: "
				       "%llu faults\n",
			(unsigned long long)result.objects, (unsigned long long)result.blobs,
			(unsigned long long)result.nodes, (unsigned long long)result.records,
			(unsigned long long)result.faults);
		*status_out = result.faults ? 1 : 0;
	}
	store_close(store);
	return done;
}
