/* SPDX-License-Identifier: MPL-2.0 */
/*
 * verdict: what a response's head means for the request that it answers.
 *
 *     switch (verdict_find(&view)) ...
 *     uint64_t seconds = verdict_asked_wait(&view)      how long the server wants to be left alone
 *     verdict_limited(&view, url, err)                  a sentence: which limit, until when, what to do
 */
#pragma once

#include "network/origin.h"
#include "network/request.h"
#include "network/response.h"

enum verdict {
	VERDICT_ANSWER,    /* what was asked for, or what its asker must know */
	VERDICT_REDIRECT,  /* 301, 302, 307, 308; 303 but for a POST */
	VERDICT_CHALLENGE, /* it wants a token */
	VERDICT_AGAIN,     /* later: 408, 429, 500, 502, 503, 504, or a limit that is met */
	VERDICT_ELSEWHERE, /* an error, and there is another mirror */
	VERDICT_LIMITED,   /* a limit is met, for longer than is waited here */
};

struct verdict_view {
	const struct response *response;
	const struct request *request;
	uint64_t retry_after; /* seconds, of the head; 0: none */
	uint64_t most_wait;
	bool has_tries; /* it may be asked again */
	bool is_last;   /* no mirror is left */
	bool may_ask;   /* for a token */
};

enum verdict verdict_find(const struct verdict_view *view);
uint64_t verdict_asked_wait(const struct verdict_view *view);
bool verdict_limited(const struct verdict_view *view, const struct url *url, struct err *err);
