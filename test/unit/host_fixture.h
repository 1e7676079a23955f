/* SPDX-License-Identifier: MPL-2.0 */
/*
 * host_fixture: the imports of a guest, called natively: a memory of one exact allocation, so that
 * a sanitizer sees the first byte too many, and a working directory with a FIFO.
 *
 *     struct host_fixture fixture;
 *     fixture_open(&fixture);
 *     uint32_t at = fixture_put(&fixture, 100, BYTES_LITERAL("name"));
 *     int32_t result = CALL(&fixture, "path_create_directory", 3, at, 4);
 *     fixture_close(&fixture);
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "guest/abi.h"
#include "guest_host/host.h"
#include "guest_host/limits.h"
#include "guest_host/wasi.h"
#include "wire/wire.h"

enum { FIXTURE_MEMORY = 1 << 16, FIXTURE_WORK = 3 };

struct host_fixture {
	struct host *host;
	struct host_start start;
	char folder[64];
	int control; /* the realizer's end */
	int log;     /* to be read */
	int fifo[2];
	struct bytes texts[4];
};

static inline void
fixture_open(struct host_fixture *fixture)
{
	struct err err;
	memset(fixture, 0, sizeof *fixture);
	(void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/cab-host-test.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	char path[128];
	(void)snprintf(path, sizeof path, "%s/work", fixture->folder);
	assert_int_equal(mkdir(path, 0755), 0);
	fixture->start.directory = fd_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &err);
	assert_true(fixture->start.directory >= 0);
	assert_int_equal(mkfifoat(fixture->start.directory, "hash", 0600), 0);
	fixture->fifo[0] =
		openat(fixture->start.directory, "hash", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fixture->fifo[1] =
		openat(fixture->start.directory, "hash", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(wire_pair(&fixture->control, &fixture->start.control, &err));
	assert_true(fd_pipe(&fixture->log, &fixture->start.log, &err));
	assert_true(fd_set_blocking(fixture->log, false, &err));
	fixture->texts[0] = BYTES_LITERAL("one");
	fixture->texts[1] = BYTES_LITERAL("");
	fixture->texts[2] = BYTES_LITERAL("NAME=value");
	fixture->start.name = BYTES_LITERAL("program");
	fixture->start.arguments = fixture->texts;
	fixture->start.argument_count = 2;
	fixture->start.environment = fixture->texts + 2;
	fixture->start.environment_count = 1;
	fixture->start.seed = BYTES_LITERAL("0123456789abcdef0123456789abcdef");
	fixture->host = host_new(&fixture->start);
	fixture->host->memory = memory_zero(1, FIXTURE_MEMORY);
	fixture->host->memory_size = FIXTURE_MEMORY;
}

static inline void
fixture_close(struct host_fixture *fixture)
{
	struct err err;
	free(fixture->host->memory);
	host_free(fixture->host);
	fd_close(fixture->start.directory);
	fd_close(fixture->start.control);
	fd_close(fixture->start.log);
	fd_close(fixture->control);
	fd_close(fixture->log);
	fd_close(fixture->fifo[0]);
	fd_close(fixture->fifo[1]);
	assert_true(path_remove(AT_FDCWD, fixture->folder, &err));
}

static inline int32_t
fixture_call(
	struct host_fixture *fixture, const char *name, const uint64_t *arguments, size_t count)
{
	for (size_t at = 0; at < HOST_IMPORTS; at++) {
		if (strcmp(host_imports[at].name, name) != 0)
			continue;
		assert_int_equal(strlen(host_imports[at].parameters), count);
		return host_imports[at].function(fixture->host, arguments);
	}
	fail_msg("no import %s", name);
	return 0;
}

#define CALL(fixture, name, ...)                                                                   \
	fixture_call(fixture, name, (const uint64_t[]){__VA_ARGS__},                               \
		sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static inline uint32_t
fixture_put(struct host_fixture *fixture, uint32_t at, struct bytes data)
{
	assert_true(at + data.size <= FIXTURE_MEMORY);
	memcpy(fixture->host->memory + at, data.data, data.size);
	return at;
}

static inline uint32_t
fixture_u32(const struct host_fixture *fixture, uint32_t at)
{
	uint32_t number;
	memcpy(&number, fixture->host->memory + at, sizeof number);
	return number;
}

static inline uint64_t
fixture_u64(const struct host_fixture *fixture, uint32_t at)
{
	uint64_t number;
	memcpy(&number, fixture->host->memory + at, sizeof number);
	return number;
}

/* Opens a name, put at 60000; the guest's descriptor, or minus the errno. */
static inline int32_t
fixture_path_open(struct host_fixture *fixture, struct bytes name, unsigned flags, unsigned rights)
{
	uint32_t at = fixture_put(fixture, 60000, name);
	int32_t number = CALL(
		fixture, "path_open", FIXTURE_WORK, 0, at, name.size, flags, rights, 0, 0, 59996);
	return number ? -number : (int32_t)fixture_u32(fixture, 59996);
}

/* Writes one piece; the errno. */
static inline int32_t
fixture_write(struct host_fixture *fixture, int32_t fd, struct bytes data)
{
	uint32_t at = fixture_put(fixture, 40000, data);
	uint32_t vector[2] = {at, (uint32_t)data.size};
	fixture_put(fixture, 39992, bytes_of(vector, sizeof vector));
	return CALL(fixture, "fd_write", (uint32_t)fd, 39992, 1, 39988);
}

/* What is in the log so far. */
static inline const char *
fixture_log(struct host_fixture *fixture, char *room, size_t size)
{
	ssize_t count = read(fixture->log, room, size - 1);
	room[count > 0 ? count : 0] = '\0';
	return room;
}

#define FIXTURE_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_end)

static inline int
fixture_setup(void **state)
{
	struct host_fixture *fixture = memory_new(sizeof *fixture);
	fixture_open(fixture);
	*state = fixture;
	return 0;
}

static inline int
fixture_end(void **state)
{
	fixture_close(*state);
	free(*state);
	return 0;
}
