/* SPDX-License-Identifier: MPL-2.0 */
/*
 * store_fixture: a folder of a test's own with a store in it, and short hands for trees.
 *
 *     cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
 *     struct place *place = *state;
 *
 * Made under $TMPDIR, else /tmp. Each function fails the test with the error's own sentence.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"
#include "store/store.h"

struct place {
	char path[256];
	char root[300];
	int fd;
	struct store *store;
};

#define good(expression)                                                                           \
	do {                                                                                       \
		struct err err;                                                                    \
		err_clear(&err);                                                                   \
		if (!(expression))                                                                 \
			fail_msg("%s: %s", #expression, err.text);                                 \
	} while (0)
#define bad(expression, kind_expected)                                                             \
	do {                                                                                       \
		struct err err;                                                                    \
		err_clear(&err);                                                                   \
		if (expression)                                                                    \
			fail_msg("%s did not fail", #expression);                                  \
		if (err.kind != (kind_expected))                                                   \
			fail_msg("%s: kind %d: %s", #expression, (int)err.kind, err.text);         \
	} while (0)

static inline void
place_open(struct place *place)
{
	good((place->store = store_open(place->root, STORE_CREATE, &err)));
}

static inline void
place_reopen(struct place *place)
{
	store_close(place->store);
	place_open(place);
}

static inline int
place_setup(void **state)
{
	struct place *place = memory_zero(1, sizeof *place);
	const char *base = getenv("TMPDIR");
	(void)snprintf(
		place->path, sizeof place->path, "%s/cab-store-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(place->path));
	(void)snprintf(place->root, sizeof place->root, "%s/cull", place->path);
	place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(place->fd >= 0);
	place_open(place);
	*state = place;
	return 0;
}

static inline int
place_teardown(void **state)
{
	struct place *place = *state;
	store_close(place->store);
	fd_close(place->fd);
	good(path_remove(AT_FDCWD, place->path, &err));
	free(place);
	return 0;
}

/* A name beneath a folder; folders on the way are made. mode 0: a symlink whose target is the text.
 */
static inline void
put(int folder, const char *path, const char *text, mode_t mode)
{
	struct bytes parent = path_folder(bytes_text(path));
	char above[1024];
	(void)snprintf(above, sizeof above, "%.*s", BYTES_ARGS(parent));
	if (strcmp(above, ".") != 0)
		good(path_make_folders(folder, above, 0755, &err));
	if (mode == 0) {
		assert_int_equal(symlinkat(text, folder, path), 0);
		return;
	}
	cleanup_fd int fd = openat(folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	good(fd_write_all(fd, bytes_text(text), &err));
	assert_int_equal(fchmod(fd, mode), 0);
}

static inline void
put_folder(int folder, const char *path)
{
	good(path_make_folders(folder, path, 0755, &err));
}

static inline struct staging
stage(struct store *store)
{
	struct staging staging = {.folder = -1};
	good(store_stage(store, &staging, &err));
	return staging;
}

/* Adds staging/out and ends the staging. */
static inline struct object
add(struct store *store, struct staging *staging, const char *name)
{
	struct object object = {0};
	struct store_add_options options = {.name = name};
	good(store_add(store, staging->folder, "out", &options, &object, &err));
	store_unstage(staging);
	return object;
}

/* A folder with one file. */
static inline struct object
add_text(struct store *store, const char *name, const char *text)
{
	struct staging staging = stage(store);
	put(staging.folder, "out/file", text, 0644);
	return add(store, &staging, name);
}

/* A folder with one file that refers to another object. */
static inline struct object
add_reference(struct store *store, const char *name, const struct object *other)
{
	struct staging staging = stage(store);
	put(staging.folder, "out/file", store_path_print(&other->path, other->name).text, 0644);
	struct object object = {0};
	struct store_add_options options = {.name = name};
	*array_push(&options.references) = (struct object_reference){.path = other->path};
	(void)stpcpy(options.references.data[0].name, other->name);
	good(store_add(store, staging.folder, "out", &options, &object, &err));
	array_release(&options.references);
	store_unstage(&staging);
	return object;
}

static inline struct object_reference
reference_of(const struct object *object)
{
	struct object_reference reference = {.path = object->path};
	(void)stpcpy(reference.name, object->name);
	return reference;
}

/* "store/<digest>-<name>" and what follows, beneath the root. */
static inline const char *
lies_at(const struct object *object, const char *inside, char text[1024])
{
	(void)snprintf(text, 1024, "cull/store/%s%s%s",
		object_file_print(&object->path, object->name).text, *inside ? "/" : "", inside);
	return text;
}

/* How many names a folder of the place has. */
static inline size_t
count_names(const struct place *place, const char *path)
{
	char command[1024];
	(void)snprintf(
		command, sizeof command, "find %s/%s -mindepth 1 | wc -l", place->path, path);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	char line[64] = "";
	assert_non_null(fgets(line, sizeof line, pipe));
	assert_int_equal(pclose(pipe), 0);
	return strtoul(line, NULL, 10);
}

static inline struct digest
digest_text(const char *text)
{
	struct digest digest;
	assert_true(digest_parse(bytes_text(text), &digest));
	return digest;
}

static inline void
flip_byte(const struct place *place, const char *path, off_t at)
{
	/* As a disk would: no time and no mode tells of it. */
	struct stat status;
	uint8_t byte = 0;
	assert_int_equal(fstatat(place->fd, path, &status, 0), 0);
	assert_int_equal(fchmodat(place->fd, path, status.st_mode | 0200, 0), 0);
	cleanup_fd int fd = openat(place->fd, path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_int_equal(fchmod(fd, status.st_mode & 07777), 0);
	struct timespec times[2] = {status.st_atim, status.st_mtim};
	assert_int_equal(futimens(fd, times), 0);
}
