/* SPDX-License-Identifier: MPL-2.0 */
/*
 * transfer: one request of a guest from start to end: the places that may answer it (the origin, or
 * its mirrors), redirects hop by hop, retries, and the body into its pipe.
 *
 *     struct transfer *transfer = transfer_new(network, &request);       takes the request
 *     transfer_go_on(transfer);        whenever it is ready and a slot is free
 *     transfer_hop_done(transfer, code);
 *     transfer_free(transfer);         once it is done, or cancelled
 *
 * It sends REACHED, HEAD, NOTE and END itself. A response's head is sent with the first byte of its
 * body, so until then a failure can be tried again: `retries` times at each place, after a pause
 * that doubles, or that Retry-After asks for (RETRY_AFTER_MOST seconds at most; a longer one is the
 * answer). Statuses 408, 429, 500, 502, 503 and 504 count as failures while tries are left; at a
 * mirror that is not the last, any status from 400 on means the next one.
 *
 * Redirects are 301, 302, 307 and 308, and 303 for what is no POST: REDIRECT_MOST in all. From TLS
 * to none only where this host's configuration names the new origin.
 */
#pragma once

#include "network/hop.h"
#include "network/network.h"
#include "network/request.h"

enum { REDIRECT_MOST = 10, RETRY_AFTER_MOST = 60 };

struct transfer;

struct transfer *transfer_new(struct network *network, struct request *request);
void transfer_free(struct transfer *transfer);

uint32_t transfer_id(const struct transfer *transfer);
/* END was sent. */
bool transfer_is_done(const struct transfer *transfer);
/* It reads from a connection, or waits for one to answer. */
bool transfer_is_running(const struct transfer *transfer);
/* It would go on, had it a slot. */
bool transfer_is_ready(const struct transfer *transfer);
void transfer_go_on(struct transfer *transfer);
void transfer_pause(struct transfer *transfer, bool pause);
/* After anything happened, outside of libcurl's functions: stops reading the connection, or goes on,
 * as the pipe and the realizer say; sends END once the pipe has taken all. */
void transfer_settle(struct transfer *transfer);
void transfer_hop_done(struct transfer *transfer, CURLcode code);
/* A credential that it may have waited for is there, or is not to be had. */
void transfer_credential_changed(struct transfer *transfer);
