/* SPDX-License-Identifier: MPL-2.0 */
/*
 * guest: the life of a guest process, from the clone to its exit.
 *
 * The spawner has one thread, so its child may go on in a copy of its memory: engine, filter and
 * the artifact of island.wasm are there already.
 */
#pragma once

#include "guest_host/confine.h"
#include "guest_host/runtime.h"
#include "guest_host/start.h"

/* In the child: the current folder is the working directory. `program` may be NULL where
 * start->artifact is given. */
_Noreturn void guest_main(const struct start *start, struct runtime *runtime,
	struct runtime_program *program, const struct confine_filter *filter, int null);
