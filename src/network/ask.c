/* SPDX-License-Identifier: MPL-2.0 */
#include "network/ask.h"

#include <ctype.h>
#include <string.h>

/* What is the connection's, the proxy's, or said by the target. */
static const char *const dropped[] = {
	"connection",
	"host",
	"keep-alive",
	"proxy-authenticate",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"upgrade",
};

static bool
is_token_byte(uint8_t byte)
{
	return isalnum(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool
is_token(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (!is_token_byte(text.data[at]))
			return false;
	return text.size != 0;
}

static bool
is_dropped(struct bytes name)
{
	for (size_t at = 0; at < sizeof dropped / sizeof *dropped; at++)
		if (name.size == strlen(dropped[at]) &&
			strncasecmp((const char *)name.data, dropped[at], name.size) == 0)
			return true;
	return false;
}

/* Where the blank line ends; 0 while there is none. */
static size_t
head_size(struct bytes text)
{
	static const uint8_t end[] = "\r\n\r\n";
	const uint8_t *at =
		text.size ? (const uint8_t *)memmem(text.data, text.size, end, 4) : NULL;
	return at ? (size_t)(at - text.data) + 4 : 0;
}

static bool
parse_tunnel(struct bytes target, struct ask *ask, struct err *err)
{
	cleanup_buf struct buf text = BUF(URL_LIMIT);
	size_t colon = target.size;
	while (colon && target.data[colon - 1] != ':')
		colon--;
	if (colon < 2 || colon == target.size || bytes_find(target, '/') != SIZE_MAX ||
		bytes_find(target, '?') != SIZE_MAX)
		return err_set(err, ERR_REFUSED, "CONNECT wants HOST:PORT");
	buf_add_text(&text, "https://");
	buf_add(&text, target);
	ask->is_tunnel = true;
	return buf_check(&text, err, "the host") && url_parse(buf_bytes(&text), &ask->url, err);
}

static bool
parse_plain(struct bytes method, struct bytes target, struct ask *ask, struct err *err)
{
	if (!url_parse(target, &ask->url, err))
		return false;
	if (ask->url.tls)
		return err_set(err, ERR_REFUSED, "an https: URL is reached by CONNECT");
	struct bytes origin = url_origin(&ask->url);
	buf_add(&ask->head, method);
	buf_add_byte(&ask->head, ' ');
	buf_add(&ask->head, url_path(&ask->url));
	buf_add_text(&ask->head, " HTTP/1.1\r\nHost: ");
	buf_add(&ask->head, bytes_from(origin, sizeof "http://" - 1));
	buf_add_text(&ask->head, "\r\nConnection: close\r\n");
	return true;
}

static bool
parse_start(struct bytes line, struct ask *ask, struct err *err)
{
	size_t space = bytes_find(line, ' ');
	struct bytes method = bytes_first(line, space);
	struct bytes rest = space == SIZE_MAX ? bytes_of(NULL, 0) : bytes_from(line, space + 1);
	space = bytes_find(rest, ' ');
	struct bytes target = bytes_first(rest, space);
	struct bytes version = space == SIZE_MAX ? bytes_of(NULL, 0) : bytes_from(rest, space + 1);
	if (!is_token(method) || !target.size ||
		!(bytes_equal_text(version, "HTTP/1.1") || bytes_equal_text(version, "HTTP/1.0")))
		return err_set(err, ERR_REFUSED, "the request begins with no METHOD URL HTTP/1.1");
	if (bytes_equal_text(method, "CONNECT"))
		return parse_tunnel(target, ask, err);
	return parse_plain(method, target, ask, err);
}

static bool
parse_field(struct bytes line, struct ask *ask, struct err *err)
{
	size_t colon = bytes_find(line, ':');
	struct bytes name = bytes_first(line, colon);
	if (colon == SIZE_MAX || !is_token(name))
		return err_set(err, ERR_REFUSED, "the request has a header line without a name");
	for (size_t at = colon; at < line.size; at++)
		if ((line.data[at] < 0x20 && line.data[at] != '\t') || line.data[at] == 0x7f)
			return err_set(err, ERR_REFUSED,
				"a header of the request holds byte 0x%02x", line.data[at]);
	if (ask->is_tunnel || is_dropped(name))
		return true;
	buf_add(&ask->head, line);
	buf_add_text(&ask->head, "\r\n");
	return true;
}

static bool
parse_head(struct bytes head, struct ask *ask, struct err *err)
{
	bool is_first = true;
	while (head.size) {
		size_t end = bytes_find(head, '\n');
		struct bytes line = bytes_first(head, end);
		head = bytes_from(head, end + 1);
		if (!line.size || line.data[line.size - 1] != '\r')
			return err_set(
				err, ERR_REFUSED, "a line of the request ends without CR LF");
		line.size--;
		if (!line.size)
			break;
		if (!(is_first ? parse_start(line, ask, err) : parse_field(line, ask, err)))
			return false;
		is_first = false;
	}
	if (is_first)
		return err_set(err, ERR_REFUSED, "the request is empty");
	if (!ask->is_tunnel)
		buf_add_text(&ask->head, "\r\n");
	return buf_check(&ask->head, err, "the request's head");
}

enum ask_result
ask_parse(struct bytes text, struct ask *out, struct err *err)
{
	struct bytes seen = bytes_first(text, ASK_LIMIT);
	size_t size = head_size(seen);
	*out = (struct ask){.head = BUF((size_t)2 * ASK_LIMIT), .size = size};
	if (!size && text.size < ASK_LIMIT)
		return ASK_MORE;
	if (!size) {
		(void)err_limit(
			err, ERR_LIMIT_OTHER, "the request's head is over %d bytes", ASK_LIMIT);
		return ASK_BAD;
	}
	if (parse_head(bytes_first(seen, size), out, err))
		return ASK_READY;
	ask_release(out);
	return ASK_BAD;
}

void
ask_release(struct ask *ask)
{
	url_release(&ask->url);
	buf_release(&ask->head);
}
