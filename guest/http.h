/* SPDX-License-Identifier: MPL-2.0 */
/*
 * http: one request, and its body as a stream.
 *
 *     struct http http;
 *     int32_t status = http_start(&http, SPAN("GET"), url, headers, body);
 *     while ((size = http_read(&http, buffer, capacity)) > 0) ...
 *     http_end(&http);
 *
 * What the realizer refuses or the network breaks ends the program with a sentence that names the
 * URL; the status is the caller's to judge. A body that the server has encoded is refused: the
 * bytes must be those that are named. `url` is borrowed until the end.
 */
#pragma once

#include "text.h"

struct http {
	int32_t handle;
	struct span method;
	struct span url;
	uint64_t received;
	uint64_t expected; /* 0 where the server does not say */
};

int32_t http_start(struct http *http, struct span method, struct span url, struct span headers,
	struct span body);
size_t http_read(struct http *http, uint8_t *data, size_t capacity, uint64_t objects);
/* Adds a header's value, or nothing. */
void http_header(const struct http *http, struct span name, struct text *out);
bool http_header_is(const struct http *http, struct span name, struct span value);
void http_end(struct http *http);
/* Ends the program: the status is not what is needed. */
_Noreturn void http_fail(const struct http *http, int32_t status);
