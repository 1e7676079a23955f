/* SPDX-License-Identifier: MPL-2.0 */
/*
 * compile: the child mode that turns one module into one artifact.
 *
 * The module is hostile, so the compiler runs alone: a filter that lets nothing be opened, made or
 * reached, LIMIT_COMPILE_SECONDS of processor time, LIMIT_COMPILE_GIBIBYTES of memory.
 */
#pragma once

/* Descriptor 3 is the module, a sealed memory file; 4 an empty memory file that takes the artifact.
 * Exits with 0, or with 1 after one line on standard error. */
_Noreturn void compile_main(void);
