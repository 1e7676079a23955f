/* SPDX-License-Identifier: MPL-2.0 */
/*
 * embedded: the realizer in this process.
 *
 *     struct embedded_settings settings = {.loop = …, .store = …, …};
 *     struct realizer *realizer = embedded_open(&settings);
 *     …                                                     realizer.h
 *     realizer->operations->close(realizer);                 every job must be done
 *
 * Its store is the caller's, so `bring` and `fetch` have nothing to do but to look into the store's caches. It
 * offers "wasm", this machine's "<processor>-linux", and "host-root:…" where the host has one. Opening starts no process and
 * asks the kernel for nothing: each helper that does not run yet is started, and the sandbox looked at, by the first
 * job that needs it.
 *
 * Failed and stopped runs leave nothing but a log.
 */
#pragma once

#include "base/digest.h"
#include "base/loop.h"
#include "realize/realizer.h"

struct network;
struct store;

struct embedded_limits {
	uint64_t seconds;       /* of a native program */
	uint64_t fetch_seconds; /* of a WASM program */
	uint64_t silence;       /* seconds without a line, a report or a byte from the network */
	uint64_t log;           /* bytes kept of a log */
	uint64_t memory;        /* bytes; 0: what the sandbox proposes */
	uint64_t guest_memory;  /* bytes of linear memory */
	uint64_t free_bytes;    /* a build stops when the disk has less */
	unsigned free_percent;  /* …or less than this share, whichever is smaller */
};

extern const struct embedded_limits embedded_limits_default;

struct embedded_settings {
	struct loop *loop;
	struct store *store; /* with its caches; borrowed for the realizer's life, like all here */
	struct network *network;       /* configured; the realizer's from here on */
	const char *guest_program;     /* …/libexec/cab/cab-guest */
	struct bytes module;           /* island.wasm */
	struct bytes module_path;      /* "/cull/store/…-island.wasm" */
	const struct digest *believed; /* earlier island.wasm whose identities count */
	size_t believed_count;
	struct embedded_limits limits;
	unsigned slots; /* native programs at once */
	bool offline;
};

struct realizer *embedded_open(const struct embedded_settings *settings);
