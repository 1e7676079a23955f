/* SPDX-License-Identifier: MPL-2.0 */
/*
 * place: a folder with inputs and an output, and a sandbox that shows them to the hostile program.
 *
 *     escape       /escape, the program        link   /link -> aside
 *     in/file      /in, read-only              out/   /out, writable, of the host's id for slot 0
 *     single       /single, read-only                 /scratch, in memory
 */
#pragma once

#include "base/buf.h"
#include "sandbox/sandbox.h"

enum { PLACE_ENTRIES = 6 };

struct place {
	char path[64];
	int fd;
	struct sandbox *sandbox;
	char *sources[PLACE_ENTRIES];
	struct sandbox_entry entries[PLACE_ENTRIES];
	const char *arguments[4];
	struct sandbox_spec spec;
};

/* cmocka's set-up and teardown of a group. CAB_TEST_HELPER is the path of the program; the place is made
 * in its folder. */
int place_setup(void **state);
int place_teardown(void **state);

/* A spec that runs one case; borrowed from the place until the next one. */
struct sandbox_spec *place_spec(struct place *place, const char *name, const char *argument);

/* Runs it to its end, and fails the test unless it ended with `code`. */
struct sandbox_result place_run(
	struct place *place, const struct sandbox_spec *given, struct buf *output, int code);
