/* SPDX-License-Identifier: MPL-2.0 */
/*
 * modules: a step through the submodules that a `.gitmodules` names (gitmodules(5), in the syntax of
 * git-config(1)).
 *
 *     struct modules modules;
 *     modules_start(&modules, content);
 *     while (modules_next(&modules)) use(modules.path, modules.url);
 *     if (modules.sentence) ... the file is refused: why
 *
 * Other sections and keys are passed over, as are submodules without a path or URL; of two values of
 * one key the later counts. Refused are: what is no such syntax, values that hold control characters
 * or are too long, paths that are not names between slashes, and paths and URLs that begin with '-'.
 * Imports nothing.
 */
#pragma once

#include "port.h"

enum { MODULES_VALUE = 2048 };

struct modules_value {
	size_t size;
	uint8_t data[MODULES_VALUE];
};

struct modules {
	struct span rest;
	bool is_module; /* the section under way is a submodule's */
	const char *sentence;
	struct modules_value path;
	struct modules_value url;
	struct modules_value other; /* what is passed over */
};

void modules_start(struct modules *modules, struct span content);
/* True where path and url are those of one more. */
bool modules_next(struct modules *modules);
