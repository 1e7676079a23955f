/* SPDX-License-Identifier: MPL-2.0 */
/*
 * url: an http or https URL, and of a repository also ssh, taken apart and held to a strict spelling
 * (RFC 3986, less).
 *
 * Refused: other schemes, an empty host, a user name (but with ssh) or password, a port out of 1-65535, a fragment,
 * characters that must be percent-encoded, malformed percent-encoding, "." and ".." parts (encoded
 * ones too), a host or port that begins with '-'. Host and scheme are lower case in what is printed;
 * a port that is the scheme's usual one is dropped.
 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct url {
	struct bytes scheme; /* "http", "https" or "ssh" */
	struct bytes user;   /* of ssh; or empty */
	struct bytes host;   /* as written; IPv6 with its brackets */
	unsigned port;       /* 0: the usual one */
	struct bytes path;   /* "" or from the first '/' */
	struct bytes query;  /* with its '?', or empty */
};

/* Spans are borrowed from the text. ERR_REFUSED names the URL. */
MUST_CHECK bool url_parse(struct bytes text, struct url *out, struct err *err);
/* As it, and ssh://[USER@]HOST[:PORT]/PATH. */
MUST_CHECK bool url_parse_repository(struct bytes text, struct url *out, struct err *err);
/* Whether it begins with ssh:// */
bool url_is_ssh(struct bytes text);
/* scheme://host[:port] */
struct bytes url_origin(struct arena *arena, const struct url *url);
/* The last part of the path that is not empty, or an empty span. */
struct bytes url_name(const struct url *url);
