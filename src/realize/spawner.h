/* SPDX-License-Identifier: MPL-2.0 */
/*
 * spawner: the realizer's end of cab-guest (src/wire/spawner.h): compiled modules, and guest processes.
 *
 *     struct spawner *spawner = spawner_new(loop, store, "…/libexec/cab/cab-guest", island_wasm);
 *     int artifact = spawner_artifact(spawner, module, err);      a sealed memory file, compiled once, then from the store
 *     spawner_run(spawner, &request, started, context, err);
 *     spawner_free(spawner);
 *
 * The spawner process is started at the first run and holds the artifact of island.wasm. `started` is called
 * from the loop, once, with the pidfd of the guest, which is this process's own child, or with -1 and why.
 */
#pragma once

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/loop.h"

struct spawner;
struct store;

struct spawner_request {
	struct bytes name;
	const struct bytes *arguments;
	size_t argument_count;
	const struct bytes *environment; /* NAME=VALUE */
	size_t environment_count;
	const char *store; /* the folder of the inputs, absolute; NULL where there are none */
	const struct bytes *inputs; /* names in it */
	size_t input_count;
	uint32_t uid;
	uint32_t gid;
	uint64_t memory;    /* bytes of linear memory */
	struct digest seed; /* of random_get */
	int folder;         /* the working directory; these three are borrowed, and sent */
	int control;
	int log;
	int artifact; /* -1: island.wasm */
};

/* pidfd is owned by the callee; -1 with `why`. */
typedef void spawner_started(void *context, int pid, int pidfd, struct bytes why);

/* `module` is island.wasm, borrowed for the spawner's life. */
struct spawner *spawner_new(
	struct loop *loop, struct store *store, const char *program, struct bytes module);
/* The process ends while the caller does something else; spawner_free, which is next, waits for it. */
void spawner_kill(struct spawner *spawner);
void spawner_free(struct spawner *spawner);

/* -1 and *err on failure: ERR_REFUSED says why the module is not valid. Blocks while it compiles. */
int spawner_artifact(struct spawner *spawner, struct bytes module, struct err *err);

/* Starts the process now, so that it is ready when the first guest comes. */
MUST_CHECK bool spawner_start(struct spawner *spawner, struct err *err);
MUST_CHECK bool spawner_run(struct spawner *spawner, const struct spawner_request *request,
	spawner_started *started, void *context, struct err *err);
/* The run's end is not wanted any more: `started` is not called; a guest that starts all the same is killed. */
void spawner_forget(struct spawner *spawner, void *context);
