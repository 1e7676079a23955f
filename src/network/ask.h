/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ask: what a program asks a proxy for, read strictly (RFC 9112): CONNECT HOST:PORT, or a request
 * whose target is a whole http: URL.
 *
 *     struct ask ask;
 *     switch (ask_parse(text, &ask, err)) ...       ASK_MORE: the head is not whole yet
 *     use(ask.url, ask.is_tunnel, ask.head);         text from ask.size on is what follows the head
 *     ask_release(&ask);
 *
 * `head` is what the server is sent in a plain request: the target's path, its Host, and the
 * program's own fields, without those that are the connection's or the proxy's, and with
 * "Connection: close", so that one connection is one request.
 *
 * At most ASK_LIMIT bytes. A CONNECT's `url` is https://HOST[:PORT]/, which names the origin: what is
 * spoken inside a tunnel is not known.
 */
#pragma once

#include "network/origin.h"

enum { ASK_LIMIT = 64 << 10 };

enum ask_result {
	ASK_MORE,
	ASK_READY,
	ASK_BAD, /* *err says why */
};

struct ask {
	struct url url;
	bool is_tunnel;
	struct buf head; /* of a plain request; empty for a tunnel */
	size_t size;     /* bytes of the text that are the head */
};

enum ask_result ask_parse(struct bytes text, struct ask *out, struct err *err);
void ask_release(struct ask *ask);
