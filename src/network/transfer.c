/* SPDX-License-Identifier: MPL-2.0 */
#include "network/transfer.h"

#include <stdlib.h>

#include "network/outlet.h"
#include "network/place.h"
#include "wire/network.h"

enum {
	PAUSE_ABOVE = 1 << 20, /* bytes that wait for the pipe */
	RESUME_BELOW = 256 << 10,
	DISCARD_MOST = 64 << 10, /* of a body that nobody reads, to keep its connection */
	BROKEN_WAIT = 200,       /* milliseconds before the second try, doubled for each further */
	STATUS_WAIT = 1000,
};

enum transfer_state {
	TRANSFER_READY,      /* the next hop may start */
	TRANSFER_CREDENTIAL, /* a command prints the secret for it */
	TRANSFER_RUNNING,
	TRANSFER_WAITING,  /* until `retry` fires */
	TRANSFER_DRAINING, /* the body came whole; its end waits for the pipe */
	TRANSFER_DONE,
};

struct transfer {
	struct network *network;
	struct request request;
	enum transfer_state state;
	struct places places;
	size_t place; /* at which of them */
	struct url url;
	struct hop hop;
	unsigned redirects, tries;
	bool head_sent, is_foreign;
	bool is_paused;  /* by the realizer */
	bool is_stopped; /* libcurl was told to stop: for the realizer, or for the pipe */
	bool goes_on;    /* libcurl is being told to go on */
	struct outlet outlet;
	size_t discarded;
	uint64_t received;
	uint32_t requests;
	struct loop_timer *total, *retry;
};

uint32_t
transfer_id(const struct transfer *transfer)
{
	return transfer->request.id;
}

bool
transfer_is_done(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_DONE;
}

bool
transfer_is_running(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_RUNNING && !transfer->is_stopped;
}

bool
transfer_is_ready(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_READY && !transfer->is_paused;
}

/* "URL: why; and then what". */
static void
send_note(struct transfer *transfer, const struct err *why, const char *then)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add(&text, url_shown(&transfer->url));
	buf_format(&text, ": %s; %s", why->text, then);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_NOTE);
	buf_add_u32(&packet, transfer->request.id);
	wire_add(&packet, buf_bytes(&text));
	network_send(transfer->network, &packet);
}

static void
send_head(struct transfer *transfer)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_HEAD);
	buf_add_u32(&packet, transfer->request.id);
	buf_add_u32(&packet, transfer->hop.response.status);
	wire_add(&packet, bytes_text(transfer->url.text));
	wire_add(&packet, buf_bytes(&transfer->hop.response.fields));
	network_send(transfer->network, &packet);
	transfer->head_sent = true;
}

static void
transfer_let_go(struct transfer *transfer)
{
	hop_release(&transfer->hop);
	outlet_close(&transfer->outlet);
	loop_stop(transfer->total);
	loop_stop(transfer->retry);
	transfer->total = NULL;
	transfer->retry = NULL;
	fd_release(&transfer->request.pipe);
}

/* `why` is NULL when the body came whole. */
static void
transfer_end(struct transfer *transfer, const struct err *why)
{
	transfer_let_go(transfer);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_END);
	buf_add_u32(&packet, transfer->request.id);
	buf_add_u32(&packet, why && why->kind == ERR_REFUSED);
	buf_add_u64(&packet, transfer->outlet.written);
	buf_add_u64(&packet, transfer->received);
	buf_add_u32(&packet, transfer->requests);
	wire_add(&packet, why ? bytes_text(why->text) : bytes_of("", 0));
	network_send(transfer->network, &packet);
	transfer->state = TRANSFER_DONE;
}

static void
transfer_fail(struct transfer *transfer, struct err *why)
{
	if (transfer->url.text)
		(void)err_note(why, "%.*s", BYTES_ARGS(url_shown(&transfer->url)));
	transfer_end(transfer, why);
}

static bool
is_temporary(const struct err *err)
{
	return err->kind == ERR_SYSTEM || (err->kind == ERR_LIMIT && err->number == ERR_LIMIT_TIME);
}

static bool
is_last_place(const struct transfer *transfer)
{
	return transfer->place + 1 == transfer->places.urls.size;
}

static bool
is_redirect(const struct transfer *transfer)
{
	const struct response *response = &transfer->hop.response;
	if (!response->location.size)
		return false;
	return response->status == 301 || response->status == 302 || response->status == 307 ||
	       response->status == 308 ||
	       (response->status == 303 && transfer->request.method != METHOD_POST);
}

