/* SPDX-License-Identifier: MPL-2.0 */
#include <string.h>

#include "base/must.h"
#include "network/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is sent on is one head: one blank line, at its end, and no line of the proxy's. */
static void
check(struct bytes head)
{
	must(head.size > 4 && memcmp(head.data + head.size - 4, "\r\n\r\n", 4) == 0,
		"a head ends with a blank line");
	must(memmem(head.data, head.size - 1, "\r\n\r\n", 4) == NULL, "there is one blank line");
	must(memmem(head.data, head.size, "\r\nConnection: close\r\n", 21) != NULL,
		"one connection is one request");
	must(memchr(head.data, 0, head.size) == NULL, "no byte is hidden");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ask ask;
	struct err err = {0};
	switch (ask_parse(bytes_of(data, size), &ask, &err)) {
	case ASK_MORE:
		must(size < ASK_LIMIT, "a head has a ceiling");
		break;
	case ASK_READY:
		must(ask.size > 0 && ask.size <= size && ask.size <= ASK_LIMIT,
			"it is in the text");
		must(ask.url.tls == ask.is_tunnel, "a tunnel is named as https");
		if (ask.is_tunnel)
			must(bytes_equal_text(url_path(&ask.url), "/"), "a tunnel has no path");
		else
			check(buf_bytes(&ask.head));
		ask_release(&ask);
		break;
	case ASK_BAD:
		must(err.kind != ERR_NONE, "a refusal has a reason");
		break;
	}
	return 0;
}
