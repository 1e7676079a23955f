/* SPDX-License-Identifier: MPL-2.0 */
#include "network/transfer.h"

#include <stdlib.h>

#include "network/errand.h"
#include "network/outlet.h"
#include "network/place.h"
#include "network/resume.h"
#include "network/symbolic.h"
#include "network/tokens.h"
#include "network/verdict.h"
#include "wire/network.h"

enum {
	PAUSE_ABOVE = 1 << 20, /* bytes that wait for the pipe */
	RESUME_BELOW = 256 << 10,
	DISCARD_MOST = 64 << 10, /* of a body that nobody reads, to keep its connection */
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

const struct url *
transfer_aim_of(const struct transfer *transfer)
{
	return transfer->errand.is_running ? &transfer->errand.url : &transfer->url;
}

/* "URL: why; and then what". */
static void
send_note(struct transfer *transfer, const struct err *why, const char *then)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add(&text, url_shown(transfer_aim_of(transfer)));
	buf_format(&text, ": %s; %s", why->text, then);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_NOTE);
	buf_add_u32(&packet, transfer->request.id);
	wire_add(&packet, buf_bytes(&text));
	network_send(transfer->network, &packet);
}

/* Who asks may be what is wrong: the log says where that is said. A program that says it itself knows. */
static void
transfer_say_stranger(struct transfer *transfer)
{
	unsigned status = transfer->hop.response.status;
	if ((status != 401 && status != 403) || request_is_personal(&transfer->request))
		return;
	struct err err = {0};
	struct bytes origin = url_origin(&transfer->url);
	bool named = credential_has(transfer->network->config.credentials, origin);
	cleanup_buf struct buf then = BUF(BUF_MAX);
	buf_format(&then,
		named ? "the credential of %.*s does not do"
		      : "it may want to know who asks: --set 'credentials.\"%.*s\"={ file = "
			"\"PATH\" }'",
		BYTES_ARGS(origin));
	(void)err_set(&err, ERR_REFUSED, "status %u", status);
	send_note(transfer, &err, buf_text(&then));
}

void
transfer_send_head(struct transfer *transfer)
{
	transfer_say_stranger(transfer);
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_HEAD);
	buf_add_u32(&packet, transfer->request.id);
	buf_add_u32(&packet, transfer->hop.response.status);
	wire_add(&packet, bytes_text(transfer->url.text));
	wire_add(&packet, buf_bytes(&transfer->hop.response.fields));
	network_send(transfer->network, &packet);
	transfer->head_sent = true;
	struct bytes url = buf_bytes(&transfer->request.url);
	bool is_verified = symbolic_origin(url).size && bytes_find(url, '?') != SIZE_MAX;
	if (transfer->request.method == METHOD_GET &&
		!request_has_field(&transfer->request, "range"))
		resume_begin(&transfer->resume, &transfer->hop.response, is_verified);
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
	const struct network_moved moved = {
		transfer->outlet.written, transfer->received, transfer->requests};
	network_send_end(transfer->network, transfer->request.id, &moved, why);
	transfer->state = TRANSFER_DONE;
}

void
transfer_fail(struct transfer *transfer, struct err *why)
{
	if (transfer->url.text)
		(void)err_note(why, "%.*s", BYTES_ARGS(url_shown(&transfer->url)));
	transfer_end(transfer, why);
}

bool
transfer_is_last_place(const struct transfer *transfer)
{
	return transfer->place + 1 == transfer->places.urls.size;
}

struct verdict_view
transfer_view(const struct transfer *transfer)
{
	bool is_errand = transfer->errand.is_running;
	const struct config *config = &transfer->network->config;
	return (struct verdict_view){
		.response = &transfer->hop.response,
		.request = is_errand ? &transfer->errand.request : &transfer->request,
		.retry_after = hop_retry_after(&transfer->hop),
		.most_wait = config->wait_seconds,
		.has_tries = transfer->tries < config->retries,
		.is_last = is_errand || transfer->head_sent || transfer_is_last_place(transfer),
		.may_ask = !transfer->errand.was_run && !request_is_personal(&transfer->request),
	};
}

static enum verdict
transfer_verdict(const struct transfer *transfer)
{
	struct verdict_view view = transfer_view(transfer);
	return verdict_find(&view);
}

static bool
transfer_should_stop(const struct transfer *transfer)
{
	size_t most = transfer->is_stopped ? RESUME_BELOW : PAUSE_ABOVE;
	return transfer->is_paused || outlet_left(&transfer->outlet) > most;
}

bool
transfer_rejoin(struct transfer *transfer, struct bytes *data, struct err *err)
{
	struct resume *resume = &transfer->resume;
	if (!resume->is_on)
		return true;
	if (!resume->is_checked && !resume_check(resume, &transfer->hop.response, err))
		return false;
	uint64_t known = resume->skip < data->size ? resume->skip : data->size;
	resume->skip -= known;
	*data = bytes_from(*data, (size_t)known);
	return true;
}

