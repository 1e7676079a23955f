/* SPDX-License-Identifier: MPL-2.0 */
/*
 * errand: the request for a token, which a transfer makes on its way to the answer (challenge.h).
 *
 *     if (!errand_begin(&errand, &response, err)) ...      from the challenge: sets `url`
 *     errand.is_running = true;                            while its hop is the transfer's
 *     hop_flow = errand_take(&errand, data);
 *     if (!errand_finish(&errand, &response, &header, &seconds, err)) ...
 *     errand_reset(&errand);                               the transfer goes to another place
 *     errand_release(&errand);
 *
 * It carries nothing of the guest's request, and its answer goes to nobody. One a place: a server
 * that wants another token for the one that it was shown gives its 401 as the answer.
 */
#pragma once

#include "network/hop.h"

struct errand {
	bool is_running, was_run;
	struct url url;
	struct request request;
	struct buf body;
};

MUST_CHECK bool errand_begin(
	struct errand *errand, const struct response *response, struct err *err);
enum hop_flow errand_take(struct errand *errand, struct bytes data);
MUST_CHECK bool errand_finish(struct errand *errand, const struct response *response,
	struct buf *header, uint64_t *seconds, struct err *err);
void errand_reset(struct errand *errand);
void errand_release(struct errand *errand);
