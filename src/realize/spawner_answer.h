/* SPDX-License-Identifier: MPL-2.0 */
/*
 * spawner_answer: what cab-guest, the spawner, tells the realizer of a run (SPAWNER_STARTED and SPAWNER_FAILED of
 * src/wire/spawner.h), decoded. ERR_CORRUPT for anything else: its sender is ended.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

/* Bytes of a reason. */
enum { SPAWNER_WHY = 4 << 10 };

struct spawner_answer {
	uint32_t kind;
	uint32_t run;
	int pid;          /* of STARTED, above 0; its pidfd is the packet's first descriptor */
	struct bytes why; /* of FAILED; borrowed from the packet */
};

/* `packet` is the whole of it, its kind included. */
MUST_CHECK bool spawner_answer_decode(
	struct bytes packet, struct spawner_answer *out, struct err *err);
