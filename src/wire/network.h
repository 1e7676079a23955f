/* SPDX-License-Identifier: MPL-2.0 */
/*
 * network: what realizer and cab-network say to each other.
 *
 *   cab-network       fd 3: the SOCK_SEQPACKET to the realizer. The user's environment. Ends when
 *                     fd 3 closes.
 *
 * realizer -> network                                            descriptors
 *   NETWORK_CONFIG   (empty)                                     memory file: JSON, below
 *                    First, and once.
 *   NETWORK_OPEN     u32 id, u32 flags,                          write end of the body's pipe,
 *                    bytes method, url, headers, body,           [memory file with the body, when
 *                    list origins                                 `body` is empty]
 *   NETWORK_PAUSE    u32 id      stop reading the connection
 *   NETWORK_RESUME   u32 id
 *   NETWORK_CANCEL   u32 id      no END follows
 *
 * network -> realizer
 *   NETWORK_HEAD     u32 id, u32 status, bytes url, headers      of the final response
 *   NETWORK_REACHED  u32 id, bytes origin                        once a hop, before its bytes are
 *                                                                sent
 *   NETWORK_NOTE     u32 id, bytes text                          for the log: a retry, a wait, a
 *                                                                mirror tried
 *   NETWORK_END      u32 id, u32 refused, u64 size, u64 received, u32 requests, bytes why
 *
 * END is the last message of an id, after HEAD or without one. `size` is the body's bytes written
 * to the pipe, `received` all bytes of all responses, `requests` the number of requests sent
 * (redirects and retries included). `why` is empty when the body came whole; `refused` is 1 when
 * policy said no, to the request or to a redirect. A response of any status is a HEAD, a body and an
 * END: what 404 means is the guest's affair. HEAD is sent with the first byte of the body. Texts may
 * hold any byte that a guest or a server put into a URL.
 *
 * Method: GET, HEAD or POST. Headers: lines "Name: value\n", in replies with names in lower case.
 * URL: http:, https:, or a symbolic origin "registry:NAME/…", which the network process expands
 * ("registry:crates/NAME/VERSION[?sha256=HEX]"; the checksum for registries that find packages by
 * it; the others in src/network/symbolic.h). `origins` is the list of the derivation ("https://host[:port]", "registry:crates", without
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
 *                                              sentence that says what to set)
 *     "proxies": { "http": "URL", "https": "URL" },
 *                                              explicit only (each may be absent); the
 *                                              environment's variables are not read
 *     "credentials": [{ "origin": "ORIGIN", "kind": "file" | "command" | "environment",
 *                       "value": "PATH" | ["PROGRAM", "ARGUMENT", …] | "NAME" }],
 *                                              whose first line is "USER:PASSWORD", "Bearer …",
 *                                              "Basic …", or a token for git hosts
 *     "limits": { "connect": 20, "stall": 60, "total": 1800, "retries": 3 },      seconds
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
};

enum network_flag {
	NETWORK_REDIRECTS = 1 << 0,
};

enum {
	NETWORK_SOCKET = 3,
	NETWORK_ORIGINS = 64,
};
