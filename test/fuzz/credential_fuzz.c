/* SPDX-License-Identifier: MPL-2.0 */
/* The first byte says what becomes of the secret, the rest is what a command said: it becomes one line of a head, or is refused
 * without a word of it. */
#include "network/credential.h"

#include <stdlib.h>

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *header, const char *name, struct bytes text)
{
	struct bytes line = bytes_text(header);
	must(bytes_has_prefix(line, bytes_text(name)) &&
			strncmp(header + strlen(name), ": ", 2) == 0,
		"a header has its name");
	must(line.size < 64 + 2 * CREDENTIAL_LIMIT, "a header has a ceiling");
	for (size_t at = 0; at < line.size; at++)
		must(line.data[at] >= 0x20 && line.data[at] < 0x7f, "a header is one line");
	must(text.size && text.data[0] != '\n', "nothing is no secret");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { USES = 4, SHOWN = 48 };
	struct err err = {0};
	char *header = NULL;
	if (!size)
		return 0;
	enum credential_use use = (enum credential_use)(data[0] % USES);
	struct bytes text = bytes_of(data + 1, size - 1);
	const char *name = use == CREDENTIAL_HEADER ? "X-Name" : "Authorization";
	if (credential_header(
		    use, use == CREDENTIAL_BASIC ? "user" : "X-Name", text, &header, &err)) {
		check(header, name, text);
	} else {
		must(err.kind == ERR_REFUSED || err.kind == ERR_LIMIT, "a refusal has a reason");
		must(!header, "what is refused becomes nothing");
		/* No sentence of ours is that long. */
		must(text.size < SHOWN || !memmem(err.text, strlen(err.text), text.data, SHOWN),
			"a secret is not told");
	}
	free(header);
	return 0;
}
