/* SPDX-License-Identifier: MPL-2.0 */
#include "network/origin.h"

#include <arpa/inet.h>
#include <stdlib.h>

enum { ORIGIN_LIMIT = 512, HOST_LIMIT = 253 };

static bool
is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static uint8_t
lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static bool
is_host_byte(uint8_t byte)
{
	byte = lower(byte);
	return (byte >= 'a' && byte <= 'z') || is_digit(byte) || byte == '-' || byte == '.' ||
	       byte == '_';
}

/* Resolvers read a name whose last part is a number as an address, in forms that hide which: one
 * number, octal, hexadecimal, fewer than four parts. */
static bool
host_is_numeric(struct bytes host)
{
	if (host.size && host.data[host.size - 1] == '.')
		host.size--;
	size_t start = host.size;
	while (start && host.data[start - 1] != '.')
		start--;
	struct bytes last = bytes_from(host, start);
	if (!last.size)
		return false;
	if (last.size >= 2 && last.data[0] == '0' && lower(last.data[1]) == 'x')
		return true;
	for (size_t at = 0; at < last.size; at++)
		if (!is_digit(last.data[at]))
			return false;
	return true;
}

static bool
host_add_name(struct bytes host, struct buf *out, struct err *err)
{
	if (host.size > HOST_LIMIT)
		return err_set(err, ERR_REFUSED, "the host is longer than %d bytes", HOST_LIMIT);
	if (host.data[0] == '-' || host.data[0] == '.')
		return err_set(err, ERR_REFUSED, "the host begins with \"%c\"", host.data[0]);
	char name[HOST_LIMIT + 1];
	for (size_t at = 0; at < host.size; at++) {
		if (!is_host_byte(host.data[at]))
			return err_set(err, ERR_REFUSED,
				"the host holds a byte that no host name has (0x%02x)",
				host.data[at]);
		if (at && host.data[at] == '.' && host.data[at - 1] == '.')
			return err_set(err, ERR_REFUSED, "the host has an empty part");
		name[at] = (char)lower(host.data[at]);
	}
	name[host.size] = 0;
	uint8_t address[4];
	/* inet_pton takes four decimal numbers without leading zeros, nothing else. */
	if (host_is_numeric(host) && inet_pton(AF_INET, name, address) != 1)
		return err_set(err, ERR_REFUSED,
			"\"%s\" is an address in an unusual form: write it as four decimal numbers",
			name);
	buf_add_text(out, name);
	return true;
}

static bool
host_add_six(struct bytes inside, struct buf *out, struct err *err)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];
	if (inside.size < sizeof text) {
		memcpy(text, inside.data, inside.size);
		text[inside.size] = 0;
	}
	if (inside.size >= sizeof text || memchr(text, 0, inside.size) ||
		inet_pton(AF_INET6, text, address) != 1)
		return err_set(err, ERR_REFUSED, "\"[%.*s]\" is no IPv6 address",
			BYTES_ARGS(bytes_first(inside, 64)));
	must(inet_ntop(AF_INET6, address, text, sizeof text), "an address prints");
	buf_format(out, "[%s]", text);
	return true;
}

