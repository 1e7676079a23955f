/* SPDX-License-Identifier: MPL-2.0 */
/*
 * order: what the realizer tells this program of what runs (NETWORK_PAUSE, _RESUME, _CANCEL and _CLOSE of
 * src/wire/network.h), and NETWORK_LISTEN, decoded. ERR_CORRUPT for anything else. What it asks for is a request
 * (request.h).
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "wire/network.h"

struct order {
	uint32_t kind;
	uint32_t id;
	bool is_open;        /* of LISTEN: to any public origin */
	size_t origin_count; /* of LISTEN; borrowed from the packet */
	struct bytes origins[NETWORK_ORIGINS];
};

/* `packet` is the whole of it, its kind included. */
MUST_CHECK bool order_decode(struct bytes packet, struct order *out, struct err *err);
