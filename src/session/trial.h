/* SPDX-License-Identifier: MPL-2.0 */
/*
 * trial: one run of a WebAssembly module by the real realizer, in a store of its own.
 *
 *     struct trial_request request = {.root = "/tmp/x/1", .module = "fetch.wasm", .arguments = …};
 *     if (!trial_run(&arena, &request, &outcome, err)) …           it could not be tried, or was interrupted
 *     use(outcome.done, outcome.identities);
 *
 * The module is the only input of a self-fixing derivation with these arguments, which may reach `origin` and nothing else.
 * The environment's CAB_ROOT is set to the root and CAB_CONFIG to nothing: no configuration of the user's has an effect.
 * Loopback may be reached; nothing is asked for twice. What fails in the run is an outcome; the store keeps what it made.
 */
#pragma once

#include "base/arena.h"
#include "base/loop.h"
#include "derivation/identity.h"
#include "store/object.h"

struct trial_request {
	const char *root;   /* absolute; made where it is not there */
	const char *module; /* a file */
	const struct bytes *arguments;
	size_t argument_count;
	struct bytes origin; /* or empty */
	const struct identity *pin;
	size_t pin_count; /* 0: it is asked for its identity */
	/* Called before and after the loop runs, for whoever has something to watch meanwhile. */
	void *context;
	void (*begin)(void *context, struct loop *loop);
	void (*end)(void *context);
};

struct trial_outcome {
	bool started; /* the module was accepted, and ran */
	bool done;
	bool stopped;                      /* at a line that was known */
	const struct identity *identities; /* of a run that is done: `cab` with its hash last */
	size_t identity_count;
	struct cab_hash hash;
	const char *output; /* physical path of the object; NULL where none was made */
	const char *why;    /* why it is not done, with the last line of the log */
};

/* The outcome is of the arena. */
MUST_CHECK bool trial_run(struct arena *arena, const struct trial_request *request,
	struct trial_outcome *out, struct err *err);
