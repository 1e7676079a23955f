/* SPDX-License-Identifier: MPL-2.0 */
/*
 * network_answer: what cab-network tells the realizer of a transfer (NETWORK_HEAD, _REACHED, _NOTE, _MOVED and _END of
 * src/wire/network.h), decoded. ERR_CORRUPT for anything else: its sender is ended. That process reads what servers
 * send, so no text of it is longer than fits what is told on: a guest that hears no end would wait.
 */
#pragma once

#include "realize/network.h"

/* Bytes of a note, a reason or an origin: a URL and what is said of it. */
enum { NETWORK_TEXT = 32 << 10 };

struct network_answer {
	uint32_t kind;
	uint32_t id;
	uint32_t status; /* of HEAD, these three; all texts are borrowed from the packet */
	struct bytes url;
	struct bytes headers;
	struct bytes text;      /* of REACHED and NOTE */
	uint64_t received;      /* of MOVED */
	struct network_end end; /* of END */
};

/* `packet` is the whole of it, its kind included. */
MUST_CHECK bool network_answer_decode(
	struct bytes packet, struct network_answer *out, struct err *err);
