/* SPDX-License-Identifier: MPL-2.0 */
#include "island/url.h"

#include <ctype.h>

static bool
is_hex(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
	       (byte >= 'A' && byte <= 'F');
}

static bool
is_host_byte(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_';
}

/* pchar, '/' and '?' of RFC 3986, without '%'. */
static bool
is_path_byte(uint8_t byte)
{
	static const char marks[] = "-._~!$&'()*+,;=:@/?";
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || (byte && memchr(marks, byte, sizeof marks - 1));
}

static bool
path_is_spelt(struct bytes path)
{
	for (size_t at = 0; at < path.size; at++) {
		if (is_path_byte(path.data[at]))
			continue;
		if (path.data[at] != '%' || path.size - at < 3 || !is_hex(path.data[at + 1]) ||
			!is_hex(path.data[at + 2]))
			return false;
		at += 2;
	}
	return true;
}

/* "." and "..", each dot as it is or as %2e. */
static bool
is_dots(struct bytes part)
{
	size_t dots = 0;
	while (part.size > 0) {
		size_t size = part.data[0] == '.' ? 1 : 3;
		bool encoded = part.size >= 3 && part.data[0] == '%' && part.data[1] == '2' &&
			       (part.data[2] == 'e' || part.data[2] == 'E');
		if (size == 3 && !encoded)
			return false;
		part = bytes_from(part, size);
		dots++;
	}
	return dots == 1 || dots == 2;
}

static bool
path_has_dots(struct bytes path)
{
	struct bytes rest = path;
	struct bytes part;
	while (bytes_split(&rest, '/', &part))
		if (is_dots(part))
			return true;
	return false;
}

static bool
host_is_spelt(struct bytes host)
{
	if (host.size > 2 && host.data[0] == '[' && host.data[host.size - 1] == ']') {
		for (size_t at = 1; at + 1 < host.size; at++)
			if (!is_hex(host.data[at]) && host.data[at] != ':' && host.data[at] != '.')
				return false;
		return true;
	}
	if (host.size == 0 || host.size > 253 || host.data[0] == '-' || host.data[0] == '.')
		return false;
	for (size_t at = 0; at < host.size; at++)
		if (!is_host_byte(host.data[at]))
			return false;
	return true;
}

static bool
port_parse(struct bytes text, unsigned *out)
{
	unsigned port = 0;
	if (text.size == 0 || text.size > 5)
		return false;
	for (size_t at = 0; at < text.size; at++) {
		if (text.data[at] < '0' || text.data[at] > '9')
			return false;
		port = 10 * port + (unsigned)(text.data[at] - '0');
	}
	if (port == 0 || port > 65535)
		return false;
	*out = port;
	return true;
}

static unsigned
scheme_port(struct bytes scheme)
{
	if (bytes_equal_text(scheme, "ssh"))
		return 22;
	return bytes_equal_text(scheme, "https") ? 443 : 80;
}

/* HOST[:PORT] */
static bool
authority_parse(struct bytes authority, struct url *url)
{
	size_t bracket =
		authority.size && authority.data[0] == '[' ? bytes_find(authority, ']') : 0;
	if (bracket == SIZE_MAX)
		return false;
	size_t colon = bytes_find(bytes_from(authority, bracket), ':');
	url->host = colon == SIZE_MAX ? authority : bytes_first(authority, bracket + colon);
	if (!host_is_spelt(url->host))
		return false;
	if (colon == SIZE_MAX)
		return true;
	unsigned usual = scheme_port(url->scheme);
	if (!port_parse(bytes_from(authority, bracket + colon + 1), &url->port))
		return false;
	if (url->port == usual)
		url->port = 0;
	return true;
}

bool
url_is_ssh(struct bytes text)
{
	return bytes_has_prefix(text, BYTES_LITERAL("ssh://"));
}

static bool
user_is_spelt(struct bytes user)
{
	enum { USER = 64 };
	for (size_t at = 0; at < user.size; at++)
		if (!is_host_byte(user.data[at]))
			return false;
	return user.size > 0 && user.size <= USER && user.data[0] != '-';
}

