/* SPDX-License-Identifier: MPL-2.0 */
/*
 * start: what a guest process is started with, decoded from SPAWNER_START (src/wire/spawner.h).
 *
 *     struct start start;
 *     if (!start_decode(&packet, lists, &start, err)) ...      ERR_CORRUPT: its sender is ended
 *
 * Texts and descriptors are borrowed from the packet, lists from `lists`. What the inputs are named is for
 * inputs_check to say.
 */
#pragma once

#include "guest_host/host.h"
#include "guest_host/inputs.h"
#include "wire/spawner.h"
#include "wire/wire.h"

struct start_lists {
	struct bytes arguments[SPAWNER_LIST];
	struct bytes environment[SPAWNER_LIST];
	struct bytes inputs[SPAWNER_INPUTS];
};

struct start {
	uint32_t run;
	uint32_t uid;
	uint32_t gid;
	uint64_t memory; /* bytes, LIMIT_MEMORY at most */
	struct host_start host;
	struct inputs inputs;
	int artifact; /* -1: the program that the spawner holds */
};

MUST_CHECK bool start_decode(const struct wire_packet *packet, struct start_lists *lists,
	struct start *out, struct err *err);
