/* SPDX-License-Identifier: MPL-2.0 */
/*
 * program: what kind of file a derivation's program is; that decides how it runs.
 *
 * "\0asm": by the WASM engine. ELF: natively. "#!": through that line, executable or not. Anything else is refused.
 * What a WASM module says of itself in the custom section `cab.identities` is read here, by a step over its
 * sections; the engine validates the module before it runs.
 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

enum { PROGRAM_MODULE_MAX = 64 << 20, PROGRAM_FORMATS = 32 };

enum program_kind {
	PROGRAM_WASM,
	PROGRAM_ELF,
	PROGRAM_SCRIPT,
};

/* By the first bytes of the file (at least 4, if it has them). ERR_REFUSED where it is no program. */
MUST_CHECK bool program_classify(struct bytes head, enum program_kind *out, struct err *err);

/* The interpreter of a script's first line, and its one argument (or empty), borrowed from it. */
MUST_CHECK bool program_interpreter(
	struct bytes head, struct bytes *interpreter, struct bytes *argument, struct err *err);

/* The formats of a module's `cab.identities`, borrowed from the module; 0 where it has none. A module whose sections
 * do not add up has none either: it will not run. */
size_t program_formats(struct bytes module, struct bytes *formats, size_t capacity);
