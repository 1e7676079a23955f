/* SPDX-License-Identifier: MPL-2.0 */
/*
 * http: one request, and its body as a stream.
 *
 *     struct http *http = http_start(url, headers, body);  or http_open; then http_await, with other requests in between
 *     while ((size = http_read(http, buffer, capacity, objects)) > 0) ...
 *     http_end(http);                                      the struct itself stays
 *
 * What the realizer refuses or the network breaks ends the program (the realizer says why); the
 * status is the caller's to judge. A body that the server has encoded is refused: the bytes must
 * be those that are named.
 */
#pragma once

#include "text.h"

struct http {
	int32_t handle;
	int32_t status;
	uint64_t received;
	uint64_t expected; /* 0 where the server does not say */
};

/* A POST where there is a body, else a GET. */
struct http *http_open(struct span url, const char *headers, struct span body);
/* Until its head is there. */
void http_await(struct http *http);
/* Both. */
struct http *http_start(struct span url, const char *headers, struct span body);
/* One that ends the program unless the status is 200. */
struct http *http_get(struct span url, const char *headers);
/* `objects` are for the progress alone. */
size_t http_read(struct http *http, uint8_t *data, size_t capacity, uint64_t objects);
/* The body of less than so many bytes, to its end, with a NUL behind it; of more, the program ends, and says of what. It stays. */
struct span http_whole(struct http *http, size_t limit, const char *name);
/* A header's value, or nothing. */
struct text *http_header(const struct http *http, const char *name);
/* Ends the program unless the status is 200. */
void http_expect(const struct http *http);
void http_end(struct http *http);