static bool
port_parse(struct bytes digits, uint16_t *out, struct err *err)
{
	uint32_t port = 0;
	for (size_t at = 0; at < digits.size && port <= UINT16_MAX; at++) {
		if (!is_digit(digits.data[at]))
			return err_set(err, ERR_REFUSED, "the port is no number");
		port = port * 10 + (uint32_t)(digits.data[at] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return err_set(err, ERR_REFUSED, "the port is not between 1 and 65535");
	*out = (uint16_t)port;
	return true;
}

/* Takes "host[:port]" apart and adds it in its normal form. */
static bool
authority_add(
	struct bytes authority, struct url *url, uint16_t usual, struct buf *out, struct err *err)
{
	if (bytes_find(authority, '@') != SIZE_MAX)
		return err_set(err, ERR_REFUSED,
			"a user or a password stands before the host: name it under credentials");
	bool six = authority.size && authority.data[0] == '[';
	size_t host_size = bytes_find(authority, six ? ']' : ':');
	if (six && host_size == SIZE_MAX)
		return err_set(err, ERR_REFUSED, "the host's \"[\" is not closed");
	if (host_size == SIZE_MAX)
		host_size = authority.size;
	else
		host_size += six;
	struct bytes host = bytes_first(authority, host_size);
	struct bytes rest = bytes_from(authority, host_size);
	if (!host.size)
		return err_set(err, ERR_REFUSED, "the host is empty");
	if (six ? !host_add_six(bytes_of(host.data + 1, host.size - 2), out, err)
		: !host_add_name(host, out, err))
		return false;
	url->host_size = out->size - url->scheme_size;

	url->port = usual;
	if (rest.size && rest.data[0] != ':')
		return err_set(err, ERR_REFUSED, "something stands behind the host's \"]\"");
	if (rest.size > 1 && !port_parse(bytes_from(rest, 1), &url->port, err))
		return false;
	if (url->port != usual)
		buf_format(out, ":%u", (unsigned)url->port);
	url->origin_size = out->size;
	return true;
}

static bool
bytes_has_prefix_of_scheme(struct bytes text, struct bytes scheme)
{
	if (text.size < scheme.size)
		return false;
	for (size_t at = 0; at < scheme.size; at++)
		if (lower(text.data[at]) != scheme.data[at])
			return false;
	return true;
}

static bool
url_check_bytes(struct bytes text, struct err *err)
{
	if (text.size > URL_LIMIT)
		return err_set(err, ERR_REFUSED, "a URL is longer than %d bytes", URL_LIMIT);
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		if (byte <= 0x20 || byte >= 0x7f || byte == '\\')
			return err_set(err, ERR_REFUSED,
				"a URL holds a byte that may not stand there (0x%02x)", byte);
		if (byte == '#')
			return err_set(
				err, ERR_REFUSED, "a URL to be fetched has no fragment (\"#\")");
	}
	return true;
}

struct url_scheme {
	struct bytes text;
	uint16_t port;
};

static const struct url_scheme plain_scheme = {{(const uint8_t *)"http://", 7}, 80};
static const struct url_scheme tls_scheme = {{(const uint8_t *)"https://", 8}, 443};
static const struct url_scheme ssh_scheme = {{(const uint8_t *)"ssh://", 6}, 22};

static bool
url_parse_into(struct bytes text, const struct url_scheme *scheme, struct url *url, struct buf *out,
	struct err *err)
{
	if (!url_check_bytes(text, err))
		return false;
	if (!bytes_has_prefix_of_scheme(text, scheme->text))
		return err_set(err, ERR_REFUSED, "only http:// and https:// are fetched");
	url->tls = scheme == &tls_scheme;
	url->scheme_size = scheme->text.size;
	buf_add(out, scheme->text);

	struct bytes rest = bytes_from(text, url->scheme_size);
	size_t end = 0;
	while (end < rest.size && rest.data[end] != '/' && rest.data[end] != '?')
		end++;
	if (!authority_add(bytes_first(rest, end), url, scheme->port, out, err))
		return false;
	rest = bytes_from(rest, end);
	if (!rest.size || rest.data[0] != '/')
		buf_add_byte(out, '/');
	buf_add(out, rest);
	return buf_check(out, err, "URL");
}

/* An error names the URL, cut, without its query. */
static bool
url_blame(struct bytes text, struct err *err)
{
	enum { SHOWN = 200 };
	text = bytes_first(text, bytes_find(text, '?'));
	if (text.size > SHOWN)
		return err_note(err, "\"%.*s…\"", BYTES_ARGS(bytes_first(text, SHOWN)));
	return err_note(err, "\"%.*s\"", BYTES_ARGS(text));
}

/* A user's password must not reach a message. */
static struct bytes
without_userinfo(struct bytes text)
{
	size_t at = bytes_find(text, '@');
	return at == SIZE_MAX ? text : bytes_from(text, at);
}

static bool
url_parse_of(struct bytes text, const struct url_scheme *scheme, struct url *out, struct err *err)
{
	cleanup_buf struct buf normal = BUF(URL_LIMIT + 16);
	struct url url = {0};
	if (!url_parse_into(text, scheme, &url, &normal, err))
		return url_blame(without_userinfo(text), err);
	url.text = buf_take_text(&normal);
	*out = url;
	return true;
}

bool
url_parse(struct bytes text, struct url *out, struct err *err)
{
	bool tls = bytes_has_prefix_of_scheme(text, tls_scheme.text);
	return url_parse_of(text, tls ? &tls_scheme : &plain_scheme, out, err);
}

bool
url_parse_ssh(struct bytes text, struct url *out, struct err *err)
{
	return url_parse_of(text, &ssh_scheme, out, err);
}

void
url_release(struct url *url)
{
	free(url->text);
	*url = (struct url){0};
}

struct bytes
url_origin(const struct url *url)
{
	return bytes_of(url->text, url->origin_size);
}

struct bytes
url_host(const struct url *url)
{
	struct bytes host = bytes_of(url->text + url->scheme_size, url->host_size);
	if (host.size && host.data[0] == '[')
		return bytes_of(host.data + 1, host.size - 2);
	return host;
}

struct bytes
url_path(const struct url *url)
{
	must(url->text, "a URL is parsed before it is used");
	return bytes_from(bytes_text(url->text), url->origin_size);
}

struct bytes
url_shown(const struct url *url)
{
	struct bytes text = bytes_text(url->text);
	return bytes_first(text, bytes_find(text, '?'));
}

/* "scheme:" at the front, RFC 3986 section 3.1. */
static bool
has_scheme(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = lower(text.data[at]);
		bool letter = byte >= 'a' && byte <= 'z';
		if (byte == ':')
			return at > 0;
		if (!letter &&
			!(at && (is_digit(byte) || byte == '+' || byte == '-' || byte == '.')))
			return false;
	}
	return false;
}

