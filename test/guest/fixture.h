/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fixture: the real cab-guest, with the test's process as the realizer.
 *
 *     return fixture_main("guest", argument_count, arguments, tests, sizeof tests / sizeof *tests);
 *
 * runs them with a `struct fixture` for their state, as
 *
 *     PROGRAM CAB_GUEST FOLDER_OF_MODULES [user]
 *
 * `user`: as an ordinary user, which root becomes for the test; anybody else is one already.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "driver.h"

struct fixture {
	const char *program;
	const char *modules;
	bool user;
	bool full; /* the rows that are counted, as large as they are: as root or with CAB_FULL, and smaller as an ordinary
		    * user or where a guest is sanitized, for then it costs ten */
	int probe; /* its artifact */
	struct driver driver;
};

/* The artifact of a module, which the caller closes; what is refused fails the test. */
int fixture_compile(const struct fixture *fixture, const char *name);
/* A module of this name, compiled and run to its end. */
struct outcome fixture_module(void **state, const char *name);
/* The probe of this name, run to its end; and that it ended well. */
struct outcome fixture_probe(void **state, const char *name);
void fixture_passes(void **state, const char *name);

int fixture_main(const char *name, int argument_count, char **arguments,
	const struct CMUnitTest *tests, size_t count);
