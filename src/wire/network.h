/* SPDX-License-Identifier: MPL-2.0 */
/*
 * network: what realizer and cab-network say to each other.
 *
 *   cab-network       fd 3: the SOCK_SEQPACKET to the realizer. The user's environment. Ends when
 *                     fd 3 closes.
 *
 * realizer -> network                                            descriptors
 *   NETWORK_CONFIG   (empty)                                     memory file: JSON, below
 *                    First, and once. Where it cannot be used every request ends at once, refused,
 *                    with the reason as `why`, and so does what a proxy is asked.
 *   NETWORK_OPEN     u32 id, u32 flags,                          write end of the body's pipe,
 *                    bytes method, url, headers, body,           [memory file with the body, when
 *                    list origins                                 `body` is empty]
 *   NETWORK_PAUSE    u32 id      stop reading the connection
 *   NETWORK_RESUME   u32 id
 *   NETWORK_CANCEL   u32 id      no END follows
 *   NETWORK_LISTEN   u32 id, u32 flags, list origins             a socket that is sent, by one byte
 *                                                                and SCM_RIGHTS, a socket that listens
 *                    A proxy for a native program; its id is of the same kind as a request's.
 *   NETWORK_CLOSE    u32 id      of a LISTEN: its connections end, and END follows
 *
 * network -> realizer
 *   NETWORK_HEAD     u32 id, u32 status, bytes url, headers      of the final response
 *   NETWORK_REACHED  u32 id, bytes origin                        once a hop, before its bytes are
 *                                                                sent
 *   NETWORK_NOTE     u32 id, bytes text                          for the log: a retry, a wait, a
 *                                                                mirror tried
 *   NETWORK_MOVED    u32 id, u64 received                        of a LISTEN, now and then
 *   NETWORK_END      u32 id, u32 refused, u64 size, u64 received, u32 requests, bytes why
 *
 * END is the last message of an id, after HEAD or without one. `size` is the body's bytes written
 * to the pipe, `received` all bytes of all responses, `requests` the number of requests sent
 * (redirects and retries included). `why` is empty when the body came whole; `refused` is 1 when
 * policy said no, to the request or to a redirect. A response of any status is a HEAD, a body and an
 * END: what 404 means is the guest's affair. But a server's limit on requests (429, or 403 that says
 * so) that outlasts the retries is an END whose `why` says until when; and a 401 that wants a token
 * (Bearer) is answered here, by asking its token server, which counts as requests and is REACHED like
 * any; neither the secret nor the token is in any message. A body that breaks off goes on by ranges
 * where that is safe. HEAD is sent with the first byte of the body. Texts may
 * hold any byte that a guest or a server put into a URL.
 *
 * Method: GET, HEAD or POST. Headers: lines "Name: value\n", in replies with names in lower case.
 * URL: http:, https:, ssh: (git's two requests alone, src/network/call.h), or a symbolic origin "registry:NAME/…", which the network process expands
 * ("registry:crates/NAME/VERSION[?sha256=HEX]"; the checksum for registries that find packages by
 * it; the others in src/network/symbolic.h). `origins` is the list of the derivation ("https://host[:port]", "ssh://host[:port]", "registry:crates", without
 * the word "redirects"); a first URL of another origin is refused, but for what a registry's document
 * names (src/network/place.h). Redirects: to an origin beyond
 * the list only with NETWORK_REDIRECTS, from https to http only where the configuration names the
 * new origin; method and body kept on 301/302/307/308 alike; at most 10 hops; policy and
 * credentials decided anew at each.
 *
 * Config, JSON, all keys present:
 *   {
 *     "allow": ["10.0.0.0/8", …],              addresses beyond public ones that may be reached
 *     "named": ["http://127.0.0.1:8000", …],   origins that the host's own configuration names:
 *                                              allowed to every island
 *     "mirrors": { "ORIGIN": ["URL", …] },     tried in order, instead of the origin itself; for a
 *                                              registry templates as below
 *     "registries": { "registry:crates": "DL", "registry:crates-index": "URL", "registry:npm": "URL",
 *                     "registry:npm/@SCOPE": "URL", "registry:pypi": "URL" },
 *                                              cargo's `dl` template, the others' folders (each may
 *                                              be absent: then such a URL is refused, with the
 *                                              sentence that says what to set; null where a client's
 *                                              file names one that cannot be used: then too, and what
 *                                              is of a scope is asked of no other registry)
 *     "proxies": { "http": "URL", "https": "URL" },
 *                                              explicit only (each may be absent); the
 *                                              environment's variables are not read
 *     "credentials": [{ "origin": "ORIGIN",
 *                       "kind": "file" | "command" | "environment" | "none",
 *                       "value": "PATH" | ["PROGRAM", "ARGUMENT", …] | "NAME" | "",
 *                       "use": "guess" | "bearer" | "basic" | "header",
 *                       "name": "USER" or "HEADER", for the last two,
 *                       "realm": "ORIGIN" of its token server, where that is another,
 *                       "certificate": "PATH", "key": "PATH" }],
 *                                              texts are "" where there is none; credential.h of the
 *                                              network says what becomes of each
 *     "authorities": "PATH",                   PEM, believed beside the system's; "" is none
 *     "ssh": ["PROGRAM", "ARGUMENT", …],       for ssh: URLs
 *     "limits": { "connect": 20, "stall": 60, "total": 1800, "retries": 3, "wait": 60 },   seconds
 *     "connections": 16                        transfers that run at once
 *   }
 * The origins of mirrors and registries count as named.
 */
#pragma once

enum network_message {
	NETWORK_CONFIG = 32,
	NETWORK_OPEN,
	NETWORK_PAUSE,
	NETWORK_RESUME,
	NETWORK_CANCEL,
	NETWORK_HEAD,
	NETWORK_REACHED,
	NETWORK_NOTE,
	NETWORK_END,
	NETWORK_LISTEN,
	NETWORK_CLOSE,
	NETWORK_MOVED,
};

enum network_flag {
	NETWORK_REDIRECTS = 1 << 0, /* of a LISTEN: to any public origin */
};

enum {
	NETWORK_SOCKET = 3,
	NETWORK_ORIGINS = 64,
};
