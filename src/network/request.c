/* SPDX-License-Identifier: MPL-2.0 */
#include "network/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "network/origin.h"
#include "wire/network.h"

/* The connection's, or ours to say. */
static const char *const forbidden[] = {
	"accept-encoding",
	"connection",
	"content-encoding",
	"content-length",
	"expect",
	"host",
	"keep-alive",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
};

static bool
read_body_file(int fd, struct buf *body, struct err *err)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_system(err, errno, "rewind a request's body");
	return fd_read_all(fd, body, err) || err_note(err, "a request's body");
}

static char *
text_copy(struct bytes text)
{
	cleanup_buf struct buf copy = BUF(BUF_MAX);
	buf_add(&copy, text);
	return buf_take_text(&copy);
}

bool
request_decode(struct wire_packet *packet, struct request *out, struct err *err)
{
	struct wire_in in = wire_open(packet);
	struct bytes origins[NETWORK_ORIGINS];
	struct request request = {.pipe = -1};
	request.id = wire_u32(&in);
	uint32_t flags = wire_u32(&in);
	struct bytes method = wire_bytes(&in), url = wire_bytes(&in), headers = wire_bytes(&in),
		     body = wire_bytes(&in);
	size_t origin_count = wire_list(&in, origins, NETWORK_ORIGINS);
	if (!wire_end(&in, err))
		return err_note(err, "open");
	if (packet->fd_count == 0)
		return err_set(err, ERR_CORRUPT, "open: it comes without a pipe for the body");

	request.redirects = flags & NETWORK_REDIRECTS;
	request.method_text = request.url = request.headers = BUF(BUF_MAX);
	request.body = BUF(REQUEST_BODY);
	buf_add(&request.method_text, method);
	buf_add(&request.url, url);
	buf_add(&request.headers, headers);
	buf_add(&request.body, body);
	for (size_t at = 0; at < origin_count; at++)
		*array_push(&request.origins) = text_copy(origins[at]);
	cleanup_fd int file = wire_take_fd(packet, 1);
	if (file >= 0 && !read_body_file(file, &request.body, err)) {
		request_release(&request);
		return false;
	}
	request.pipe = wire_take_fd(packet, 0);
	*out = request;
	return true;
}

static bool
check_method(struct request *request, struct err *err)
{
	static const char *const names[] = {
		[METHOD_GET] = "GET", [METHOD_HEAD] = "HEAD", [METHOD_POST] = "POST"};
	for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
		if (!bytes_equal_text(buf_bytes(&request->method_text), names[at]))
			continue;
		request->method = (enum method)at;
		if (request->method != METHOD_POST && request->body.size)
			return err_set(err, ERR_REFUSED, "a %s has no body", names[at]);
		return true;
	}
	return err_set(err, ERR_REFUSED, "a method is GET, HEAD or POST");
}

static bool
name_is(struct bytes name, const char *lower)
{
	if (name.size != strlen(lower))
		return false;
	for (size_t at = 0; at < name.size; at++)
		if (tolower(name.data[at]) != lower[at])
			return false;
	return true;
}

static bool
is_forbidden(struct bytes name)
{
	for (size_t at = 0; at < sizeof forbidden / sizeof *forbidden; at++)
		if (name_is(name, forbidden[at]))
			return true;
	return false;
}

static bool
is_name(struct bytes name)
{
	for (size_t at = 0; at < name.size; at++)
		if (!isalnum(name.data[at]) && name.data[at] != '-' && name.data[at] != '_')
			return false;
	return name.size != 0;
}

bool
request_may_name(struct bytes name)
{
	return is_name(name) && !is_forbidden(name);
}

static bool
check_field(struct request *request, struct bytes line, struct err *err)
{
	size_t colon = bytes_find(line, ':');
	struct bytes name = bytes_first(line, colon);
	if (colon == SIZE_MAX || !name.size)
		return err_set(err, ERR_REFUSED, "a header is \"Name: value\"");
	if (!is_name(name))
		return err_set(err, ERR_REFUSED,
			"a header's name holds letters, digits, \"-\" and \"_\" alone");
	bool blank = true;
	for (size_t at = colon + 1; at < line.size; at++) {
		if (line.data[at] < 0x20 || line.data[at] >= 0x7f)
			return err_set(err, ERR_REFUSED,
				"the header \"%.*s\" holds a byte that is not printable ASCII",
				BYTES_ARGS(name));
		blank &= line.data[at] == ' ';
	}
	if (blank)
		return err_set(err, ERR_REFUSED, "the header \"%.*s\" is empty", BYTES_ARGS(name));
	if (is_forbidden(name))
		return err_set(err, ERR_REFUSED, "the header \"%.*s\" is not for a guest to send",
			BYTES_ARGS(name));
	*array_push(&request->fields) = (struct request_field){
		text_copy(line), name_is(name, "authorization") || name_is(name, "cookie")};
	return true;
}

static bool
check_fields(struct request *request, struct err *err)
{
	if (request->headers.size > REQUEST_HEADERS)
		return err_set(err, ERR_REFUSED, "the request's headers are longer than %d bytes",
			REQUEST_HEADERS);
	struct bytes rest = buf_bytes(&request->headers), line;
	while (bytes_split(&rest, '\n', &line)) {
		if (!line.size && !rest.size)
			break;
		if (!check_field(request, line, err))
			return false;
	}
	return true;
}

static bool
check_origins(struct request *request, struct err *err)
{
	for (size_t at = 0; at < request->origins.size; at++) {
		cleanup_buf struct buf origin = BUF(URL_LIMIT);
		if (!origin_parse(bytes_text(request->origins.data[at]), &origin, err))
			return err_note(err, "origins");
		free(request->origins.data[at]);
		request->origins.data[at] = buf_take_text(&origin);
	}
	return true;
}

bool
request_check(struct request *request, struct err *err)
{
	if (request->body.over)
		return err_set(err, ERR_REFUSED, "the request's body is longer than %d bytes",
			REQUEST_BODY);
	return check_method(request, err) && check_fields(request, err) &&
	       check_origins(request, err);
}

void
request_release(struct request *request)
{
	buf_release(&request->method_text);
	buf_release(&request->url);
	buf_release(&request->headers);
	buf_release(&request->body);
	for (size_t at = 0; at < request->fields.size; at++)
		free(request->fields.data[at].line);
	array_release(&request->fields);
	for (size_t at = 0; at < request->origins.size; at++)
		free(request->origins.data[at]);
	array_release(&request->origins);
	fd_release(&request->pipe);
}

bool
request_lists(const struct request *request, struct bytes origin)
{
	for (size_t at = 0; at < request->origins.size; at++)
		if (bytes_equal_text(origin, request->origins.data[at]))
			return true;
	return false;
}

bool
request_has_field(const struct request *request, const char *name)
{
	for (size_t at = 0; at < request->fields.size; at++) {
		struct bytes line = bytes_text(request->fields.data[at].line);
		if (name_is(bytes_first(line, bytes_find(line, ':')), name))
			return true;
	}
	return false;
}

bool
request_is_personal(const struct request *request)
{
	for (size_t at = 0; at < request->fields.size; at++)
		if (request->fields.data[at].is_personal)
			return true;
	return false;
}

bool
request_is_repeatable(const struct request *request)
{
	static const char upload[] = "content-type: application/x-git-upload-pack-request";
	if (request->method != METHOD_POST)
		return true;
	for (size_t at = 0; at < request->fields.size; at++)
		if (strcasecmp(request->fields.data[at].line, upload) == 0)
			return true;
	return false;
}
