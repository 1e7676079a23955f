/* SPDX-License-Identifier: MPL-2.0 */
#include "network/transfer.h"

#include <string.h>
#include <sys/random.h>

#include "network/challenge.h"
#include "network/tokens.h"

enum {
	BROKEN_WAIT = 200, /* milliseconds before the second try, doubled for each further */
	STATUS_WAIT = 1000,
};

static bool
is_temporary(const struct err *err)
{
	return err->kind == ERR_SYSTEM || (err->kind == ERR_LIMIT && err->number == ERR_LIMIT_TIME);
}

/* Doubled for each try, and apart by chance for requests, and for realizers, that failed together. */
static uint64_t
retry_wait(const struct transfer *transfer, uint64_t first)
{
	uint64_t wait = first << (transfer->tries < 6 ? transfer->tries : 6);
	uint16_t chance = 0;
	(void)!getrandom(&chance, sizeof chance, GRND_NONBLOCK);
	return wait + wait / 4 * chance / UINT16_MAX;
}

static bool
redirect_check(const struct transfer *transfer, const struct url *to, struct err *err)
{
	struct bytes origin = url_origin(to);
	bool named = config_names(&transfer->network->config, origin);
	if (transfer->url.tls && !to->tls && !named)
		return err_set(err, ERR_REFUSED, "redirected from https to %.*s",
			BYTES_ARGS(url_shown(to)));
	if (bytes_equal(origin, url_origin(&transfer->url)) || transfer->request.redirects ||
		request_lists(&transfer->request, origin))
		return true;
	return err_set(err, ERR_REFUSED,
		"redirected to %.*s, which is not among the origins of this derivation",
		BYTES_ARGS(origin));
}

static void
transfer_redirect(struct transfer *transfer)
{
	struct err err = {0};
	cleanup_url struct url to = {0};
	if (transfer->redirects == REDIRECT_MOST) {
		(void)err_set(&err, ERR_CORRUPT, "redirected more than %d times", REDIRECT_MOST);
		transfer_fail(transfer, &err);
		return;
	}
	if (!url_resolve(&transfer->url, buf_bytes(&transfer->hop.response.location), &to, &err)) {
		(void)err_note(&err, "redirected");
		transfer_fail(transfer, &err);
		return;
	}
	if (!redirect_check(transfer, &to, &err)) {
		transfer_fail(transfer, &err);
		return;
	}
	if (!bytes_equal(url_origin(&to), url_origin(&transfer->url)))
		transfer->is_foreign = true;
	hop_release(&transfer->hop);
	errand_reset(&transfer->errand);
	url_release(&transfer->url);
	transfer->url = to;
	to = (struct url){0};
	transfer->redirects++;
	transfer->state = TRANSFER_READY;
}

/* Where a token may be asked for: where a redirect may lead, or what the configuration names. */
static bool
errand_check(const struct transfer *transfer, struct err *err)
{
	const struct config *config = &transfer->network->config;
	const struct url *realm = &transfer->errand.url;
	struct bytes origin = url_origin(&transfer->url), at = url_origin(realm);
	bool is_named = config_names(config, at);
	bool is_own = credential_names_realm(config->credentials, origin, at);
	if (transfer->url.tls && !realm->tls && !is_named)
		return err_set(err, ERR_REFUSED, "it wants a token of %.*s, which is not https",
			BYTES_ARGS(at));
	return is_named || is_own || bytes_equal(origin, at) || transfer->request.redirects ||
	       request_lists(&transfer->request, at) ||
	       err_set(err, ERR_REFUSED,
		       "it wants a token of %.*s, which is not among the origins of this "
		       "derivation",
		       BYTES_ARGS(at));
}

static void
transfer_ask(struct transfer *transfer)
{
	struct err err = {0};
	struct errand *errand = &transfer->errand;
	struct tokens *tokens = transfer->network->tokens;
	struct bytes origin = url_origin(&transfer->url);
	if (!errand_begin(errand, &transfer->hop.response, &err) || !errand_check(transfer, &err)) {
		transfer_fail(transfer, &err);
		return;
	}
	struct bytes url = bytes_text(errand->url.text);
	uint64_t number = 0;
	const char *held = tokens_find_asked(tokens, origin, url, &number);
	if (held && number == transfer->token) {
		tokens_drop(tokens, origin, url);
		held = NULL;
	}
	errand->is_running = !held;
	hop_release(&transfer->hop);
	transfer->state = TRANSFER_READY;
}

