/* SPDX-License-Identifier: MPL-2.0 */
/*
 * seccomp: which system calls are let through, as a compiled filter.
 *
 * All but what is listed as dangerous is let through, for a build may run any program. What is refused
 * fails with an errno that programs know how to go on from. Other architectures of the same processor
 * (i386, x32) are refused whole, for the list would not hold there.
 */
#pragma once

#include <linux/filter.h>

#include "base/err.h"
#include "sandbox/step.h"

struct seccomp_program {
	struct sock_filter *steps;
	unsigned short count;
};

MUST_CHECK bool seccomp_program_compile(struct seccomp_program *out, struct err *err);
void seccomp_program_release(struct seccomp_program *program);

/* For this process, from now on. Needs no_new_privs. */
bool seccomp_program_enter(const struct seccomp_program *program, struct sandbox_failure *failure);
