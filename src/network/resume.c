/* SPDX-License-Identifier: MPL-2.0 */
#include "network/resume.h"

#include <stdio.h>

enum { LITTLE = 64 << 10 };

void
resume_begin(struct resume *resume, const struct response *response, bool is_verified)
{
	*resume = (struct resume){
		.has_begun = response->status == 200,
		.is_verified = is_verified,
		.has_total = response->has_length,
		.total = response->length,
		.tag = BUF(RESPONSE_TAG),
	};
	buf_add(&resume->tag, buf_bytes(&response->tag));
}

bool
resume_may(const struct resume *resume)
{
	return resume->has_begun && (resume->is_verified || resume->tag.size);
}

bool
resume_moved(const struct resume *resume)
{
	return resume->taken - resume->stood >= LITTLE;
}

void
resume_again(struct resume *resume)
{
	resume->is_on = true;
	resume->is_checked = false;
	resume->stood = resume->taken;
	(void)snprintf(resume->range, sizeof resume->range, "Range: bytes=%llu-",
		(unsigned long long)resume->taken);
	resume->lines[0] = resume->taken ? resume->range : NULL;
	resume->lines[1] = NULL;
	if (resume->taken && resume->tag.size) {
		(void)snprintf(resume->condition, sizeof resume->condition, "If-Range: %.*s",
			BYTES_ARGS(buf_bytes(&resume->tag)));
		resume->lines[1] = resume->condition;
	}
}

bool
resume_check(struct resume *resume, const struct response *response, struct err *err)
{
	bool is_part = response->status == 206;
	uint64_t total = is_part ? response->range_total : response->length;
	bool has_total = is_part ? response->has_range : response->has_length;
	if (!is_part && response->status != 200)
		return err_set(err, ERR_CORRUPT,
			"the body broke off, and the rest was answered with status %u",
			response->status);
	if (is_part && (!response->has_range || response->range_first != resume->taken))
		return err_set(err, ERR_CORRUPT,
			"the body broke off, and another part came than the one asked for");
	bool same_tag = bytes_equal(buf_bytes(&resume->tag), buf_bytes(&response->tag));
	/* A part may come without a tag: its condition was If-Range. */
	bool tag_fits = same_tag || (is_part && !response->tag.size) || resume->is_verified;
	if (!tag_fits || (resume->has_total && has_total && total != resume->total))
		return err_set(err, ERR_CORRUPT,
			"the body broke off, and what the server has there now is another");
	resume->skip = is_part ? 0 : resume->taken;
	resume->is_checked = true;
	return true;
}

void
resume_release(struct resume *resume)
{
	buf_release(&resume->tag);
}
