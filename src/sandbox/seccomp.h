/* SPDX-License-Identifier: MPL-2.0 */
/*
 * seccomp: which system calls are let through, as a compiled filter.
 *
 * SANDBOX_FILTER_PROGRAM lets through all but what is listed as dangerous, for a build may run any
 * program; SANDBOX_FILTER_GUEST lets through only what is listed as needed. What is refused fails with
 * an errno that programs know how to go on from. Other architectures of the same processor (i386,
 * x32) are refused whole, for the lists would not hold there.
 */
#pragma once

#include <linux/filter.h>

#include "base/err.h"
#include "sandbox/spec.h"
#include "sandbox/step.h"

struct seccomp_program {
	struct sock_filter *steps;
	unsigned short count;
};

MUST_CHECK bool seccomp_program_compile(
	enum sandbox_filter filter, struct seccomp_program *out, struct err *err);
void seccomp_program_release(struct seccomp_program *program);

/* For this process, from now on. Needs no_new_privs. */
bool seccomp_program_enter(const struct seccomp_program *program, struct sandbox_failure *failure);
