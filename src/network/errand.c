/* SPDX-License-Identifier: MPL-2.0 */
#include "network/errand.h"

#include <string.h>

#include "network/challenge.h"

/* The answer is a secret. */
static void
body_wipe(struct errand *errand)
{
	if (errand->body.data)
		explicit_bzero(errand->body.data, errand->body.capacity);
	buf_release(&errand->body);
}

bool
errand_begin(struct errand *errand, const struct response *response, struct err *err)
{
	struct challenge challenge;
	must(challenge_parse(buf_bytes(&response->challenge), &challenge),
		"a verdict of a challenge has one");
	cleanup_buf struct buf text = BUF(URL_LIMIT);
	challenge_url(&challenge, &text);
	challenge_release(&challenge);
	body_wipe(errand);
	url_release(&errand->url);
	errand->body = BUF(TOKEN_ANSWER);
	errand->request.method = METHOD_GET;
	errand->was_run = true;
	return (buf_check(&text, err, "the URL of the token server") &&
		       url_parse(buf_bytes(&text), &errand->url, err)) ||
	       err_note(err, "it wants a token");
}

enum hop_flow
errand_take(struct errand *errand, struct bytes data)
{
	buf_add(&errand->body, data);
	return errand->body.over ? HOP_ENOUGH : HOP_TAKEN;
}

bool
errand_finish(struct errand *errand, const struct response *response, struct buf *header,
	uint64_t *seconds, struct err *err)
{
	bool done = false;
	if (response->status != 200)
		(void)err_set(err, ERR_CORRUPT, "status %u", response->status);
	else
		done = buf_check(&errand->body, err, "its answer") &&
		       token_parse(buf_bytes(&errand->body), header, seconds, err);
	body_wipe(errand);
	return done || err_note(err, "no token from %.*s", BYTES_ARGS(url_shown(&errand->url)));
}

void
errand_reset(struct errand *errand)
{
	body_wipe(errand);
	url_release(&errand->url);
	errand->is_running = false;
	errand->was_run = false;
}

void
errand_release(struct errand *errand)
{
	errand_reset(errand);
}
