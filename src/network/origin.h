/* SPDX-License-Identifier: MPL-2.0 */
/*
 * origin: URLs, read strictly, and the origins that they begin with.
 *
 *     struct url url = {0};
 *     if (!url_parse(text, &url, err)) return false;
 *     use(url.text, url_origin(&url));
 *     url_release(&url);
 *
 * A URL (RFC 3986) is http or https, "://", a host, maybe a port, a path and a query; at most
 * URL_LIMIT bytes, printable ASCII without space. Refused, as ERR_REFUSED and before anything is
 * looked up: a userinfo, an empty host, a host that begins with "-" or is not ASCII, an IPv4
 * address in any form but four decimal numbers, an IPv6 zone, a fragment, control
 * characters, "\\".
 *
 * The text of a struct url is normal: scheme and host in lower case, the scheme's own port left
 * out, IPv6 as inet_ntop writes it, "/" for an empty path. So two URLs have one origin exactly if
 * their origin texts are equal.
 *
 * An origin text is "https://host[:port]", "ssh://host[:port]", or symbolic: "registry:NAME".
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

enum { URL_LIMIT = 16 << 10 };

struct url {
	char *text;
	size_t scheme_size; /* of text: "scheme://" */
	size_t origin_size; /* of text: scheme, host and port */
	size_t host_size;   /* of text, behind "scheme://", brackets included */
	uint16_t port;
	bool tls;
};

#define cleanup_url __attribute__((cleanup(url_release)))

MUST_CHECK bool url_parse(struct bytes text, struct url *out, struct err *err);
/* The same for "ssh://", whose usual port is 22. Who logs in is not a part of it (remote.h). */
MUST_CHECK bool url_parse_ssh(struct bytes text, struct url *out, struct err *err);
/* What a Location header means at `base` (RFC 3986, section 5.2). A fragment is dropped; spaces and
 * bytes beyond ASCII are percent-encoded, as servers send them raw. */
MUST_CHECK bool url_resolve(
	const struct url *base, struct bytes reference, struct url *out, struct err *err);
void url_release(struct url *url);

struct bytes url_origin(const struct url *url);
/* Without brackets. */
struct bytes url_host(const struct url *url);
/* Path and query, from the first "/" on. */
struct bytes url_path(const struct url *url);
/* Without the query, which may hold a signature: for logs. */
struct bytes url_shown(const struct url *url);

/* Adds the normal form of an origin; a path behind it other than "/" is an error. */
MUST_CHECK bool origin_parse(struct bytes text, struct buf *out, struct err *err);