static bool
is_worth_retrying(const struct transfer *transfer)
{
	switch (transfer->hop.response.status) {
	case 408:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		return transfer->tries < transfer->network->config.retries &&
		       hop_retry_after(&transfer->hop) <= RETRY_AFTER_MOST;
	default:
		return false;
	}
}

/* Whether this response is what the guest gets. */
static bool
is_answer(const struct transfer *transfer)
{
	if (is_redirect(transfer) || is_worth_retrying(transfer))
		return false;
	return transfer->hop.response.status < 400 || is_last_place(transfer);
}

static bool
transfer_should_stop(const struct transfer *transfer)
{
	size_t most = transfer->is_stopped ? RESUME_BELOW : PAUSE_ABOVE;
	return transfer->is_paused || outlet_left(&transfer->outlet) > most;
}

static enum hop_flow
on_body(void *context, struct bytes data)
{
	struct transfer *transfer = (struct transfer *)context;
	/* Not while it goes on: then libcurl gives all that it held, and would hold it all again. The
	 * realizer's pause is asked for here too, for libcurl forgets one that came before the
	 * connection was made. */
	if (!transfer->is_stopped && !transfer->goes_on && transfer_should_stop(transfer)) {
		transfer->is_stopped = true;
		return HOP_FULL;
	}
	if (transfer->head_sent || is_answer(transfer)) {
		if (!transfer->head_sent)
			send_head(transfer);
		return outlet_add(&transfer->outlet, data, &transfer->hop.failure) ? HOP_TAKEN
										   : HOP_ENOUGH;
	}
	transfer->discarded += data.size;
	return transfer->discarded > DISCARD_MOST ? HOP_ENOUGH : HOP_TAKEN;
}

void
transfer_pause(struct transfer *transfer, bool pause)
{
	transfer->is_paused = pause;
}

void
transfer_settle(struct transfer *transfer)
{
	if (transfer->state == TRANSFER_DRAINING && !outlet_left(&transfer->outlet) &&
		!transfer->outlet.is_broken)
		transfer_end(transfer, NULL);
	if (transfer->state != TRANSFER_RUNNING && transfer->state != TRANSFER_DRAINING)
		return;
	if (transfer->outlet.is_broken) {
		struct err err = {0};
		(void)err_set(&err, ERR_CANCELLED, "nobody reads the body any more");
		transfer_fail(transfer, &err);
		return;
	}
	bool stop = transfer_should_stop(transfer);
	if (transfer->state != TRANSFER_RUNNING || stop == transfer->is_stopped)
		return;
	transfer->is_stopped = stop;
	transfer->goes_on = !stop;
	hop_pause(&transfer->hop, stop);
	transfer->goes_on = false;
}

static void
on_reached(void *context, bool again)
{
	struct transfer *transfer = (struct transfer *)context;
	transfer->requests++;
	if (again)
		return;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_REACHED);
	buf_add_u32(&packet, transfer->request.id);
	wire_add(&packet, url_origin(&transfer->url));
	network_send(transfer->network, &packet);
}

/* Goes to the place that is due. */
static bool
transfer_aim(struct transfer *transfer, struct err *err)
{
	url_release(&transfer->url);
	transfer->redirects = 0;
	transfer->tries = 0;
	transfer->is_foreign = false;
	return url_parse(
		bytes_text(transfer->places.urls.data[transfer->place]), &transfer->url, err);
}

static void
transfer_start_hop(struct transfer *transfer, const char *authorization)
{
	struct err err = {0};
	const struct hop_spec spec = {
		.config = &transfer->network->config,
		.request = &transfer->request,
		.url = &transfer->url,
		.authorization = authorization,
		.is_foreign = transfer->is_foreign,
		.context = transfer,
		.reached = on_reached,
		.body = on_body,
	};
	transfer->discarded = 0;
	transfer->is_stopped = false;
	transfer->state = TRANSFER_RUNNING;
	if (!hop_start(&transfer->hop, transfer->network->multi, &spec, &err))
		transfer_fail(transfer, &err);
}

void
transfer_go_on(struct transfer *transfer)
{
	struct err err = {0};
	const char *authorization = NULL;
	switch (credential_find(transfer->network->config.credentials, url_origin(&transfer->url),
		&authorization, &err)) {
	case CREDENTIAL_ABSENT:
	case CREDENTIAL_READY:
		transfer_start_hop(transfer, authorization);
		break;
	case CREDENTIAL_LATER:
		transfer->state = TRANSFER_CREDENTIAL;
		break;
	case CREDENTIAL_FAILED:
		transfer_fail(transfer, &err);
		break;
	}
}

