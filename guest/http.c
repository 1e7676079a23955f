/* SPDX-License-Identifier: MPL-2.0 */
#include "http.h"

COLD static _Noreturn void
host_fail(const struct http *http, int32_t problem)
{
	const char *what = problem == CAB_ERROR_REFUSED ? "the realizer's policy refused it"
			   : problem == CAB_ERROR_LIMIT ? "a limit of the host was met"
			   : problem == CAB_ERROR_INVALID
				   ? "that is no request that the host can make"
				   : "the request failed";
	fail("%b %b: %s", &http->method, &http->url, what);
}

void
http_fail(const struct http *http, int32_t status)
{
	const char *what = "";
	if (status == 401 || status == 403)
		what = " (there is nothing, or it takes credentials)";
	if (status == 404 || status == 410)
		what = " (there is nothing)";
	fail("%b %b: HTTP %u%s", &http->method, &http->url, (uint64_t)status, what);
}

int32_t
http_start(struct http *http, struct span method, struct span url, struct span headers,
	struct span body)
{
	*http = (struct http){.method = method, .url = url};
	http->handle = cab_http_open(method.data, method.size, url.data, url.size, headers.data,
		headers.size, body.data, body.size);
	if (http->handle < 0)
		host_fail(http, http->handle);
	int32_t status = cab_http_status(http->handle);
	if (status < 0)
		host_fail(http, status);
	struct text value = {0};
	http_header(http, SPAN("content-encoding"), &value);
	if (value.size && !span_equal(text_span(&value), SPAN("identity")))
		fail("%b %b: the server encoded the body although it was not asked to", &method,
			&url);
	text_clear(&value);
	http_header(http, SPAN("content-length"), &value);
	if (!number_read(text_span(&value), UINT64_MAX / 16, &http->expected))
		http->expected = 0;
	text_release(&value);
	return status;
}

size_t
http_read(struct http *http, uint8_t *data, size_t capacity, uint64_t objects)
{
	int32_t size = cab_http_read(http->handle, data, capacity);
	if (size < 0)
		host_fail(http, size);
	http->received += (uint32_t)size;
	cab_progress(http->received, http->expected, objects);
	return (size_t)size;
}

void
http_header(const struct http *http, struct span name, struct text *out)
{
	uint8_t value[1024];
	int32_t size = cab_http_header(http->handle, name.data, name.size, value, sizeof value);
	if (size > 0 && (size_t)size <= sizeof value)
		text_add(out, span_of(value, (size_t)size));
}

bool
http_header_is(const struct http *http, struct span name, struct span value)
{
	struct text text = {0};
	http_header(http, name, &text);
	bool is = span_equal(text_span(&text), value);
	text_release(&text);
	return is;
}

void
http_end(struct http *http)
{
	(void)cab_http_close(http->handle);
}
