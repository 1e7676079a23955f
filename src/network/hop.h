/* SPDX-License-Identifier: MPL-2.0 */
/*
 * hop: one HTTP request to one place, and its response, carried by libcurl.
 *
 *     struct hop hop = {0};
 *     if (!hop_start(&hop, multi, &spec, err)) return false;
 *     hop_pause(&hop, true);                          stops reading the connection
 *     CURLcode code = ...                             CURLMSG_DONE; CURLINFO_PRIVATE is the spec's
 *                                                     `easy`
 *     if (!hop_finish(&hop, code, err)) ...           whether the response came whole
 *     hop_release(&hop);                              at any time, but not from its own functions
 *
 * Redirects, retries and mirrors are the caller's affair. The address is judged when the socket is
 * made and again before the request is sent. TLS is 1.2 or newer and always verified, against the
 * file that SSL_CERT_FILE names, else the system's. What libcurl would read of the environment or of
 * the user's files (proxies, netrc) is not read.
 *
 * The kind of an error says what may follow: ERR_SYSTEM and ERR_LIMIT with ERR_LIMIT_TIME may go
 * away by themselves; ERR_REFUSED is policy; ERR_CORRUPT and any other ERR_LIMIT are the server's
 * fault and stay.
 */
#pragma once

#include <curl/curl.h>

#include "network/config.h"
#include "network/origin.h"
#include "network/request.h"
#include "network/response.h"

enum hop_flow {
	HOP_TAKEN, /* all of it */
	HOP_FULL,  /* none of it counts as taken: paused, and given again later */
	HOP_ENOUGH /* the response is not needed any further */
};

enum { HOP_LINES = 2 };

/* What each of libcurl's handles carries (CURLINFO_PRIVATE): who is told when it is done. */
struct hop_easy {
	void (*done)(void *context, CURLcode code);
	void *context;
};

/* All pointers stay valid as long as the hop. */
struct hop_spec {
	struct hop_easy easy;
	const struct config *config;
	const struct request *request;
	const struct url *url;
	const char *authorization; /* the line, or NULL */
	struct credential_certificate certificate;
	const char
		*lines[HOP_LINES]; /* of the head, beside the request's own; up to the first NULL */
	bool is_foreign;           /* not the first hop's origin: personal fields stay behind */
	void *context;
	/* Connected; the request is sent next. `again`: libcurl repeats one that a kept connection
	 * lost when the server closed it. */
	void (*reached)(void *context, bool again);
	enum hop_flow (*body)(void *context, struct bytes data);
};

struct hop {
	struct hop_spec spec;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *fields;
	struct response response;
	struct err failure; /* of a function called by libcurl; ERR_NONE while all is well */
	bool is_named, is_proxied, was_reached, had_enough;
	uint64_t raw; /* bytes of the body as they came, those behind its stated end included */
	uint64_t received; /* after hop_finish: bytes of head and body */
	char text[CURL_ERROR_SIZE];
};

MUST_CHECK bool hop_start(
	struct hop *hop, CURLM *multi, const struct hop_spec *spec, struct err *err);
void hop_pause(struct hop *hop, bool pause);
/* The server's wish to be left alone, in seconds; 0 when it has none. */
uint64_t hop_retry_after(const struct hop *hop);
MUST_CHECK bool hop_finish(struct hop *hop, CURLcode code, struct err *err);
void hop_release(struct hop *hop);
/* An error of libcurl's, in its own words (the code's where there are none) but begun as cab begins a sentence. False. */
bool hop_quote(const char *words, CURLcode code, enum err_kind kind, struct err *err);
