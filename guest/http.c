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

int32_t
http_start(struct http *http, struct span url, const char *headers, struct span body)
{
	const char *method = body.size ? "POST" : "GET";
	log_about(method, url);
	*http = (struct http){0};
	http->handle = http_check(cab_http_open(method, strlen(method), url.data, url.size, headers,
		strlen(headers), body.data, body.size));
	int32_t status = http_check(cab_http_status(http->handle));
	struct text *value = text_new("");
	http_header(http, "content-encoding", value);
	if (value->size && !span_is(text_span(value), "identity"))
		fail_about("the server encoded the body unasked", text_span(value));
	http_header(http, "content-length", value);
	(void)span_number(text_span(value), &http->expected);
	return status;
}

void
http_get(struct http *http, struct span url, const char *headers)
{
	http_expect(http_start(http, url, headers, span_of(NULL, 0)));
}

void
http_expect(int32_t status)
{
	if (status != 200)
		fail_number("HTTP status", (uint64_t)status);
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

void
http_header(const struct http *http, const char *name, struct text *out)
{
	uint8_t value[1024];
	text_clear(out);
	int32_t size = cab_http_header(http->handle, name, strlen(name), value, sizeof value);
	if (size > 0 && (size_t)size <= sizeof value)
		text_add(out, span_of(value, (size_t)size));
}

void
http_end(struct http *http)
{
	(void)cab_http_close(http->handle);
}
