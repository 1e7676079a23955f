/* SPDX-License-Identifier: MPL-2.0 */
/*
 * runtime: the engine, Wasmtime through its C API, set up as cab wants it and joined to the rows
 * of host.h. Nothing else includes the engine's headers.
 *
 *     struct runtime *runtime = runtime_new(err);             installs signal handlers, once a process
 *     runtime_compile(runtime, module, &artifact, err);       hostile bytes in: in a child of its own
 *     struct runtime_program *program = runtime_load(runtime, artifact, err);
 *     int status = runtime_run(runtime, program, host, memory);
 *
 * runtime_load trusts its bytes wholly: they must be what runtime_compile gave on this machine.
 *
 * WebAssembly 1.0 with the proposals that compilers turn on by default: mutable globals, sign
 * extension, non-trapping conversion, multi-value, bulk memory, reference types, SIMD, tail calls.
 * One memory of 32 bits; no threads, garbage collection, exceptions, or components. NaNs are
 * canonical: the same module computes the same bits everywhere.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "guest_host/host.h"

struct runtime;
struct runtime_program;

struct runtime *runtime_new(struct err *err);
void runtime_free(struct runtime *runtime);

/* ERR_REFUSED: the module is not valid, imports what is not in host.h, or does not export `_start`
 * and `memory`; the err says which. */
MUST_CHECK bool runtime_compile(
	struct runtime *runtime, struct bytes module, struct buf *artifact, struct err *err);

struct runtime_program *runtime_load(
	struct runtime *runtime, struct bytes artifact, struct err *err);
void runtime_program_free(struct runtime_program *program);

/* Runs `_start` once; the process's exit status. A trap is GUEST_EXIT_TRAP with its text in the
 * log. `memory` is the ceiling of linear memory in bytes. Does not come back when the guest calls
 * proc_exit. */
int runtime_run(struct runtime *runtime, const struct runtime_program *program, struct host *host,
	uint64_t memory);