static enum hop_flow
on_body(void *context, struct bytes data)
{
	struct transfer *transfer = (struct transfer *)context;
	if (transfer->errand.is_running)
		return errand_take(&transfer->errand, data);
	/* Not while it goes on: then libcurl gives all that it held, and would hold it all again. The
	 * realizer's pause is asked for here too, for libcurl forgets one that came before the
	 * connection was made. */
	if (!transfer->is_stopped && !transfer->goes_on && transfer_should_stop(transfer)) {
		transfer->is_stopped = true;
		return HOP_FULL;
	}
	bool is_first = transfer->discarded == 0;
	if (!transfer->is_answer && (!is_first || transfer_verdict(transfer) != VERDICT_ANSWER)) {
		transfer->discarded += data.size;
		return transfer->discarded > DISCARD_MOST ? HOP_ENOUGH : HOP_TAKEN;
	}
	transfer->is_answer = true;
	if (!transfer->head_sent)
		transfer_send_head(transfer);
	if (!transfer_rejoin(transfer, &data, &transfer->hop.failure))
		return HOP_ENOUGH;
	transfer->resume.taken += data.size;
	return outlet_add(&transfer->outlet, data, &transfer->hop.failure) ? HOP_TAKEN : HOP_ENOUGH;
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
	wire_add(&packet, url_origin(transfer_aim_of(transfer)));
	network_send(transfer->network, &packet);
}

/* Goes to the place that is due. */
static bool
transfer_aim(struct transfer *transfer, struct err *err)
{
	url_release(&transfer->url);
	errand_reset(&transfer->errand);
	transfer->redirects = 0;
	transfer->is_foreign = false;
	return url_parse(
		bytes_text(transfer->places.urls.data[transfer->place]), &transfer->url, err);
}

static void
on_hop_done(void *context, CURLcode code)
{
	transfer_hop_done((struct transfer *)context, code);
}

static void
transfer_start_hop(struct transfer *transfer, const char *authorization)
{
	struct err err = {0};
	const struct url *url = transfer_aim_of(transfer);
	bool is_errand = transfer->errand.is_running;
	const struct config *config = &transfer->network->config;
	struct hop_spec spec = {
		.easy = {on_hop_done, transfer},
		.config = config,
		.request = is_errand ? &transfer->errand.request : &transfer->request,
		.url = url,
		.authorization = authorization,
		.certificate = credential_certificate(config->credentials, url_origin(url)),
		.is_foreign = transfer->is_foreign,
		.context = transfer,
		.reached = on_reached,
		.body = on_body,
	};
	for (size_t at = 0; at < HOP_LINES && transfer->resume.is_on && !is_errand; at++)
		spec.lines[at] = transfer->resume.lines[at];
	transfer->discarded = 0;
	transfer->is_stopped = false;
	transfer->is_answer = false;
	transfer->state = TRANSFER_RUNNING;
	if (!hop_start(&transfer->hop, transfer->network->multi, &spec, &err))
		transfer_fail(transfer, &err);
}

/* A token that the origin was seen to want, or the host's own secret for it. */
static enum credential_result
transfer_find_secret(struct transfer *transfer, const char **line, struct err *err)
{
	struct network *network = transfer->network;
	struct bytes origin = url_origin(&transfer->url);
	struct errand *errand = &transfer->errand;
	transfer->token = 0;
	if (errand->is_running)
		return credential_find_realm(
			network->config.credentials, origin, url_origin(&errand->url), line, err);
	if (!request_is_personal(&transfer->request))
		*line = errand->was_run ? tokens_find_asked(network->tokens, origin,
						  bytes_text(errand->url.text), &transfer->token)
					: tokens_find(network->tokens, origin,
						  url_path(&transfer->url), &transfer->token);
	if (*line)
		return CREDENTIAL_READY;
	return credential_find(network->config.credentials, origin, line, err);
}

void
transfer_go_on(struct transfer *transfer)
{
	struct err err = {0};
	const char *authorization = NULL;
	switch (transfer_find_secret(transfer, &authorization, &err)) {
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

void
transfer_retry(struct transfer *transfer, uint64_t milliseconds, const struct err *why)
{
	char then[96];
	transfer->tries++;
	(void)snprintf(then, sizeof then, "trying again in %.1f s (%u of %u)",
		(double)milliseconds / 1000, transfer->tries, transfer->network->config.retries);
	send_note(transfer, why, then);
	hop_release(&transfer->hop);
	struct err err = {0};
	if (transfer->head_sent) {
		resume_again(&transfer->resume);
		if (!transfer_aim(transfer, &err)) {
			transfer_fail(transfer, &err);
			return;
		}
	}
	transfer->state = TRANSFER_WAITING;
	transfer->retry = loop_after(transfer->network->loop, milliseconds, on_retry, transfer);
}

void
transfer_next_place(struct transfer *transfer, const struct err *why)
{
	send_note(transfer, why, "trying the next mirror");
	hop_release(&transfer->hop);
	transfer->place++;
	transfer->tries = 0;
	transfer->state = TRANSFER_READY;
	struct err err = {0};
	if (!transfer_aim(transfer, &err))
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
	errand_release(&transfer->errand);
	resume_release(&transfer->resume);
	places_release(&transfer->places);
	url_release(&transfer->url);
	request_release(&transfer->request);
	free(transfer);
}
