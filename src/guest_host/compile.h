/* SPDX-License-Identifier: MPL-2.0 */
/*
 * compile: the child mode that turns one module into one artifact.
 *
 * The module is hostile, so the compiler runs alone: a filter that lets nothing be opened, made or
 * reached, LIMIT_COMPILE_SECONDS of processor time, LIMIT_COMPILE_DATA of memory.
 */
#pragma once

/* Reads SPAWNER_SOCKET's number as the module and writes SPAWNER_ARTIFACT's, both memory files.
 * The exit status: 0, or 1 with one line on standard error. */
int compile_main(void);
