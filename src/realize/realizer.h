/* SPDX-License-Identifier: MPL-2.0 */
/*
 * realizer: whatever runs derivations and holds a store. The seam of cab: plan/ sees this and nothing else, so
 * the realizer in this process (embedded.h) and one behind a wire are the same to it.
 *
 *     struct realizer_job *job = realizer->operations->realize(realizer, &request, &listener, err);
 *     ... the loop runs; listener->event(...) any number of times; then listener->done(...) once ...
 *
 * A request is for ONE derivation, resolved: its inputs are objects, which the realizer already holds (`bring` sends
 * what it lacks). `pin` is the identities that the output must have; `known` are pairs that the caller vouches for, so that no
 * reported line waits for a round trip. Everything in a request is borrowed until `done` was called.
 *
 * `want` identity: the run ends at the first reported line whose Cab hash is known, whether or not anybody holds the object.
 * `want` object: it ends there only once that object is whole in the realizer's store.
 *
 * `want` report: it ends at the first line, known or not; the result has that identity and no output.
 * `want` proof: nothing that is known counts; the program runs to its end, and what it made must be what the pin says.
 *
 * Failure of a job is told by `done` with a NULL result and an err: ERR_BUILD the program failed, ERR_LIMIT a ceiling
 * (number is an enum err_limit), ERR_CANCELLED, ERR_CORRUPT the output is not what pin, claim or `fixed` say, ERR_REFUSED
 * policy or a missing feature. Nothing is registered then.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "derivation/derivation.h"
#include "store/object.h"

struct realizer;
struct realizer_job;

enum realizer_want {
	REALIZER_WANT_IDENTITY,
	REALIZER_WANT_OBJECT,
	REALIZER_WANT_REPORT,
	REALIZER_WANT_PROOF,
};

/* A pair somebody vouches for: this identity is that Cab hash. */
struct realizer_known {
	struct identity identity;
	struct cab_hash hash;
};

struct realizer_request {
	const struct derivation *derivation;
	struct digest resolved; /* its resolved digest, the features' annotations included */
	const struct identity *pin;
	size_t pin_count;
	const struct realizer_known *known;
	size_t known_count;
	enum realizer_want want;
};

enum realizer_event_kind {
	REALIZER_EVENT_WAIT, /* text: why nothing runs yet ("waiting for another cab to build it") */
	REALIZER_EVENT_START, /* the program starts */
	REALIZER_EVENT_LOG, /* text: one line of its output, without the line's end, at most 4096 bytes */
	REALIZER_EVENT_IDENTITY, /* identity: a line that it reported */
	REALIZER_EVENT_REACHED,  /* text: an origin that it reached */
	REALIZER_EVENT_REQUEST, /* text "GET URL", status, received, milliseconds: a request is over */
	REALIZER_EVENT_PROGRESS, /* received, expected, objects */
	REALIZER_EVENT_FINISH,   /* the program ended; its output is hashed */
};

struct realizer_event {
	enum realizer_event_kind kind;
	struct bytes text;
	struct identity identity;
	uint64_t received;
	uint64_t expected;
	uint64_t objects;
	uint64_t milliseconds;
	uint32_t status; /* HTTP's; 0: no head came */
};

enum realizer_end {
	REALIZER_END_RUN,   /* the program ran to its end */
	REALIZER_END_FOUND, /* a resolved realization, or the pinned object, was there: nothing ran */
	REALIZER_END_STOPPED, /* a reported identity was known: the program was stopped */
};

struct realizer_output {
	struct bytes name; /* "out", … */
	struct bytes
		path; /* "/cull/store/…"; empty when only an identity was wanted and no object is held */
	struct cab_hash hash;
};

struct realizer_result {
	enum realizer_end end;
	const struct realizer_output *outputs;
	size_t output_count;
	const struct identity *
		identities; /* as reported, or of END_FOUND the pin's; `cab` with its hash last, verified or found */
	size_t identity_count;
	struct bytes
		known_from; /* END_STOPPED, and END_FOUND by a pin: who knew it: "store", "cache …", "caller" */
	uint64_t requests;   /* HTTP requests that were sent for this run */
	uint64_t received;   /* bytes that came back */
	struct bytes limits; /* which limits held, for the log: "cgroup", "rlimits" */
};

struct realizer_listener {
	void *context;
	void (*event)(void *context, const struct realizer_event *event);
	/* result is NULL on failure; both are borrowed for the call, and the job is gone after it. */
	void (*done)(void *context, const struct realizer_result *result, const struct err *err);
};

struct realizer_feature {
	struct bytes name; /* "x86_64-linux", "wasm", "host-root:debian-12" */
	struct bytes
		annotation; /* "" or what stands beside it in digests: the host's fingerprint */
};

struct realizer_operations {
	/* Borrowed for the realizer's life. The annotation of a host-root is computed when first asked for. */
	MUST_CHECK bool (*features)(struct realizer *realizer, const struct realizer_feature **out,
		size_t *count_out, struct err *err);
	/* Never blocks; `done` may be called only from the loop, never from inside this call. */
	struct realizer_job *(*realize)(struct realizer *realizer,
		const struct realizer_request *request, const struct realizer_listener *listener);
	/* Ends the job's processes; `done` follows with ERR_CANCELLED. */
	void (*cancel)(struct realizer_job *job);
	/* Makes an object of the caller's store, with its closure, be in the realizer's. */
	MUST_CHECK bool (*bring)(struct realizer *realizer, struct bytes path, struct err *err);
	/* Makes an object of the realizer's store, with its closure, be in the caller's. */
	MUST_CHECK bool (*fetch)(struct realizer *realizer, struct bytes path, struct err *err);
	/* Makes all that `done` has told durable and seen by others, where that was put off: a realizer may
	 * flush what many jobs made at once. Nothing may be promised on a result before this returned. */
	MUST_CHECK bool (*settle)(struct realizer *realizer, struct err *err);
	/* A file of an object, by Cab hash, proved from it; what is read stays in the caller's store (`reads/`). */
	MUST_CHECK bool (*read)(struct realizer *realizer, const struct cab_hash *hash,
		struct bytes file, struct buf *out, struct err *err);
	void (*close)(struct realizer *realizer);
};

struct realizer {
	const struct realizer_operations *operations;
	const char *name; /* for people: "this machine", or its URL */
};