static void
path_drop_last(struct buf *path, size_t floor)
{
	while (path->size > floor && path->data[path->size - 1] != '/')
		buf_truncate(path, path->size - 1);
	if (path->size > floor)
		buf_truncate(path, path->size - 1);
}

/* RFC 3986, section 5.2.4, on a path that begins with "/". */
static void
path_add_normal(struct bytes path, struct buf *out)
{
	size_t floor = out->size;
	struct bytes rest = bytes_from(path, 1), part;
	while (bytes_split(&rest, '/', &part)) {
		bool last = !rest.data;
		if (bytes_equal_text(part, "..")) {
			path_drop_last(out, floor);
		} else if (!bytes_equal_text(part, ".")) {
			buf_add_byte(out, '/');
			buf_add(out, part);
			continue;
		}
		if (last)
			buf_add_byte(out, '/');
	}
	if (out->size == floor)
		buf_add_byte(out, '/');
}

static void
reference_clean(struct bytes reference, struct buf *out)
{
	reference = bytes_first(reference, bytes_find(reference, '#'));
	for (size_t at = 0; at < reference.size; at++) {
		uint8_t byte = reference.data[at];
		if (byte == ' ' || byte >= 0x80)
			buf_format(out, "%%%02X", byte);
		else
			buf_add_byte(out, byte);
	}
}

static void
reference_merge(const struct url *base, struct bytes reference, struct buf *out)
{
	struct bytes base_path = bytes_first(url_path(base), bytes_find(url_path(base), '?'));
	struct bytes path = bytes_first(reference, bytes_find(reference, '?'));
	struct bytes query = bytes_from(reference, path.size);
	buf_add(out, url_origin(base));
	if (!path.size) {
		buf_add(out, base_path);
		buf_add(out, query.size ? query : bytes_from(url_path(base), base_path.size));
		return;
	}
	cleanup_buf struct buf merged = BUF((size_t)4 * URL_LIMIT);
	if (path.data[0] != '/') {
		size_t folder = base_path.size;
		while (base_path.data[folder - 1] != '/')
			folder--;
		buf_add(&merged, bytes_first(base_path, folder));
	}
	buf_add(&merged, path);
	path_add_normal(buf_bytes(&merged), out);
	buf_add(out, query);
}

bool
url_resolve(const struct url *base, struct bytes reference, struct url *out, struct err *err)
{
	if (reference.size > URL_LIMIT)
		return err_set(err, ERR_REFUSED, "a redirect is longer than %d bytes", URL_LIMIT);
	cleanup_buf struct buf clean = BUF((size_t)4 * URL_LIMIT),
			       whole = BUF((size_t)8 * URL_LIMIT);
	reference_clean(reference, &clean);
	struct bytes text = buf_bytes(&clean);
	if (has_scheme(text)) {
		buf_add(&whole, text);
	} else if (bytes_has_prefix(text, BYTES_LITERAL("//"))) {
		buf_add_text(&whole, base->tls ? "https:" : "http:");
		buf_add(&whole, text);
	} else {
		reference_merge(base, text, &whole);
	}
	return buf_check(&whole, err, "redirect") && url_parse(buf_bytes(&whole), out, err);
}

bool
origin_parse(struct bytes text, struct buf *out, struct err *err)
{
	static const struct bytes registry = {(const uint8_t *)"registry:", 9};
	if (bytes_has_prefix(text, registry)) {
		struct bytes name = bytes_from(text, registry.size);
		for (size_t at = 0; at < name.size; at++)
			if ((name.data[at] < 'a' || name.data[at] > 'z') && name.data[at] != '-')
				name.size = 0;
		if (!name.size || name.size > 32)
			return err_set(err, ERR_REFUSED,
				"an origin's registry is named by lower-case letters and \"-\"");
		buf_add(out, text);
		return buf_check(out, err, "origin");
	}
	if (text.size > ORIGIN_LIMIT)
		return err_set(err, ERR_REFUSED, "an origin is longer than %d bytes", ORIGIN_LIMIT);
	cleanup_url struct url url = {0};
	bool is_ssh = bytes_has_prefix_of_scheme(text, ssh_scheme.text);
	if (is_ssh ? !url_parse_ssh(text, &url, err) : !url_parse(text, &url, err))
		return false;
	if (!bytes_equal_text(url_path(&url), "/"))
		return err_set(err, ERR_REFUSED, "\"%s\" is no origin: it has a path", url.text);
	buf_add(out, url_origin(&url));
	return buf_check(out, err, "origin");
}
