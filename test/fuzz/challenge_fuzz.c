/* SPDX-License-Identifier: MPL-2.0 */
#include "base/must.h"
#include "network/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What goes into a URL or a head is printable and whole, whatever the servers said. */
static void
check(struct bytes text, bool may_space)
{
	for (size_t at = 0; at < text.size; at++)
		must(text.data[at] > (may_space ? 0x1f : 0x20) && text.data[at] < 0x7f,
			"it is printable");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenge challenge;
	struct bytes text = bytes_of(data, size);
	if (challenge_parse(text, &challenge)) {
		cleanup_buf struct buf url = BUF(1 << 20);
		must(challenge.realm.size <= CHALLENGE_LIMIT && challenge.realm.size > 0,
			"a challenge has a realm");
		challenge_url(&challenge, &url);
		must(!url.over, "a URL has a ceiling");
		check(bytes_from(buf_bytes(&url), challenge.realm.size), false);
		challenge_release(&challenge);
	}
	cleanup_buf struct buf header = BUF(TOKEN_ANSWER);
	struct err err;
	uint64_t seconds;
	if (token_parse(text, &header, &seconds, &err)) {
		must(seconds > 0 && header.size <= TOKEN_LIMIT + 64, "a token has ceilings");
		check(buf_bytes(&header), true);
	}
	return 0;
}
