/* SPDX-License-Identifier: MPL-2.0 */
/*
 * response: the head of an HTTP response, read line by line as libcurl hands it over: status lines,
 * fields, blank lines; 1xx responses before the final one and trailers behind the body included.
 *
 *     struct response response;
 *     response_init(&response);
 *     if (!response_add(&response, line, err)) return false;
 *     if (response.whole) use(response.status, buf_bytes(&response.fields));
 *     response_release(&response);
 *
 * Refused, as ERR_CORRUPT (RFC 9110 and 9112): a field without ":" or whose name is no token, a
 * folded line, a control character in a value, two Content-Length that differ or one that is no
 * number, Content-Length beside a Transfer-Encoding, a Transfer-Encoding but chunked, any
 * Content-Encoding but identity (none was asked for), two Location that differ. Refused as
 * ERR_LIMIT: over RESPONSE_BYTES bytes or RESPONSE_LINES lines in all.
 *
 * `fields` is lines "name: value\n", names in lower case, without Set-Cookie, and only whole lines
 * up to RESPONSE_SHOWN bytes.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

enum {
	RESPONSE_BYTES = 300 << 10,
	RESPONSE_LINES = 5000,
	RESPONSE_SHOWN = 64 << 10,
	RESPONSE_TAG = 512,
};

struct response {
	unsigned status; /* 0 until a status line came */
	bool whole;      /* the final head is complete; what follows are trailers */
	bool has_length;
	bool is_chunked;
	uint64_t length;
	struct buf fields;
	struct buf location;  /* empty when there is none, as the next two */
	struct buf challenge; /* of WWW-Authenticate, joined by ", " */
	struct buf tag;       /* a strong ETag, quotes included */
	bool has_range;       /* Content-Range, to the end of `range_total` bytes */
	uint64_t range_first, range_total;
	bool is_used_up; /* the server's limit on requests is met, it says */
	uint64_t reset;  /* when there are more again, seconds since 1970; 0: it does not say */
	size_t bytes;    /* seen so far */
	size_t lines;
};

void response_init(struct response *response);
MUST_CHECK bool response_add(struct response *response, struct bytes line, struct err *err);
void response_release(struct response *response);
