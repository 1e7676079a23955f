/* SPDX-License-Identifier: MPL-2.0 */
/*
 * guest_message: what a guest's process says on its control socket (GUEST_* of src/wire/spawner.h), decoded.
 *
 *     struct guest_message message;                       borrows from the packet
 *     if (!guest_message_decode(packet, &message, err)) ...
 *     if (!guest_message_check_body(fd, err)) ...         of GUEST_OPEN: the descriptor that came along
 *
 * The process may have been taken over by its program, so what an honest one has checked before is checked again: an
 * OPEN's method is at most GUEST_METHOD letters, its URL printable and at most CAB_HTTP_URL bytes, its headers
 * lines without control characters and at most CAB_HTTP_HEADERS, its body at most CAB_HTTP_BODY. A body that comes in
 * a file is one that nobody can change any more: whoever reads it would else wait for it, or meet its limit
 * at a guest's will. ERR_CORRUPT or ERR_REFUSED, and then the guest is hung up on.
 */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

enum { GUEST_METHOD = 16 };

struct guest_message {
	uint32_t kind;       /* GUEST_OPEN, GUEST_CLOSE, GUEST_PROGRESS or GUEST_FORMER */
	uint32_t id;         /* of OPEN and CLOSE */
	struct bytes method; /* of OPEN, these four */
	struct bytes url;
	struct bytes headers;
	struct bytes body;
	uint64_t received; /* of CLOSE and PROGRESS */
	uint64_t expected; /* of PROGRESS, these three */
	uint64_t objects;
	uint64_t memory;
};

/* `packet` is the whole of it, its kind included. */
MUST_CHECK bool guest_message_decode(
	struct bytes packet, struct guest_message *out, struct err *err);
MUST_CHECK bool guest_message_check_body(int fd, struct err *err);
