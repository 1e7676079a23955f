/* SPDX-License-Identifier: MPL-2.0 */
/*
 * helper: a short program of this host's, asked a question beside everything else: its output is read
 * when it has ended.
 *
 *     struct helper helper = HELPER_NONE;
 *     if (!helper_start(&helper, loop, words, on_end, self, err)) ...      env(1) finds words[0]
 *     on_end: if (!helper_finish(&helper, &output, err)) ...               failed, late, or too long
 *     helper_release(&helper);                                             at any time
 *
 * Without a shell, with the user's environment, no standard input; what it says on standard error
 * is a part of its output, and of the error where it fails. It has HELPER_SECONDS.
 */
#pragma once

#include "base/buf.h"
#include "base/loop.h"
#include "base/process.h"

enum { HELPER_SECONDS = 30, HELPER_WORDS = 64, HELPER_OUTPUT = 256 << 10, HELPER_SAID = 600 };

struct helper {
	struct process process;
	int output;
	struct loop_watch *watch;
	struct loop_timer *deadline;
	bool is_late;
	const char *name; /* words[0]; borrowed */
	void (*ended)(void *context);
	void *context;
};

#define HELPER_NONE ((struct helper){.process = PROCESS_NONE, .output = -1})

/* `words` ends in NULL and is copied by the kernel. */
MUST_CHECK bool helper_start(struct helper *helper, struct loop *loop, const char *const *words,
	void (*ended)(void *context), void *context, struct err *err);
MUST_CHECK bool helper_finish(struct helper *helper, struct buf *output, struct err *err);
void helper_release(struct helper *helper);
