/* SPDX-License-Identifier: MPL-2.0 */
/*
 * resume: a body that broke off, and went on where it stood.
 *
 *     resume_begin(&resume, &response, is_verified);      when the first head is passed on
 *     resume.taken += data.size;                          for each piece passed on
 *     if (resume_may(&resume)) resume_again(&resume);     it broke off: before the next request
 *     ... resume.lines[0], resume.lines[1] ...            of its head
 *     if (!resume_check(&resume, &response, err)) ...     the new head; then resume.skip bytes of the
 *                                                         body are those that are there already
 *     resume_release(&resume);
 *
 * It is safe where the bytes are the same: the server gave a strong ETag, or whoever reads the body
 * knows its checksum (`is_verified`). A server that sends all of it again is believed on the same
 * terms.
 */
#pragma once

#include "network/response.h"

struct resume {
	bool has_begun, is_verified, is_on, is_checked, has_total;
	uint64_t total, taken, skip;
	uint64_t stood; /* `taken` when it was last asked for */
	struct buf tag;
	char range[48];
	char condition[RESPONSE_TAG + 16];
	const char *lines[2]; /* NULL where there is none */
};

void resume_begin(struct resume *resume, const struct response *response, bool is_verified);
bool resume_may(const struct resume *resume);
/* Whether more than a little came since the last time. */
bool resume_moved(const struct resume *resume);
void resume_again(struct resume *resume);
MUST_CHECK bool resume_check(
	struct resume *resume, const struct response *response, struct err *err);
void resume_release(struct resume *resume);