void
transfer_credential_changed(struct transfer *transfer)
{
	if (transfer->state == TRANSFER_CREDENTIAL)
		transfer->state = TRANSFER_READY;
}

static void
on_retry(void *context)
{
	struct transfer *transfer = (struct transfer *)context;
	transfer->retry = NULL;
	transfer->state = TRANSFER_READY;
}

static void
transfer_retry(struct transfer *transfer, uint64_t milliseconds, const struct err *why)
{
	char then[96];
	transfer->tries++;
	(void)snprintf(then, sizeof then, "trying again in %.1f s (%u of %u)",
		(double)milliseconds / 1000, transfer->tries, transfer->network->config.retries);
	send_note(transfer, why, then);
	hop_release(&transfer->hop);
	transfer->state = TRANSFER_WAITING;
	transfer->retry = loop_after(transfer->network->loop, milliseconds, on_retry, transfer);
}

static void
transfer_next_place(struct transfer *transfer, const struct err *why)
{
	send_note(transfer, why, "trying the next mirror");
	hop_release(&transfer->hop);
	transfer->place++;
	transfer->state = TRANSFER_READY;
	struct err err = {0};
	if (!transfer_aim(transfer, &err))
		transfer_fail(transfer, &err);
}

/* Doubled for each try, and a little apart for requests that failed together. */
static uint64_t
retry_wait(const struct transfer *transfer, uint64_t first)
{
	uint64_t wait = first << (transfer->tries < 6 ? transfer->tries : 6);
	return wait + wait * (transfer->request.id * 7919u % 32) / 128;
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
	url_release(&transfer->url);
	transfer->url = to;
	to = (struct url){0};
	transfer->redirects++;
	transfer->state = TRANSFER_READY;
}

static void
transfer_judge(struct transfer *transfer)
{
	if (is_redirect(transfer)) {
		transfer_redirect(transfer);
		return;
	}
	if (!is_answer(transfer)) {
		struct err why = {0};
		(void)err_set(&why, ERR_SYSTEM, "status %u", transfer->hop.response.status);
		uint64_t asked = hop_retry_after(&transfer->hop) * 1000;
		if (is_worth_retrying(transfer))
			transfer_retry(
				transfer, asked ? asked : retry_wait(transfer, STATUS_WAIT), &why);
		else
			transfer_next_place(transfer, &why);
		return;
	}
	if (!transfer->head_sent)
		send_head(transfer);
	transfer->state = TRANSFER_DRAINING;
}

void
transfer_hop_done(struct transfer *transfer, CURLcode code)
{
	struct err err = {0};
	bool whole = hop_finish(&transfer->hop, code, &err);
	transfer->received += transfer->hop.received;
	bool may_repeat = !transfer->head_sent;
	if (whole)
		transfer_judge(transfer);
	else if (may_repeat && is_temporary(&err) &&
		 transfer->tries < transfer->network->config.retries)
		transfer_retry(transfer, retry_wait(transfer, BROKEN_WAIT), &err);
	else if (may_repeat && !is_last_place(transfer))
		transfer_next_place(transfer, &err);
	else
		transfer_fail(transfer, &err);
}

static void
on_total(void *context)
{
	struct transfer *transfer = (struct transfer *)context;
	struct err err = {0};
	transfer->total = NULL;
	(void)err_limit(&err, ERR_LIMIT_TIME, "not done within %u seconds",
		transfer->network->config.total_seconds);
	transfer_fail(transfer, &err);
}

struct transfer *
transfer_new(struct network *network, struct request *request)
{
	struct transfer *transfer = (struct transfer *)memory_zero(1, sizeof *transfer);
	transfer->network = network;
	transfer->request = *request;
	*request = (struct request){.pipe = -1};
	transfer->total = loop_after(
		network->loop, (uint64_t)network->config.total_seconds * 1000, on_total, transfer);

	struct err err = {0};
	if (!outlet_open(&transfer->outlet, network->loop, transfer->request.pipe, &err) ||
		!request_check(&transfer->request, &err) ||
		!places_find(&transfer->places, &network->config, &transfer->request, &err) ||
		!transfer_aim(transfer, &err))
		transfer_fail(transfer, &err);
	return transfer;
}

void
transfer_free(struct transfer *transfer)
{
	transfer_let_go(transfer);
	places_release(&transfer->places);
	url_release(&transfer->url);
	request_release(&transfer->request);
	free(transfer);
}
