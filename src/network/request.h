/* SPDX-License-Identifier: MPL-2.0 */
/*
 * request: what a guest asks for, as NETWORK_OPEN carries it (wire/network.h), checked.
 *
 *     struct request request = {0};
 *     if (!request_decode(&packet, &request, err)) ...      the packet itself is broken
 *     if (!request_check(&request, err)) ...                ERR_REFUSED: the guest asks too much
 *     request_release(&request);
 *
 * Methods are GET, HEAD and POST. Fields that belong to the connection, or that say how a body is
 * encoded, are refused; so are control characters. Authorization and Cookie are *personal*: they
 * go to the origin of the first hop alone.
 */
#pragma once

#include "base/array.h"
#include "base/buf.h"
#include "wire/wire.h"

enum { REQUEST_HEADERS = 16 << 10, REQUEST_BODY = 1 << 20 };

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
};

struct request_field {
	char *line; /* "Name: value" */
	bool is_personal;
};

struct request {
	uint32_t id;
	bool redirects; /* to origins beyond `origins` are followed */
	enum method method;
	struct buf method_text, url, headers, body;
	ARRAY(struct request_field) fields;
	ARRAY(char *) origins; /* in their normal form once checked */
	int pipe;              /* the body's write end */
};

MUST_CHECK bool request_decode(struct wire_packet *packet, struct request *out, struct err *err);
MUST_CHECK bool request_check(struct request *request, struct err *err);
void request_release(struct request *request);

bool request_lists(const struct request *request, struct bytes origin);
/* By a name in lower case. */
bool request_has_field(const struct request *request, const char *name);
/* It says itself who asks (Authorization, Cookie): then the host adds nothing of its own. */
bool request_is_personal(const struct request *request);
/* Sent twice it means what it means once: GET, HEAD, and git's question for objects. */
bool request_is_repeatable(const struct request *request);
/* Whether a credential may be a header of this name. */
bool request_may_name(struct bytes name);