/* [USER@]HOST[:PORT] */
static bool
place_parse(struct bytes text, struct bytes authority, struct url *url, struct err *err)
{
	struct bytes host = authority;
	size_t mark = bytes_find(authority, '@');
	if (mark != SIZE_MAX && !url_is_ssh(text))
		return err_set(err, ERR_REFUSED,
			"%.*s: a user name or password has no place in a URL, see `credentials`",
			BYTES_ARGS(text));
	if (mark != SIZE_MAX) {
		url->user = bytes_first(authority, mark);
		host = bytes_from(authority, mark + 1);
		if (!user_is_spelt(url->user))
			return err_set(err, ERR_REFUSED,
				"%.*s: `%.*s` is no user: letters, digits, `.`, `_` and `-` name "
				"one, "
				"and ssh has no password in a URL",
				BYTES_ARGS(text), BYTES_ARGS(url->user));
	}
	return authority_parse(host, url) || err_set(err, ERR_REFUSED, "%.*s: `%.*s` is no host",
						     BYTES_ARGS(text), BYTES_ARGS(host));
}

/* Behind the scheme. */
static bool
rest_parse(struct bytes text, struct url *url, struct err *err)
{
	struct bytes rest = bytes_from(text, url->scheme.size + 3);
	if (bytes_find(rest, '#') != SIZE_MAX)
		return err_set(err, ERR_REFUSED, "%.*s: a fragment (#…) is never sent to a server",
			BYTES_ARGS(text));
	size_t end = 0;
	while (end < rest.size && rest.data[end] != '/' && rest.data[end] != '?')
		end++;
	if (!place_parse(text, bytes_first(rest, end), url, err))
		return false;
	rest = bytes_from(rest, end);
	size_t query = bytes_find(rest, '?');
	url->path = bytes_first(rest, query);
	url->query = query == SIZE_MAX ? bytes_of(NULL, 0) : bytes_from(rest, query);
	if (!path_is_spelt(rest))
		return err_set(err, ERR_REFUSED,
			"%.*s: holds a character that must be percent-encoded", BYTES_ARGS(text));
	if (path_has_dots(url->path))
		return err_set(err, ERR_REFUSED, "%.*s: has a part `.` or `..`", BYTES_ARGS(text));
	return true;
}

static bool
parse_of(struct bytes text, bool with_ssh, struct url *out, struct err *err)
{
	struct url url = {0};
	if (with_ssh && url_is_ssh(text))
		url.scheme = bytes_first(text, 3);
	else if (bytes_has_prefix(text, BYTES_LITERAL("https://")))
		url.scheme = bytes_first(text, 5);
	else if (bytes_has_prefix(text, BYTES_LITERAL("http://")))
		url.scheme = bytes_first(text, 4);
	else
		return err_set(err, ERR_REFUSED, "%.*s: an http:// or https://%s URL is wanted",
			BYTES_ARGS(text), with_ssh ? ", or an ssh://" : "");
	if (!rest_parse(text, &url, err))
		return false;
	*out = url;
	return true;
}

bool
url_parse(struct bytes text, struct url *out, struct err *err)
{
	return parse_of(text, false, out, err);
}

bool
url_parse_repository(struct bytes text, struct url *out, struct err *err)
{
	return parse_of(text, true, out, err);
}

struct bytes
url_origin(struct arena *arena, const struct url *url)
{
	char *host = arena_text(arena, url->host);
	for (char *at = host; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (url->port)
		return bytes_text(arena_format(
			arena, "%.*s://%s:%u", BYTES_ARGS(url->scheme), host, url->port));
	return bytes_text(arena_format(arena, "%.*s://%s", BYTES_ARGS(url->scheme), host));
}

struct bytes
url_name(const struct url *url)
{
	struct bytes rest = url->path;
	struct bytes part;
	struct bytes name = {NULL, 0};
	while (bytes_split(&rest, '/', &part))
		if (part.size > 0)
			name = part;
	return name;
}
