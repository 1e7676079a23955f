/* SPDX-License-Identifier: MPL-2.0 */
#include "network/verdict.h"

#include <stdio.h>
#include <time.h>

#include "network/challenge.h"

static bool
is_redirect(const struct verdict_view *view)
{
	const struct response *response = view->response;
	if (!response->location.size)
		return false;
	return response->status == 301 || response->status == 302 || response->status == 307 ||
	       response->status == 308 ||
	       (response->status == 303 && view->request->method != METHOD_POST);
}

/* 403 is what some forges say where 429 is meant. */
static bool
is_limited(const struct response *response)
{
	return response->status == 429 || (response->status == 403 && response->is_used_up);
}

static bool
is_challenge(const struct verdict_view *view)
{
	struct challenge challenge;
	if (!view->may_ask || view->response->status != 401 ||
		!challenge_parse(buf_bytes(&view->response->challenge), &challenge))
		return false;
	challenge_release(&challenge);
	return true;
}

static bool
is_passing(const struct verdict_view *view)
{
	switch (view->response->status) {
	case 429:
	case 503:
		return true;
	case 408:
	case 500:
	case 502:
	case 504:
		/* Whether the first was carried out is not known. */
		return request_is_repeatable(view->request);
	default:
		return is_limited(view->response);
	}
}

uint64_t
verdict_asked_wait(const struct verdict_view *view)
{
	const struct response *response = view->response;
	uint64_t now = (uint64_t)time(NULL);
	if (view->retry_after || !response->is_used_up || response->reset <= now)
		return view->retry_after;
	return response->reset - now;
}

enum verdict
verdict_find(const struct verdict_view *view)
{
	if (is_redirect(view))
		return VERDICT_REDIRECT;
	if (is_challenge(view))
		return VERDICT_CHALLENGE;
	if (is_passing(view) && view->has_tries && verdict_asked_wait(view) <= view->most_wait)
		return VERDICT_AGAIN;
	if (view->response->status >= 400 && !view->is_last)
		return VERDICT_ELSEWHERE;
	return is_limited(view->response) ? VERDICT_LIMITED : VERDICT_ANSWER;
}

bool
verdict_limited(const struct verdict_view *view, const struct url *url, struct err *err)
{
	const uint64_t minute = 60, hour = 3600;
	char when[96] = "it does not say until when";
	uint64_t wait = verdict_asked_wait(view);
	time_t until = time(NULL) + (time_t)wait;
	struct tm parts;
	if (wait && wait < (uint64_t)UINT32_MAX && gmtime_r(&until, &parts)) {
		char clock[32];
		(void)strftime(clock, sizeof clock, "%Y-%m-%d %H:%M:%S UTC", &parts);
		(void)snprintf(when, sizeof when, "try again after %s, in %llu %s", clock,
			(unsigned long long)(wait < 2 * minute ? wait
					     : wait < 2 * hour ? (wait + minute - 1) / minute
							       : (wait + hour - 1) / hour),
			wait < 2 * minute ? "seconds"
			: wait < 2 * hour ? "minutes"
					  : "hours");
	}
	return err_set(err, ERR_LIMIT,
		"status %u: the server's limit on requests is met; %s, or name a credential, for "
		"which it may be higher: --set 'credentials.\"%.*s\"={ file = \"PATH\" }'",
		view->response->status, when, BYTES_ARGS(url_origin(url)));
}
