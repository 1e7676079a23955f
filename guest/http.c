/* SPDX-License-Identifier: MPL-2.0 */
#include "http.h"

#include "heap.h"

/* Results of the host below 0. */
static int32_t
http_check(int32_t result)
{
	/* The host has written the reason to the log; a sentence of ours would only stand before it. */
	if (result < 0)
		wasi_proc_exit(1);
	return result;
}

struct http *
http_open(struct span url, const char *headers, struct span body)
{
	const char *method = body.size ? "POST" : "GET";
	log_about(method, url);
	struct http *http = (struct http *)heap_zero(sizeof *http);
	http->handle = http_check(cab_http_open(method, strlen(method), url.data, url.size, headers,
		strlen(headers), body.data, body.size));
	return http;
}

void
http_await(struct http *http)
{
	http->status = http_check(cab_http_status(http->handle));
	const struct text *value = http_header(http, "content-encoding");
	if (value->size && !span_is(text_span(value), "identity"))
		fail_about("the server encoded the body unasked", text_span(value));
	value = http_header(http, "content-length");
	(void)span_number(text_span(value), &http->expected);
}

struct http *
http_start(struct span url, const char *headers, struct span body)
{
	struct http *http = http_open(url, headers, body);
	http_await(http);
	return http;
}

struct http *
http_get(struct span url, const char *headers)
{
	struct http *http = http_start(url, headers, span_of(NULL, 0));
	http_expect(http);
	return http;
}

void
http_expect(const struct http *http)
{
	if (http->status != 200)
		fail_number("HTTP status", (uint64_t)http->status);
}

size_t
http_read(struct http *http, uint8_t *data, size_t capacity, uint64_t objects)
{
	size_t size = (size_t)http_check(cab_http_read(http->handle, data, capacity));
	http->received += size;
	cab_progress(http->received, http->expected, objects);
	return size;
}

struct span
http_whole(struct http *http, size_t limit, const char *name)
{
	size_t capacity = 64 << 10;
	size_t size = 0;
	uint8_t *data = (uint8_t *)heap_take(capacity);
	size_t came;
	while ((came = http_read(http, data + size, capacity - size, 0))) {
		size += came;
		if (size < capacity)
			continue;
		if (size >= limit)
			fail_in(name, "it is too large");
		data = (uint8_t *)array_room(data, &capacity, size, 1);
	}
	http_end(http);
	data[size] = 0;
	return span_of(data, size);
}

struct text *
http_header(const struct http *http, const char *name)
{
	uint8_t value[1024];
	struct text *out = text_new("");
	int32_t size = cab_http_header(http->handle, name, strlen(name), value, sizeof value);
	if (size > 0 && (size_t)size <= sizeof value)
		text_add(out, span_of(value, (size_t)size));
	return out;
}

void
http_end(struct http *http)
{
	(void)cab_http_close(http->handle);
}