static void
transfer_wait(struct transfer *transfer)
{
	struct err why = {0};
	struct verdict_view view = transfer_view(transfer);
	uint64_t asked = verdict_asked_wait(&view) * 1000;
	(void)err_set(&why, ERR_SYSTEM, "status %u", transfer->hop.response.status);
	transfer_retry(transfer, asked ? asked : retry_wait(transfer, STATUS_WAIT), &why);
}

/* The token server has answered. */
static void
transfer_take_token(struct transfer *transfer)
{
	struct err err = {0};
	struct errand *errand = &transfer->errand;
	struct buf header = BUF(TOKEN_ANSWER);
	uint64_t seconds = 0;
	bool done = errand_finish(errand, &transfer->hop.response, &header, &seconds, &err);
	hop_release(&transfer->hop);
	errand->is_running = false;
	if (done) {
		tokens_put(transfer->network->tokens, url_origin(&transfer->url),
			url_path(&transfer->url), bytes_text(errand->url.text), buf_bytes(&header),
			seconds);
		transfer->state = TRANSFER_READY;
	} else {
		transfer_fail(transfer, &err);
	}
	if (header.data)
		explicit_bzero(header.data, header.capacity);
	buf_release(&header);
}

static void
transfer_answer(struct transfer *transfer)
{
	struct err err = {0};
	struct bytes nothing = {0};
	struct resume *resume = &transfer->resume;
	if (!transfer->head_sent)
		transfer_send_head(transfer);
	else if (!transfer_rejoin(transfer, &nothing, &err)) {
		transfer_fail(transfer, &err);
		return;
	}
	if (resume->is_on &&
		(resume->skip || (resume->has_total && resume->taken != resume->total))) {
		(void)err_set(&err, ERR_CORRUPT, "the body's parts are not the whole");
		transfer_fail(transfer, &err);
		return;
	}
	transfer->state = TRANSFER_DRAINING;
}

static void
transfer_judge(struct transfer *transfer)
{
	struct err err = {0};
	struct verdict_view view = transfer_view(transfer);
	enum verdict verdict = verdict_find(&view);
	/* Whatever else a token server says: it is for us, and not for the guest. */
	if (transfer->errand.is_running && verdict != VERDICT_AGAIN && verdict != VERDICT_LIMITED) {
		transfer_take_token(transfer);
		return;
	}
	switch (verdict) {
	case VERDICT_ANSWER:
		transfer_answer(transfer);
		break;
	case VERDICT_REDIRECT:
		transfer_redirect(transfer);
		break;
	case VERDICT_CHALLENGE:
		transfer_ask(transfer);
		break;
	case VERDICT_AGAIN:
		transfer_wait(transfer);
		break;
	case VERDICT_ELSEWHERE:
		(void)err_set(&err, ERR_SYSTEM, "status %u", transfer->hop.response.status);
		transfer_next_place(transfer, &err);
		break;
	case VERDICT_LIMITED:
		(void)verdict_limited(&view, transfer_aim_of(transfer), &err);
		transfer_fail(transfer, &err);
		break;
	}
}

/* Whether what broke off may be asked for again: nothing of it was passed on, or it can be joined. */
static bool
transfer_may_repeat(const struct transfer *transfer)
{
	if (transfer->errand.is_running)
		return true;
	if (transfer->head_sent)
		return resume_may(&transfer->resume);
	return request_is_repeatable(&transfer->request) || !transfer->hop.was_reached;
}

void
transfer_hop_done(struct transfer *transfer, CURLcode code)
{
	struct err err = {0};
	bool whole = hop_finish(&transfer->hop, code, &err);
	transfer->received += transfer->hop.received;
	if (whole) {
		transfer_judge(transfer);
		return;
	}
	bool may_repeat = transfer_may_repeat(transfer);
	if (transfer->head_sent && resume_moved(&transfer->resume))
		transfer->tries = 0;
	if (may_repeat && is_temporary(&err) && transfer->tries < transfer->network->config.retries)
		transfer_retry(transfer, retry_wait(transfer, BROKEN_WAIT), &err);
	else if (may_repeat && !transfer->head_sent && !transfer->errand.is_running &&
		 !transfer_is_last_place(transfer))
		transfer_next_place(transfer, &err);
	else
		transfer_fail(transfer, &err);
}
